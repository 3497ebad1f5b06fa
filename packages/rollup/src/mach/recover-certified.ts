import type { Engine, ExecutionPayload, PayloadStatus } from "@altlayer/engine";
import type { MachService } from "@altlayer/mach";
import type { Core } from "@altlayer/protocol";
import { fetchBranch } from "../derivation/fetch-branch.ts";
import type { Logger } from "../log.ts";

/**
 * Brings the highest certified block, with those below it, to a sequencer that starts: it must not build beside them
 * (docs/spec/mach.md, section 8). Each block is bound by the hash that the certificate or its child names.
 * @returns false if the certified block is not there afterwards
 */
export async function recoverCertified(
  options: {
    readonly timeoutMs: number;
    /** Nothing is known without the word of one peer at least. */
    readonly needsPeer: boolean;
  },
  dependencies: {
    readonly engine: Engine;
    readonly service: Pick<MachService, "catchUp" | "certificate">;
    /** Whether the newest settled epoch's operator table is known. */
    readonly hasTable: () => boolean;
    /** Whether the L1 has dropped that core's origin. */
    readonly isReplaced: (core: Core) => boolean;
    /** A block by its number, from a peer; `null` if none has it. */
    readonly request: (number: number) => Promise<ExecutionPayload | null>;
    readonly insert: (payload: ExecutionPayload) => Promise<PayloadStatus>;
    readonly log: Logger;
  },
): Promise<boolean> {
  const { engine, service, request, insert, log } = dependencies;
  const peers = await service.catchUp(options.timeoutMs);
  // Certificates are checked by their epoch's table: until that is read, none counts.
  if (options.needsPeer && (peers === 0 || !dependencies.hasTable())) {
    log.debug("what is certified is not known yet", { peers });
    return false;
  }
  const core = service.certificate("latest")?.certificate.message.core;
  if (!core || core.height <= engine.heads().safe.number || dependencies.isReplaced(core)) return true;
  if ((await engine.payloadByNumber(core.height, { brief: true }))?.blockHash === core.blockHash) return true;
  const { height, blockHash } = core;
  log.warn("the highest certified block is not in the own chain: fetching it", { height, blockHash, peers });
  const missing = await fetchBranch(
    { number: height, hash: blockHash },
    { engine, request, onMissing: (block) => log.error("no peer gave a certified block", block) },
  );
  if (!missing) return false;
  for (const payload of missing) {
    const { status } = await insert(payload);
    if (status === "VALID") continue;
    log.error("a certified block does not fit the own chain", { number: Number(payload.blockNumber), status });
    return false;
  }
  const standing = await engine.payloadByNumber(height, { brief: true });
  return standing?.blockHash === blockHash;
}
