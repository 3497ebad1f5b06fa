import { BLOCK, type EpochSchedule, type Hex, isQuorum, type Message, messageFault } from "@altlayer/protocol";
import type { WeightTable } from "./types.ts";

/** docs/spec/mach.md, section 8. Shells compute the digest of what arrives, and authenticate who sent it. */
export type AggregatorInput =
  | { readonly type: "table"; readonly table: WeightTable }
  | {
      readonly type: "share";
      readonly from: number;
      readonly digest: Hex;
      readonly message: Message;
      readonly signature: Hex;
    }
  /** The answer to "verify": the indices whose signatures are wrong. */
  | { readonly type: "verified"; readonly digest: Hex; readonly invalid: readonly number[] }
  /** Late signatures are gathered and added with the clock, a slice's only if they still say something. */
  | { readonly type: "tick" }
  /** A base reached the height: certificates at or below it are of no use any more. */
  | { readonly type: "settled"; readonly height: number };

export interface SignerShare {
  readonly index: number;
  readonly signature: Hex;
}

export type Rejection =
  | "MALFORMED"
  | "NO_TABLE"
  | "NOT_A_MEMBER"
  | "SETTLED"
  | "DUPLICATE"
  | "SIGNED_WRONGLY"
  /** The oldest of too many shares without certificate made room for a newer one of the same operator. */
  | "DISPLACED";

export type AggregatorEffect =
  /** Check the sum of these signatures, and bisect if it is wrong. One at a time for a digest. */
  | { readonly type: "verify"; readonly digest: Hex; readonly shares: readonly SignerShare[] }
  /** A quorum, or the same certificate with more signers. Ascending indices. */
  | {
      readonly type: "certificate";
      readonly digest: Hex;
      readonly message: Message;
      readonly shares: readonly SignerShare[];
    }
  /** Told to the sender; its link is dropped for `SIGNED_WRONGLY` and `MALFORMED`. */
  | { readonly type: "reject"; readonly from: number; readonly digest: Hex; readonly reason: Rejection };

export interface Pool {
  readonly message: Message;
  readonly valid: ReadonlyMap<number, Hex>;
  readonly unchecked: ReadonlyMap<number, Hex>;
  /** Out for verification. */
  readonly checking: ReadonlyMap<number, Hex>;
  readonly wrong: ReadonlySet<number>;
  /** Signers of the last certificate. */
  readonly certified: number;
  /** Ticks for which late signatures of a slice have waited. */
  readonly lateTicks: number;
}

export interface AggregatorState {
  readonly tables: ReadonlyMap<number, WeightTable>;
  readonly pools: ReadonlyMap<Hex, Pool>;
  readonly settledHeight: number;
}

export interface AggregatorConfig {
  readonly schedule: EpochSchedule;
  /** Digests without certificate that one operator may have shares in; more displace the oldest. */
  readonly openPerOperator: number;
  readonly tables: number;
  /** So long late signatures of a slice wait for their signers' on the block, which makes them superfluous. */
  readonly lateTicks: number;
}

export const AGGREGATOR_LIMITS = { openPerOperator: 32, tables: 16, lateTicks: 16 } as const;

export interface AggregatorStep {
  readonly state: AggregatorState;
  readonly effects: readonly AggregatorEffect[];
}

export const EMPTY_AGGREGATOR: AggregatorState = { tables: new Map(), pools: new Map(), settledHeight: -1 };

export function stepAggregator(
  state: AggregatorState,
  input: AggregatorInput,
  config: AggregatorConfig,
): AggregatorStep {
  switch (input.type) {
    case "table": {
      const tables = new Map([...state.tables, [input.table.epoch, input.table] as const].sort(([a], [b]) => a - b));
      for (const epoch of tables.keys()) {
        if (tables.size <= config.tables) break;
        tables.delete(epoch);
      }
      return { state: { ...state, tables }, effects: [] };
    }
    case "share":
      return withShare(state, input, config);
    case "verified":
      return withVerified(state, input.digest, new Set(input.invalid));
    case "tick": {
      const certified = [...state.pools].filter(([, pool]) => pool.certified > 0 && pool.unchecked.size > 0);
      const signed = certified.length > 0 ? highestSigned(state) : new Map<number, number>();
      return certified.reduce<AggregatorStep>(
        (step, [digest, pool]) =>
          pool.message.kind === BLOCK
            ? verify(step, digest, pool)
            : withLate(step, { digest, pool }, { signed, ...config }),
        { state, effects: [] },
      );
    }
    case "settled": {
      const pools = new Map([...state.pools].filter(([, { message }]) => message.core.height > input.height));
      return { state: { ...state, pools, settledHeight: Math.max(state.settledHeight, input.height) }, effects: [] };
    }
  }
}

function withShare(
  state: AggregatorState,
  input: Extract<AggregatorInput, { type: "share" }>,
  config: AggregatorConfig,
): AggregatorStep {
  const { from, digest, message, signature } = input;
  const reason = rejection(state, input, config);
  if (reason !== null) return { state, effects: [{ type: "reject", from, digest, reason }] };
  const room = state.pools.get(digest)?.certified ? { state, effects: [] } : displaceOldest(state, from, config);
  const before = room.state.pools.get(digest) ?? emptyPool(message);
  const pool: Pool = { ...before, unchecked: new Map(before.unchecked).set(from, signature) };
  const step: AggregatorStep = { state: withPool(room.state, digest, pool), effects: room.effects };
  // After the threshold, late signatures wait for the clock: one check for many.
  const enough = isQuorum(
    weigh(state, message, [...pool.valid.keys(), ...pool.unchecked.keys()]),
    totalOf(state, message),
  );
  return pool.certified === 0 && enough ? verify(step, digest, pool) : step;
}

function rejection(
  state: AggregatorState,
  { from, digest, message }: Extract<AggregatorInput, { type: "share" }>,
  config: AggregatorConfig,
): Rejection | null {
  if (messageFault(message, config.schedule) !== null) return "MALFORMED";
  if (message.core.height <= state.settledHeight) return "SETTLED";
  const table = state.tables.get(message.base.epoch);
  if (table === undefined) return "NO_TABLE";
  if (!table.weights.has(from)) return "NOT_A_MEMBER";
  const pool = state.pools.get(digest);
  if (pool?.wrong.has(from)) return "SIGNED_WRONGLY";
  if (pool !== undefined && holds(pool, from)) return "DUPLICATE";
  return null;
}

/** Bounds all memory, and lets nobody displace what others sent. */
function displaceOldest(state: AggregatorState, from: number, config: AggregatorConfig): AggregatorStep {
  const open = [...state.pools].filter(([, pool]) => pool.certified === 0 && holds(pool, from));
  const [oldest] = open;
  if (oldest === undefined || open.length < config.openPerOperator) return { state, effects: [] };
  const [digest, pool] = oldest;
  const without = (shares: ReadonlyMap<number, Hex>) => new Map([...shares].filter(([index]) => index !== from));
  const rest: Pool = {
    ...pool,
    valid: without(pool.valid),
    unchecked: without(pool.unchecked),
    checking: without(pool.checking),
  };
  const pools = new Map(state.pools).set(digest, rest);
  if (rest.valid.size + rest.unchecked.size + rest.checking.size === 0) pools.delete(digest);
  return { state: { ...state, pools }, effects: [{ type: "reject", from, digest, reason: "DISPLACED" }] };
}

function withVerified(state: AggregatorState, digest: Hex, invalid: ReadonlySet<number>): AggregatorStep {
  const before = state.pools.get(digest);
  if (before === undefined) return { state, effects: [] };
  const right = [...before.checking].filter(([index]) => !invalid.has(index));
  const wrong = [...before.checking.keys()].filter((index) => invalid.has(index));
  const pool: Pool = {
    ...before,
    checking: new Map(),
    valid: new Map([...before.valid, ...right]),
    wrong: new Set([...before.wrong, ...wrong]),
  };
  const effects: AggregatorEffect[] = wrong.map((from) => ({ type: "reject", from, digest, reason: "SIGNED_WRONGLY" }));
  const step: AggregatorStep = { state: withPool(state, digest, pool), effects };
  const signers = [...pool.valid.keys()];
  if (!isQuorum(weigh(state, pool.message, signers), totalOf(state, pool.message))) {
    // The wrong ones may have hidden that those who wait are still enough.
    const all = [...signers, ...pool.unchecked.keys()];
    return isQuorum(weigh(state, pool.message, all), totalOf(state, pool.message)) ? verify(step, digest, pool) : step;
  }
  if (pool.valid.size <= pool.certified) return step;
  const shares = [...pool.valid].map(([index, signature]) => ({ index, signature })).sort((a, b) => a.index - b.index);
  return {
    state: withPool(step.state, digest, { ...pool, certified: pool.valid.size }),
    effects: [...effects, { type: "certificate", digest, message: pool.message, shares }],
  };
}

/** By operator, the height of the highest certified block that it signed. */
function highestSigned({ pools }: AggregatorState): ReadonlyMap<number, number> {
  const highest = new Map<number, number>();
  for (const { message, valid, certified } of pools.values()) {
    if (message.kind !== BLOCK || certified === 0) continue;
    for (const index of valid.keys()) highest.set(index, Math.max(highest.get(index) ?? 0, message.core.height));
  }
  return highest;
}

/**
 * Late signatures of a slice. Who signed its block says more with that, and of both there are certificates, which convict
 * more than it should they contradict each other. The others' are checked: one may be all that shows what its signer did.
 */
function withLate(
  step: AggregatorStep,
  { digest, pool: before }: { readonly digest: Hex; readonly pool: Pool },
  { signed, lateTicks }: { readonly signed: ReadonlyMap<number, number>; readonly lateTicks: number },
): AggregatorStep {
  const { height } = before.message.core;
  const unchecked = new Map([...before.unchecked].filter(([index]) => (signed.get(index) ?? -1) < height));
  const pool: Pool = { ...before, unchecked, lateTicks: before.lateTicks + 1 };
  const next = { ...step, state: withPool(step.state, digest, pool) };
  return pool.lateTicks < lateTicks ? next : verify(next, digest, pool);
}

function verify({ state, effects }: AggregatorStep, digest: Hex, pool: Pool): AggregatorStep {
  if (pool.unchecked.size === 0 || pool.checking.size > 0) return { state, effects };
  const shares = [...pool.unchecked]
    .map(([index, signature]) => ({ index, signature }))
    .sort((a, b) => a.index - b.index);
  return {
    state: withPool(state, digest, { ...pool, checking: pool.unchecked, unchecked: new Map() }),
    effects: [...effects, { type: "verify", digest, shares }],
  };
}

function holds({ valid, unchecked, checking }: Pool, index: number): boolean {
  return valid.has(index) || unchecked.has(index) || checking.has(index);
}

function emptyPool(message: Message): Pool {
  return {
    message,
    valid: new Map(),
    unchecked: new Map(),
    checking: new Map(),
    wrong: new Set(),
    certified: 0,
    lateTicks: 0,
  };
}

function withPool(state: AggregatorState, digest: Hex, pool: Pool): AggregatorState {
  return { ...state, pools: new Map(state.pools).set(digest, pool) };
}

function totalOf(state: AggregatorState, message: Message): readonly bigint[] {
  return state.tables.get(message.base.epoch)?.total ?? [];
}

function weigh(state: AggregatorState, message: Message, indices: readonly number[]): bigint[] {
  const table = state.tables.get(message.base.epoch);
  if (table === undefined) return [];
  return table.total.map((_, i) => indices.reduce((sum, index) => sum + (table.weights.get(index)?.[i] ?? 0n), 0n));
}
