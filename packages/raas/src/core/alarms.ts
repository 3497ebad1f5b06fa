/**
 * When an alarm is raised and when it is cleared, from what is wrong at each look. Pure. An alarm that flaps is held
 * longer each time it comes back, so that a rollup on the edge costs a person a handful of messages, not hundreds.
 */

export type Severity = "warning" | "critical";

export interface AlarmKind {
  readonly severity: Severity;
  /** For everybody, the public status page included: no addresses, no amounts. */
  readonly title: string;
  /** Users notice: it counts against the uptime. */
  readonly outage: boolean;
  /** The team's own affair: not on the public page. */
  readonly confidential?: true;
  /** How long it must be wrong before anybody is called. */
  readonly raiseAfterMs: number;
}

const SOON_MS = 8_000;
const MINUTE_MS = 60_000;

const KINDS = {
  PLATFORM_DOWN: { severity: "critical", title: "The platform was down", outage: true, raiseAfterMs: 0 },
  ROLLUP_DOWN: { severity: "critical", title: "The rollup does not run", outage: true, raiseAfterMs: 20_000 },
  NODE_SILENT: { severity: "critical", title: "The node does not answer", outage: true, raiseAfterMs: SOON_MS },
  HEAD_STALE: { severity: "critical", title: "No new blocks", outage: true, raiseAfterMs: SOON_MS },
  BATCHES_LAG: {
    severity: "critical",
    title: "Blocks do not reach the settlement network",
    outage: false,
    raiseAfterMs: SOON_MS,
  },
  BALANCE_LOW: {
    severity: "warning",
    title: "An account runs out of money",
    outage: false,
    confidential: true,
    raiseAfterMs: SOON_MS,
  },
  RUNWAY_SHORT: {
    severity: "warning",
    title: "An account's money ends soon",
    outage: false,
    confidential: true,
    raiseAfterMs: MINUTE_MS,
  },
  BUDGET_NEAR: {
    severity: "warning",
    title: "The month's budget is nearly spent",
    outage: false,
    confidential: true,
    raiseAfterMs: 0,
  },
  BUDGET_SPENT: {
    severity: "critical",
    title: "The month's budget is spent",
    outage: false,
    confidential: true,
    raiseAfterMs: 0,
  },
  MACH_CERTIFICATES_MISSED: {
    severity: "warning",
    title: "Blocks are not certified",
    outage: false,
    raiseAfterMs: SOON_MS,
  },
  MACH_CERTIFICATE_VOID: { severity: "critical", title: "A certificate is void", outage: false, raiseAfterMs: 0 },
  MACH_BLOCK_SUSPECT: {
    severity: "critical",
    title: "An operator says that a block is invalid",
    outage: false,
    raiseAfterMs: 0,
  },
  MACH_TABLE_OLD: { severity: "warning", title: "The operator table is old", outage: false, raiseAfterMs: MINUTE_MS },
  MACH_OPERATOR_ABSENT: {
    severity: "warning",
    title: "An operator does not sign",
    outage: false,
    raiseAfterMs: 5 * MINUTE_MS,
  },
} as const satisfies Readonly<Record<string, AlarmKind>>;

export type AlarmCode = keyof typeof KINDS;
export const ALARMS: Readonly<Record<AlarmCode, AlarmKind>> = KINDS;
export const ALARM_CODES = Object.keys(KINDS) as readonly AlarmCode[];

/** Something that is wrong right now. */
export interface Condition {
  readonly code: AlarmCode;
  /** Tells alarms of one code apart: a role, an operator; empty where there can be one only. */
  readonly subject: string;
  /** For the team: what is wrong, with figures. */
  readonly message: string;
}

/** An alarm that was raised and not cleared. */
export interface Standing extends Condition {
  readonly id: string;
  readonly raisedAt: number;
  /** How often it came back soon after it had gone. */
  readonly relapses: number;
  /** When it was wrong last. */
  readonly seenAt: number;
}

export interface Past {
  readonly relapses: number;
  readonly clearedAt: number;
}

/** What is known of one rollup's alarms, each by its key. */
export interface AlarmBook {
  /** Since when it is wrong, for what is not raised yet. */
  readonly pending: ReadonlyMap<string, number>;
  readonly standing: ReadonlyMap<string, Standing>;
  readonly past: ReadonlyMap<string, Past>;
}

export interface AlarmTiming {
  /** An alarm is cleared when nothing was wrong for so long, doubled with every relapse. */
  readonly clearAfterMs: number;
  readonly relapsesMax: number;
  /** What comes back within this time has relapsed. */
  readonly relapseWindowMs: number;
  /** Replaces each kind's own delay; for tests. */
  readonly raiseAfterMs?: number;
}

export const ALARM_TIMING: AlarmTiming = { clearAfterMs: MINUTE_MS, relapsesMax: 6, relapseWindowMs: 60 * MINUTE_MS };

export const keyOf = ({ code, subject }: Pick<Condition, "code" | "subject">): string => `${code}/${subject}`;

export interface AlarmChanges {
  readonly book: AlarmBook;
  /** To be stored and told; they stand in `book` already, under the ids that `newId` gave. */
  readonly raised: readonly Standing[];
  readonly cleared: readonly (Standing & { readonly clearedAt: number })[];
}

/** One look at a rollup. */
export function lookAt(
  before: AlarmBook,
  conditions: readonly Condition[],
  { nowMs, timing, newId }: { readonly nowMs: number; readonly timing: AlarmTiming; readonly newId: () => string },
): AlarmChanges {
  const wrong = new Map(conditions.map((condition) => [keyOf(condition), condition]));
  const pending = new Map<string, number>();
  const standing = new Map<string, Standing>();
  const past = new Map([...before.past].filter(([, { clearedAt }]) => nowMs - clearedAt <= timing.relapseWindowMs));
  const raised: Standing[] = [];
  const cleared: (Standing & { clearedAt: number })[] = [];

  for (const [key, alarm] of before.standing) {
    const condition = wrong.get(key);
    if (condition !== undefined) standing.set(key, { ...alarm, message: condition.message, seenAt: nowMs });
    else if (nowMs - alarm.seenAt < holdMs(alarm.relapses, timing)) standing.set(key, alarm);
    else {
      cleared.push({ ...alarm, clearedAt: alarm.seenAt });
      past.set(key, { relapses: alarm.relapses, clearedAt: nowMs });
    }
  }
  for (const [key, condition] of wrong) {
    if (standing.has(key)) continue;
    const since = before.pending.get(key) ?? nowMs;
    if (nowMs - since < (timing.raiseAfterMs ?? ALARMS[condition.code].raiseAfterMs)) {
      pending.set(key, since);
      continue;
    }
    const last = past.get(key);
    const relapses = last === undefined ? 0 : Math.min(timing.relapsesMax, last.relapses + 1);
    const alarm = { ...condition, id: newId(), raisedAt: since, relapses, seenAt: nowMs };
    standing.set(key, alarm);
    past.delete(key);
    raised.push(alarm);
  }
  return { book: { pending, standing, past }, raised, cleared };
}

/** Clears all at once: the rollup is no longer meant to run. */
export function closeBook({ standing, past }: AlarmBook, nowMs: number): AlarmChanges {
  const cleared = [...standing.values()].map((alarm) => ({ ...alarm, clearedAt: nowMs }));
  return { book: { pending: new Map(), standing: new Map(), past }, raised: [], cleared };
}

const holdMs = (relapses: number, { clearAfterMs, relapsesMax }: AlarmTiming): number =>
  clearAfterMs * 2 ** Math.min(relapses, relapsesMax);
