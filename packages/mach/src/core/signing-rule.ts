import {
  type Base,
  BLOCK,
  type Core,
  compatibleAtHeight,
  epochOf,
  type Hex,
  type Message,
  messageFault,
  sameBase,
  ZERO_HASH,
} from "@altlayer/protocol";
import type { Obstacle, OperatorState } from "./operator-state.ts";
import type { Executed, Mark, OperatorConfig } from "./types.ts";

export interface Question {
  readonly message: Message;
  readonly candidate: Executed;
  readonly state: OperatorState;
  readonly config: OperatorConfig;
}

export interface SigningRule {
  readonly obstacle: Obstacle;
  /** Whether it may go away: by the clock, or by what is learnt of the L1. A candidate behind another is dropped. */
  readonly passing?: true;
  readonly holds: (question: Question) => boolean;
}

/** S3 to S8. S1 and S2 are what makes a candidate, S9 is the order of effects in operator.ts. */
export const SIGNING_RULES: readonly SigningRule[] = [
  { obstacle: "MALFORMED", holds: ({ message, config }) => messageFault(message, config.schedule) === null },
  // S7. A tip that the candidate's base does not release stays unreleased for this candidate: its base is fixed.
  {
    obstacle: "NOT_AHEAD_OF_TIP",
    holds: ({ message, state }) => isReleased(state.tip, message.base) || isAhead(message, state.tip as Message),
  },
  {
    obstacle: "CONTRADICTS_TIP",
    holds: ({ message, candidate, state }) =>
      isReleased(state.tip, message.base) || agrees(message, candidate, state.tip as Message, state),
  },
  // S4.
  {
    obstacle: "BASE_MOVES_BACK",
    holds: ({ message, state }) => state.tip === null || movesOn(message.base, state.tip.base),
  },
  // S3. That the base is the own derivation's is how it came into the state.
  {
    obstacle: "OFF_BASE",
    holds: ({ message: { core, base }, state }) => {
      const first = core.height === base.height + 1 ? core : ancestorAt(state, core.parentHash, base.height + 1)?.core;
      return first?.parentHash === base.blockHash;
    },
  },
  // S8.
  {
    obstacle: "QUARANTINE",
    holds: ({ message, state }) => state.quarantineHeight === null || message.base.height >= state.quarantineHeight,
  },
  // S5.
  {
    obstacle: "ORIGIN_NOT_CANONICAL",
    passing: true,
    holds: ({ message: { core }, state }) => state.l1.get(core.originNumber) === core.originHash,
  },
  {
    obstacle: "ORIGIN_SHALLOW",
    passing: true,
    holds: ({ message: { core }, state, config }) => state.l1Head - core.originNumber >= config.originDepth,
  },
  // S6.
  {
    obstacle: "AHEAD_OF_CLOCK",
    passing: true,
    holds: ({ message: { core }, state, config }) =>
      core.timestamp * 1000 <= state.nowMs + config.maxAheadSeconds * 1000,
  },
];

/** The message that signing the candidate would mean: `null` while its epoch's base is not known. */
export function messageOf(candidate: Executed, state: OperatorState, config: OperatorConfig): Message | null {
  const base = state.bases.get(epochOf(candidate.core.originNumber, config.schedule));
  return base === undefined ? null : { kind: candidate.kind, core: candidate.core, base };
}

/** S7: nothing but a base releases a tip. */
export function isReleased(tip: Message | null, base: Base): boolean {
  return tip === null || tip.core.height <= base.height;
}

/** Whether the message is further than the tip: what an operator signs always is. */
export function isAhead(message: Message, tip: Message): boolean {
  if (message.core.height !== tip.core.height) return message.core.height > tip.core.height;
  if (tip.kind === BLOCK) return false;
  return message.kind === BLOCK || message.core.transactionCount > tip.core.transactionCount;
}

export function movesOn(base: Base, before: Base): boolean {
  return sameBase(base, before) || (base.epoch > before.epoch && base.height >= before.height);
}

/** Compatible with a tip that is not higher. A root at a count that is no mark is not known, hence not shown to agree. */
function agrees(message: Message, candidate: Executed, tip: Message, state: OperatorState): boolean {
  if (message.core.height === tip.core.height) {
    return compatibleAtHeight(message, tip, (_, count) => rootAt(candidate.marks, count));
  }
  const below = ancestorAt(state, message.core.parentHash, tip.core.height);
  if (below === undefined) return false;
  const known = (of: Core, count: number) => (of === below.core ? rootAt(below.marks, count) : ZERO_HASH);
  return compatibleAtHeight({ kind: BLOCK, core: below.core }, tip, known);
}

function rootAt(marks: readonly Mark[], count: number): Hex {
  return marks.find((mark) => mark.count === count)?.root ?? ZERO_HASH;
}

/** The block at `height` on the chain that ends with the block `hash`. */
function ancestorAt(state: OperatorState, hash: Hex, height: number): Executed | undefined {
  let block = state.blocks.get(hash);
  while (block !== undefined && block.core.height > height) block = state.blocks.get(block.core.parentHash);
  return block?.core.height === height ? block : undefined;
}
