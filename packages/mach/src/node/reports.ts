import { bytesToHex, type Hex, hexToBytes, isQuorum, type MachDigests, type RewardsReport } from "@altlayer/protocol";
import { agreesWithCount, type CountedCertificate, participationReport } from "../core/participation.ts";
import type { CertificateStore } from "./certificates/certificate-store.ts";
import type { Frame } from "./links/wire.ts";
import type { Bn254Like, MachLog } from "./options.ts";
import type { EpochTable } from "./table/epoch-table.ts";

/** A report that operators of more than two thirds of the weight signed: what `MachRewards.submit` takes. */
export interface CertifiedReport {
  readonly report: RewardsReport;
  /** G1, 64 bytes. */
  readonly signature: Hex;
  /** G2, 128 bytes. */
  readonly aggregateKey: Hex;
  /** Indices in the table of the report's last epoch. */
  readonly signers: readonly number[];
}

export interface ReportsDependencies {
  readonly digests: MachDigests;
  readonly bn254: Bn254Like;
  readonly store: CertificateStore;
  readonly table: (epoch: number) => EpochTable | undefined;
  /** The own operator, if there is one. */
  readonly operator: { readonly address: Hex; readonly sign: (report: RewardsReport) => Promise<Hex> } | null;
  /** To all peers that speak for an operator. */
  readonly broadcast: (frame: Frame) => void;
  readonly count: (name: string) => void;
  readonly log: MachLog;
}

/** Endorsements of one report, while they are gathered. */
interface Gathering {
  readonly digest: Hex;
  readonly table: EpochTable;
  readonly signatures: Map<number, Hex>;
  readonly done: () => void;
}

/** Certifies who took part (docs/spec/mach.md, section 8, "Rewards"): counts, asks the operators, and answers others. */
export class Reports {
  readonly #d: ReportsDependencies;
  #gathering: Gathering | null = null;

  constructor(dependencies: ReportsDependencies) {
    this.#d = dependencies;
  }

  /** The own count; `null` while these epochs are not over, or nothing of them is held. */
  own(epochs: Pick<RewardsReport, "firstEpoch" | "lastEpoch">): RewardsReport | null {
    const latest = this.#d.store.find("latest");
    const isOver = latest !== null && latest.certificate.message.base.epoch > epochs.lastEpoch;
    return isOver ? participationReport(epochs, this.#certificates()) : null;
  }

  /**
   * Has the operators sign the own count, and adds their signatures up. One at a time.
   * @returns `null` where the epochs are not over, their last table is not known, or too few agreed in time
   */
  async gather(
    epochs: Pick<RewardsReport, "firstEpoch" | "lastEpoch">,
    timeoutMs: number,
  ): Promise<CertifiedReport | null> {
    const { digests, operator, broadcast } = this.#d;
    const report = this.own(epochs);
    const table = this.#d.table(epochs.lastEpoch);
    if (report === null || table === undefined || this.#gathering !== null) return null;
    const { promise, resolve: done } = Promise.withResolvers<void>();
    const digest = digests.report(report);
    const signatures = new Map<number, Hex>();
    const gathering: Gathering = { digest, table, signatures, done };
    this.#gathering = gathering;
    const timer = setTimeout(done, timeoutMs);
    try {
      broadcast({ type: "report", report });
      if (operator !== null) await this.#add(gathering, operator.address, await operator.sign(report));
      await promise;
    } finally {
      clearTimeout(timer);
      this.#gathering = null;
    }
    return isEnough(gathering) ? this.#certify(report, gathering) : null;
  }

  /** Another node asks for a signature. @returns the answer; `null` where there is none to give */
  async asked(report: RewardsReport): Promise<Frame | null> {
    const { digests, operator, count, log } = this.#d;
    const { firstEpoch, lastEpoch } = report;
    if (operator === null || this.#d.table(lastEpoch)?.indexOf(operator.address) === undefined) return null;
    const own = this.own({ firstEpoch, lastEpoch });
    if (own === null || !agreesWithCount(report, own)) {
      count("reports not signed");
      log.debug("report not signed", { firstEpoch, lastEpoch, reason: own === null ? "UNKNOWN" : "OTHER_COUNT" });
      return null;
    }
    count("reports signed");
    return { type: "endorsement", digest: digests.report(report), signature: await operator.sign(report) };
  }

  /** An operator signed. A signature that is wrong is no fault: it may be of an older question. */
  async endorsed(operator: Hex, { digest, signature }: { readonly digest: Hex; readonly signature: Hex }) {
    if (this.#gathering?.digest === digest) await this.#add(this.#gathering, operator, signature);
  }

  async #add(gathering: Gathering, operator: Hex, signature: Hex): Promise<void> {
    const { digest, table, signatures } = gathering;
    const index = table.indexOf(operator);
    if (index === undefined || signatures.has(index)) return;
    const wrong = await table.wrongSigners(hexToBytes(digest), [{ index, signature }]);
    if (wrong.length > 0) {
      this.#d.count("endorsements with a wrong signature");
      return;
    }
    signatures.set(index, signature);
    if (isEnough(gathering)) gathering.done();
  }

  #certify(report: RewardsReport, { table, signatures }: Gathering): CertifiedReport | null {
    const signers = [...signatures.keys()].sort((a, b) => a - b);
    const signature = this.#d.bn254.sumG1([...signatures.values()].map((each) => hexToBytes(each)));
    const aggregateKey = table.aggregateKeyOf(signers);
    if (signature === null || aggregateKey === null) return null;
    return { report, signature: bytesToHex(signature), aggregateKey: bytesToHex(aggregateKey), signers };
  }

  *#certificates(): Iterable<CountedCertificate> {
    for (const { certificate, table, void: mark } of this.#d.store.newest(0, Number.MAX_SAFE_INTEGER)) {
      if (mark !== null) continue;
      const { message } = certificate;
      yield { message, signers: certificate.signers.flatMap((index) => table.members.get(index)?.operator ?? []) };
    }
  }
}

function isEnough({ table, signatures }: Gathering): boolean {
  return isQuorum(table.signedWeight([...signatures.keys()]), table.header.total);
}
