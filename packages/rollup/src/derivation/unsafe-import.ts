import type { Engine, ExecutionPayload, Hex, PayloadStatus } from "@altlayer/engine";
import type { Logger } from "../log.ts";
import type { BranchBlock, CertifiedBranch } from "../mach/certified-branch.ts";
import type { Mutex } from "../mutex.ts";

export interface UnsafeImportDependencies {
  readonly engine: Engine;
  /** What certificates ask of fork choice; `null` without MACH, or before it runs. */
  readonly certified: () => Pick<CertifiedBranch, "required" | "mayExtend"> | null;
  /** Held by whoever changes the engine's heads. */
  readonly headLock: Mutex;
  readonly log: Logger;
}

/** Unsafe fork choice: which blocks of the sequencer become the head before the L1 has them. */
export class UnsafeImport {
  readonly #d: UnsafeImportDependencies;

  constructor(dependencies: UnsafeImportDependencies) {
    this.#d = dependencies;
  }

  /** Imports an unsafe block of the sequencer and makes it the head if it lies on the safe chain and leads. */
  insert(payload: ExecutionPayload): Promise<PayloadStatus> {
    return this.#d.headLock.run(async () => {
      const status = await this.#d.engine.newPayload(payload);
      if (status.status !== "VALID") return status;
      const { unsafe, safe } = this.#d.engine.heads();
      const number = Number(payload.blockNumber);
      if (
        number > unsafe.number &&
        number > safe.number &&
        (payload.parentHash === unsafe.hash || (await this.#descends(payload))) &&
        (await this.#isCertifiedBranch({ number, hash: payload.blockHash, parentHash: payload.parentHash }))
      ) {
        await this.#d.engine.setHeads({ unsafe: payload.blockHash });
      }
      return status;
    });
  }

  /** Makes a block of this engine the unsafe head if it stands on it. */
  extend({ blockHash: hash, parentHash }: { readonly blockHash: Hex; readonly parentHash: Hex }): Promise<void> {
    return this.#d.headLock.run(async () => {
      const { unsafe } = this.#d.engine.heads();
      if (unsafe.hash !== parentHash) return;
      if (!(await this.#isCertifiedBranch({ number: unsafe.number + 1, hash, parentHash }))) return;
      await this.#d.engine.setHeads({ unsafe: hash });
    });
  }

  /** Unsafe fork choice never drops what is certified for what is not (docs/spec/mach.md, section 8). */
  async #isCertifiedBranch(block: BranchBlock): Promise<boolean> {
    const may = (await this.#d.certified()?.mayExtend(block)) ?? true;
    if (!may) this.#d.log.warn("an unsafe block is not adopted: another is certified", { ...block });
    return may;
  }

  /** Whether it stands on the safe head, and on the highest certified block. */
  async #descends(payload: ExecutionPayload): Promise<boolean> {
    const { safe } = this.#d.engine.heads();
    const required = this.#d.certified()?.required ?? null;
    let number = Number(payload.blockNumber) - 1;
    let hash = payload.parentHash;
    while (number > safe.number) {
      if (number === required?.number && hash !== required.hash) {
        this.#d.log.warn("a branch is not adopted: it drops a certified block", { ...required });
        return false;
      }
      const parent = await this.#d.engine.payloadByHash(hash);
      if (!parent) return false;
      hash = parent.parentHash;
      number--;
    }
    return hash === safe.hash;
  }
}
