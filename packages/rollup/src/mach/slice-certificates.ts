import type { CertificateRecord, MachService } from "@altlayer/mach";
import { BLOCK, type Core } from "@altlayer/protocol";
import { vouchers } from "./certificate-json.ts";

/** What is remembered of a slice's certificate. */
export interface SliceCertificate {
  readonly core: Core;
  readonly seenAtMs: number;
  readonly by: ReturnType<typeof vouchers>;
}

/** Heights that are remembered. */
const KEPT = 256;
/** Of one height; the first ones stand longest behind a transaction. */
const MAX_PER_HEIGHT = 64;

/** The certificates of slices, after their blocks' have displaced them: when a transaction was first certified, and by whom. */
export class SliceCertificates {
  readonly #heights = new Map<number, Map<number, SliceCertificate>>();
  readonly #stop: () => void;

  constructor(dependencies: { readonly service: Pick<MachService, "onCertificate"> }) {
    this.#stop = dependencies.service.onCertificate((record) => this.#add(record));
  }

  /** The first that covers the transaction, of those that agree with the chain. */
  covering(place: { height: number; transactionIndex: number }, agrees: (core: Core) => boolean) {
    const known = [...(this.#heights.get(place.height)?.values() ?? [])];
    const covers = known.filter(({ core }) => core.transactionCount > place.transactionIndex && agrees(core));
    return covers.reduce<SliceCertificate | null>((a, b) => (a === null || b.seenAtMs < a.seenAtMs ? b : a), null);
  }

  close(): void {
    this.#stop();
  }

  #add(record: CertificateRecord): void {
    const { kind, core } = record.certificate.message;
    if (kind === BLOCK) return;
    const at = this.#heights.get(core.height) ?? new Map<number, SliceCertificate>();
    if (at.size < MAX_PER_HEIGHT)
      at.set(core.transactionCount, { core, seenAtMs: record.seenAtMs, by: vouchers(record) });
    this.#heights.set(core.height, at);
    for (const oldest of this.#heights.keys()) {
      if (this.#heights.size <= KEPT) break;
      this.#heights.delete(oldest);
    }
  }
}
