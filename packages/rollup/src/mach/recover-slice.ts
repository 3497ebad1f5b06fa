import type { Engine, ResumedCandidate } from "@altlayer/engine";
import type { MachService } from "@altlayer/mach";
import { type Core, type Hex, SLICE, samePlace } from "@altlayer/protocol";
import type { Clock } from "../clock.ts";
import { describeError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { OpenBlock } from "../slices/open-block.ts";
import type { RollupMachChain } from "./chain.ts";

/** How long the own engine may take to tell the root of a slice that it has executed, and how often it is looked at. */
const OWN_ROOT_WAIT_MS = 2_000;
const LOOK_MS = 20;

export interface RecoverSliceDependencies {
  readonly engine: Engine;
  readonly service: Pick<MachService, "certificatesAt">;
  readonly chain: Pick<RollupMachChain, "opening" | "sliceAt" | "isReplaced">;
  /** Offers what each peer executed of the block on that parent, until one is taken. */
  readonly request: (
    parentHash: Hex,
    take: (block: OpenBlock) => Promise<ResumedCandidate | null>,
  ) => Promise<ResumedCandidate | null>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Brings a certified slice on the head to a sequencer that starts, as a half-built block to go on with: a block without its
 * transactions would contradict what operators signed (docs/spec/mach.md, section 4). The own journal is asked first;
 * without it, operators hold what they executed. It is executed here, and must be what is certified.
 * @returns `null`: no slice on the head is certified. "missing": one is, and nobody gave it
 */
export async function recoverSlice(d: RecoverSliceDependencies): Promise<ResumedCandidate | "missing" | null> {
  const { engine, log } = d;
  const { unsafe } = engine.heads();
  const core = d.service
    .certificatesAt(unsafe.number + 1)
    .filter((record) => record.void === null)
    .map(({ certificate }) => certificate.message)
    .filter((message) => message.kind === SLICE && message.core.parentHash === unsafe.hash)
    .map((message) => message.core)
    .findLast((each) => !d.chain.isReplaced(each));
  if (!core || !engine.slices) return null;
  const own = await engine.slices.resume();
  if (own && own.transactionCount >= core.transactionCount) return own;
  if (own) await engine.drop(own.candidate);
  const { height, transactionCount } = core;
  log.warn("a certified slice is not in the own journal: fetching its block", { height, transactionCount });
  const found = await d.request(unsafe.hash, (block) => rebuild(block, core, d));
  if (found === null) log.error("no peer gave the transactions of a certified slice", { height, transactionCount });
  return found ?? "missing";
}

/** Executes what a peer says; `null` if it is not what is certified. */
async function rebuild(
  { attributes, transactions }: OpenBlock,
  core: Core,
  d: RecoverSliceDependencies,
): Promise<ResumedCandidate | null> {
  const { engine, chain, log } = d;
  const { parentHash } = core;
  if (!engine.slices) return null;
  chain.opening(core.height, attributes);
  const opened = await engine.slices.open(parentHash, attributes, "journalled").catch((error: unknown) => {
    log.warn("a peer's block in the making cannot be opened", { error: describeError(error) });
    return null;
  });
  if (!opened) return null;
  const { candidate } = opened;
  const missing = core.transactionCount - opened.transactionCount;
  let block: ResumedCandidate = { ...opened, parentHash, attributes };
  const extend = async (part: readonly Hex[]) => {
    if (part.length > 0)
      block = { ...block, ...(await engine.extend(candidate, { kind: "transactions", transactions: part })) };
  };
  if (missing >= 0 && missing <= transactions.length) {
    await extend(transactions.slice(0, missing));
    if (await isCertified(core, d)) {
      // What was published beyond, nobody certified: it is kept as far as it can be.
      await extend(transactions.slice(missing));
      return block;
    }
  }
  log.warn("a peer's block in the making is not what is certified", { height: core.height });
  await engine.drop(candidate);
  return null;
}

/** Whether the own engine came to that slice; its root is told a moment after the slice is executed. */
async function isCertified(core: Core, { chain, clock }: RecoverSliceDependencies): Promise<boolean> {
  const endMs = clock.nowMs() + OWN_ROOT_WAIT_MS;
  for (;;) {
    const own = chain.sliceAt(core.parentHash, core.transactionCount);
    if (own) return samePlace(own, core) && own.transactionRoot === core.transactionRoot;
    if (clock.nowMs() >= endMs) return false;
    await clock.sleep(LOOK_MS);
  }
}
