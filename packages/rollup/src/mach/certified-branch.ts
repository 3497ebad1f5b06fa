import type { Engine } from "@altlayer/engine";
import type { CertificateRecord, MachService } from "@altlayer/mach";
import { BLOCK, type Core, type Hex, type Keccak256, MountainRange } from "@altlayer/protocol";
import type { Clock } from "../clock.ts";

/** A sealed block, as much as fork choice asks. */
export interface BranchBlock {
  readonly number: number;
  readonly hash: Hex;
  readonly parentHash: Hex;
}

export interface CertifiedBranchDependencies {
  readonly engine: Engine;
  readonly service: Pick<MachService, "certificate" | "certificatesAt">;
  /** Whether that core is the own chain's. */
  readonly agrees: (core: Core) => boolean;
  /** Whether the L1 has dropped that core's origin: its certificate binds nobody any more. */
  readonly isReplaced: (core: Core) => boolean;
  readonly keccak256: Keccak256;
  readonly clock: Clock;
}

/**
 * What certificates ask of the node (docs/spec/mach.md, section 8): unsafe fork choice never drops a certified block or
 * slice for an uncertified one, and the batcher posts the certified branch. What the L1 derives is above all of it.
 */
export class CertifiedBranch {
  readonly #waitMs: number;
  readonly #d: CertifiedBranchDependencies;
  #head: CertificateRecord | null = null;

  constructor(
    /** T: how long the batcher waits for certificates. */
    options: { readonly waitMs: number },
    dependencies: CertifiedBranchDependencies,
  ) {
    this.#waitMs = options.waitMs;
    this.#d = dependencies;
  }

  /** The certificate of the highest certified block that the own chain has. */
  get head(): CertificateRecord | null {
    const { service, agrees } = this.#d;
    const latest = service.certificate("latest");
    if (latest && agrees(latest.certificate.message.core)) this.#head = latest;
    else if (this.#head) {
      const known = service.certificate({ digest: this.#head.digest });
      this.#head = known && known.void === null && agrees(known.certificate.message.core) ? known : null;
    }
    return this.#head;
  }

  /** The certified block that any branch must have to become the head; `null` where the L1 has settled that height. */
  get required(): { readonly number: number; readonly hash: Hex } | null {
    const core = this.head?.certificate.message.core;
    if (!core || core.height <= this.#d.engine.heads().safe.number) return null;
    return { number: core.height, hash: core.blockHash };
  }

  /** Whether a block may be laid on the head: no certificate of its height speaks of another, or of other slices. */
  async mayExtend(block: BranchBlock): Promise<boolean> {
    const { service, engine, keccak256 } = this.#d;
    const standing = service.certificatesAt(block.number).filter((record) => record.void === null);
    const messages = standing.map(({ certificate }) => certificate.message);
    const cores = messages.filter(({ core }) => !this.#d.isReplaced(core));
    const blocks = cores.filter(({ kind }) => kind === BLOCK);
    if (blocks.length > 0) return blocks.some(({ core }) => core.blockHash === block.hash);
    const slices = cores.filter(({ core }) => core.parentHash === block.parentHash);
    if (slices.length === 0) return true;
    const leaves = await engine.transactionLeaves(block.hash);
    if (!leaves) return false;
    const range = new MountainRange({ keccak256 });
    for (const leaf of leaves) range.append(leaf);
    return slices.some(
      ({ core }) => core.transactionCount <= range.size && range.root(core.transactionCount) === core.transactionRoot,
    );
  }

  /** Whether the batcher may post the own chain's block: it is certified, or certificates have not come in time. */
  mayPost(block: { readonly number: number; readonly timestamp: number }): boolean {
    if (block.number <= (this.head?.certificate.message.core.height ?? -1)) return true;
    const latest = this.#d.service.certificate("latest")?.certificate.message.core;
    // Another branch is certified: this one must not reach the L1.
    if (latest && this.#contradicts(latest)) return false;
    return this.#d.clock.nowMs() - block.timestamp * 1000 > this.#waitMs;
  }

  /** A certified block that the own chain has passed, and does not have. What is safe, the L1 has decided. */
  #contradicts(core: Core): boolean {
    const { unsafe, safe } = this.#d.engine.heads();
    const isOpen = core.height <= unsafe.number && core.height > safe.number;
    return isOpen && !this.#d.isReplaced(core) && !this.#d.agrees(core);
  }
}
