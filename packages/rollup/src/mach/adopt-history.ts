import type { Engine } from "@altlayer/engine";
import type { MachService } from "@altlayer/mach";
import { BLOCK, type Keccak256, rangeRoot } from "@altlayer/protocol";
import type { Logger } from "../log.ts";
import type { KnownHistory } from "./settled-history.ts";

/** Certificates that are looked at, from the finalised head down. */
const MAX_LOOKED_AT = 64;

/**
 * The history of a service up to a block that L1 data finalised, for a node whose chain does not reach back to its beginning:
 * peers tell it, and a certificate of the next block vouches for it by its history root. Of where it begins, which the root
 * does not bind at once, what most peers say counts; later certificates show it (`RollupMachChain.certified`).
 * @returns `null` while no such certificate is held, or no peer's answer fits it
 */
export async function adoptHistory(d: {
  readonly engine: Engine;
  readonly service: Pick<MachService, "certificatesAt">;
  /** Every peer's answer. */
  readonly request: (height: number) => Promise<readonly KnownHistory[]>;
  readonly keccak256: Keccak256;
  readonly log: Logger;
}): Promise<KnownHistory | null> {
  const { engine, service, request, keccak256, log } = d;
  const { finalized } = engine.heads();
  for (let height = finalized.number; height > Math.max(0, finalized.number - MAX_LOOKED_AT); height--) {
    const block = await engine.payloadByNumber(height, { brief: true });
    if (!block) return null;
    const certified = service
      .certificatesAt(height)
      .map(({ certificate }) => certificate.message)
      .find(({ kind, core }) => kind === BLOCK && core.blockHash === block.blockHash);
    if (!certified) continue;
    const { historyRoot, parentHash } = certified.core;
    const fitting = (await request(height - 1)).filter(({ first, last, peaks }) => {
      const size = last.height - first.height;
      const isOfBlock = last.height === height - 1 && last.hash === parentHash && size >= 0;
      return isOfBlock && peaks.length === bitsOf(size) && rangeRoot({ size, peaks }, keccak256) === historyRoot;
    });
    const known = mostCommon(fitting);
    if (known)
      log.info("history of the service taken from peers", { first: known.first.height, last: known.last.height });
    return known;
  }
  return null;
}

function mostCommon(answers: readonly KnownHistory[]): KnownHistory | null {
  const votes = (of: KnownHistory) => answers.filter(({ first }) => first.height === of.first.height).length;
  return answers.reduce<KnownHistory | null>((best, each) => (best && votes(best) >= votes(each) ? best : each), null);
}

function bitsOf(size: number): number {
  let bits = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return bits;
}
