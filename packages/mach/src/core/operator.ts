import { ALERT_REASONS, type Alert, type Base, BLOCK, type Hex, isQuorum, type Message } from "@altlayer/protocol";
import type { Candidate, Obstacle, OperatorState } from "./operator-state.ts";
import { isAhead, messageOf, type SigningRule } from "./signing-rule.ts";
import type { Executed, JournalRecord, OperatorConfig, Share, WeightTable } from "./types.ts";

/** What happens to an operator. Shells check signatures and derivations before they say so. */
export type OperatorInput =
  | { readonly type: "tick"; readonly nowMs: number }
  /** The engine executed a slice or block. Ancestors come before descendants. */
  | { readonly type: "executed"; readonly executed: Executed }
  /** An L1 block became canonical; whatever was known at its number and above is not any more. */
  | { readonly type: "l1Block"; readonly number: number; readonly hash: Hex }
  /** The own derivation reached the finalised block of an epoch. */
  | { readonly type: "base"; readonly base: Base }
  | { readonly type: "table"; readonly table: WeightTable }
  /** The record is on disk, synced. */
  | { readonly type: "journaled"; readonly record: JournalRecord }
  /** The signer's journal did not take the record: it holds what it held before, and the message is not signed. */
  | { readonly type: "refused"; readonly record: JournalRecord }
  /** A valid share of another operator. */
  | { readonly type: "share"; readonly from: number; readonly share: Share }
  /** Another operator starts, and asks for its own furthest share. */
  | { readonly type: "asked"; readonly from: number }
  /** The answer to the own question: the furthest share of ours that it saw, its signature valid. */
  | { readonly type: "answer"; readonly from: number; readonly share: Share | null }
  | { readonly type: "certified"; readonly message: Message }
  /** The engine refutes a block that the sequencer signed. */
  | { readonly type: "refuted"; readonly alert: Alert };

export type OperatorEffect =
  /** Append, sync, then say "journaled". */
  | { readonly type: "journal"; readonly record: JournalRecord }
  /** Sign and send. Comes only after "journaled". `again`: it was sent before, to few if it is a slice; now it goes to all. */
  | { readonly type: "sendShare"; readonly message: Message; readonly again: boolean }
  /** Ask all operators for the furthest share of this one. */
  | { readonly type: "ask" }
  | { readonly type: "answer"; readonly to: number; readonly share: Share | null }
  | { readonly type: "alert"; readonly alert: Alert }
  /** A backup was restored: nothing is signed until a base reaches the height. */
  | { readonly type: "quarantined"; readonly height: number }
  /** For log and metrics: why the candidate was not signed. Once per candidate and obstacle. */
  | { readonly type: "abstained"; readonly candidate: Executed; readonly obstacle: Obstacle };

export interface OperatorContext {
  readonly config: OperatorConfig;
  readonly rules: readonly SigningRule[];
}

export interface OperatorStep {
  readonly state: OperatorState;
  readonly effects: readonly OperatorEffect[];
}

/** A start with what the journal holds. `restored`: from a backup, as far as anybody knows. */
export function startOperator(
  journal: JournalRecord,
  { nowMs, restored }: { readonly nowMs: number; readonly restored: boolean },
  context: OperatorContext,
): OperatorStep {
  const state: OperatorState = {
    nowMs,
    tip: journal.tip,
    quarantineHeight: journal.quarantineHeight,
    answered: new Set(),
    writing: null,
    journaled: journal,
    lastSentMs: nowMs,
    certified: false,
    blocks: new Map(),
    candidates: [],
    bases: new Map(),
    l1: new Map(),
    l1Head: -1,
    table: null,
    furthest: new Map(),
    alerted: { block: -1, slice: -1 },
  };
  const asked: OperatorStep = { state, effects: [{ type: "ask" }] };
  return restored ? then(asked, (next) => quarantine(next, context.config)) : asked;
}

/** One step of an operator: pure. Effects are performed in order. */
export function stepOperator(state: OperatorState, input: OperatorInput, context: OperatorContext): OperatorStep {
  return then(take(state, input, context), (next) => decide(next, context));
}

function take(state: OperatorState, input: OperatorInput, { config }: OperatorContext): OperatorStep {
  switch (input.type) {
    case "tick":
      return resend({ ...state, nowMs: Math.max(state.nowMs, input.nowMs) }, config);
    case "executed":
      return only(withExecuted(state, input.executed, config));
    case "l1Block": {
      const l1 = new Map([...state.l1].filter(([number]) => number < input.number));
      return only({
        ...state,
        l1: capped(l1.set(input.number, input.hash), config.limits.l1Blocks),
        l1Head: input.number,
      });
    }
    case "base":
      return only(withBase(state, input.base, config));
    case "table":
      return only(
        state.table !== null && state.table.epoch > input.table.epoch ? state : { ...state, table: input.table },
      );
    case "journaled":
      return journaled(state, input.record);
    case "refused":
      return only(refused(state, input.record));
    case "share":
      return only(withShare(state, input.from, input.share, config));
    case "asked":
      return { state, effects: [{ type: "answer", to: input.from, share: state.furthest.get(input.from) ?? null }] };
    case "answer":
      return withAnswer(state, input.from, input.share, config);
    case "certified":
      return only(
        state.tip !== null && sameStatement(state.tip, input.message) ? { ...state, certified: true } : state,
      );
    case "refuted":
      return alerted(state, input.alert);
  }
}

/** Signs the furthest candidate that nothing stands against. */
function decide(before: OperatorState, { config, rules }: OperatorContext): OperatorStep {
  const state = heardEnough(before, config) ? { ...before, answered: null } : before;
  if (state.writing !== null || state.answered !== null) return only(state);
  const effects: OperatorEffect[] = [];
  let best: Message | null = null;
  const candidates: Candidate[] = [];
  for (const candidate of state.candidates) {
    const message = messageOf(candidate.executed, state, config);
    if (message === null) {
      candidates.push(candidate);
      continue;
    }
    const question = { message, candidate: candidate.executed, state, config };
    const broken = rules.find((rule) => !rule.holds(question));
    if (broken === undefined) {
      if (best === null || isAhead(message, best)) best = message;
      continue;
    }
    const { obstacle } = broken;
    if (obstacle !== candidate.obstacle) effects.push({ type: "abstained", candidate: candidate.executed, obstacle });
    if (broken.passing) candidates.push({ ...candidate, obstacle });
  }
  const judged = { ...state, candidates };
  if (best === null) return { state: judged, effects };
  const record: JournalRecord = { tip: best, quarantineHeight: null };
  return {
    state: { ...judged, tip: best, quarantineHeight: null, writing: record, certified: false },
    effects: [...effects, { type: "journal", record }],
  };
}

/** S9: only what is on disk is sent. */
function journaled(state: OperatorState, record: JournalRecord): OperatorStep {
  if (state.writing === null || record !== state.writing) return only(state);
  const sent = { ...state, writing: null, journaled: record, lastSentMs: state.nowMs };
  // A record of a quarantine holds an old tip, and sends nothing.
  if (record.tip === null || record.quarantineHeight !== null) return only({ ...sent, lastSentMs: state.lastSentMs });
  return { state: sent, effects: [{ type: "sendShare", message: record.tip, again: false }] };
}

/** Nothing was signed of it: the next candidate is judged by what the journal holds. */
function refused(state: OperatorState, record: JournalRecord): OperatorState {
  if (state.writing === null || record !== state.writing) return state;
  const { tip, quarantineHeight } = state.journaled;
  return { ...state, writing: null, tip, quarantineHeight };
}

/** A share may have been lost, or kept by those who got it: what was signed may always be sent again. */
function resend(state: OperatorState, config: OperatorConfig): OperatorStep {
  const due = state.nowMs - state.lastSentMs >= config.resendMs;
  if (!due) return only(state);
  const next = { ...state, lastSentMs: state.nowMs };
  if (state.answered !== null) return { state: next, effects: [{ type: "ask" }] };
  if (state.tip === null || state.writing !== null || state.certified || state.quarantineHeight !== null)
    return only(next);
  return { state: next, effects: [{ type: "sendShare", message: state.tip, again: true }] };
}

function withExecuted(state: OperatorState, executed: Executed, { limits }: OperatorConfig): OperatorState {
  const blocks =
    executed.kind === BLOCK && !state.blocks.has(executed.core.blockHash)
      ? capped(new Map(state.blocks).set(executed.core.blockHash, executed), limits.blocks)
      : state.blocks;
  if (!executed.sequenced) return { ...state, blocks };
  const others = state.candidates.filter((candidate) => !sameStatement(candidate.executed, executed));
  const candidates = [...others, { executed, obstacle: null }].slice(-limits.candidates);
  return { ...state, blocks, candidates };
}

function withBase(state: OperatorState, base: Base, { limits }: OperatorConfig): OperatorState {
  if (state.bases.has(base.epoch)) return state;
  const bases = capped(new Map([...state.bases, [base.epoch, base] as const].sort(([a], [b]) => a - b)), limits.bases);
  const oldest = bases.values().next().value as Base;
  const blocks = new Map([...state.blocks].filter(([, { core }]) => core.height >= oldest.height));
  const candidates = state.candidates.filter(({ executed }) => executed.core.height > oldest.height);
  return { ...state, bases, blocks, candidates };
}

function withShare(state: OperatorState, from: number, share: Share, { limits }: OperatorConfig): OperatorState {
  const before = state.furthest.get(from);
  if (before !== undefined && !isAhead(share.message, before.message)) return state;
  return { ...state, furthest: capped(new Map(state.furthest).set(from, share), limits.peers) };
}

/** S8: enough answers, none of which shows a signature that the journal forgot. */
function withAnswer(state: OperatorState, from: number, share: Share | null, config: OperatorConfig): OperatorStep {
  if (state.answered === null || from === config.index) return only(state);
  const heard = { ...state, answered: new Set(state.answered).add(from) };
  const forgotten = share !== null && (state.tip === null || isAhead(share.message, state.tip));
  return forgotten ? quarantine(heard, config, share.message.core.height) : only(heard);
}

/** Whether those who answered, and the operator itself, weigh more than two thirds. */
function heardEnough({ answered, table }: OperatorState, { index }: OperatorConfig): boolean {
  if (answered === null || table === null) return answered === null;
  const voices = [...answered, index];
  const heard = table.total.map((_, i) =>
    voices.reduce((sum, voice) => sum + (table.weights.get(voice)?.[i] ?? 0n), 0n),
  );
  return isQuorum(heard, table.total);
}

/** S6 bounds what was signed before: nothing of that height can be contradicted once a base has reached it. */
function quarantine(state: OperatorState, config: OperatorConfig, seenHeight = 0): OperatorStep {
  const seconds = state.nowMs / 1000 + config.maxAheadSeconds - config.genesis.timestamp;
  const reachable = config.genesis.height + Math.ceil(seconds / config.blockSeconds);
  const height = Math.max(reachable, seenHeight, state.quarantineHeight ?? 0);
  if (height === state.quarantineHeight) return only(state);
  const record: JournalRecord = { tip: state.tip, quarantineHeight: height };
  return {
    state: { ...state, quarantineHeight: height, writing: record },
    effects: [
      { type: "quarantined", height },
      { type: "journal", record },
    ],
  };
}

/** One alert a height about a block, and one about a slice; none about what this operator signed itself. */
function alerted(state: OperatorState, alert: Alert): OperatorStep {
  const signed = state.tip?.kind === BLOCK && state.tip.core.blockHash === alert.blockHash;
  const about = alert.reason === ALERT_REASONS.slice ? "slice" : "block";
  if (signed || alert.height <= state.alerted[about]) return only(state);
  const alerted = { ...state.alerted, [about]: alert.height };
  return { state: { ...state, alerted }, effects: [{ type: "alert", alert }] };
}

function sameStatement(a: Pick<Executed, "kind" | "core">, b: Pick<Executed, "kind" | "core">): boolean {
  return (
    a.kind === b.kind &&
    a.core.height === b.core.height &&
    a.core.blockHash === b.core.blockHash &&
    a.core.parentHash === b.core.parentHash &&
    a.core.attributesHash === b.core.attributesHash &&
    a.core.originHash === b.core.originHash &&
    a.core.transactionRoot === b.core.transactionRoot
  );
}

/** Maps keep the order of insertion: the oldest go. */
function capped<Key, Value>(map: Map<Key, Value>, limit: number): Map<Key, Value> {
  for (const key of map.keys()) {
    if (map.size <= limit) break;
    map.delete(key);
  }
  return map;
}

function only(state: OperatorState): OperatorStep {
  return { state, effects: [] };
}

function then(step: OperatorStep, next: (state: OperatorState) => OperatorStep): OperatorStep {
  const after = next(step.state);
  return { state: after.state, effects: [...step.effects, ...after.effects] };
}
