/** What is wrong with a rollup, from what was seen of it. Pure. */
import type { Condition } from "./alarms.ts";

export interface SeenHead {
  readonly number: number;
  /** Seconds. */
  readonly timestamp: number;
}

export interface SeenBalance {
  readonly role: string;
  readonly balanceWei: string | null;
  /** Null: unknown, or nothing is spent. */
  readonly runwayDays: number | null;
}

export interface SeenMach {
  readonly latestNumber: number;
  /** 0 before the first certificate. */
  readonly certifiedNumber: number;
  /** Operators whose signature the newest certificate lacks. */
  readonly absent: readonly string[];
  readonly suspects: number;
  /** A certificate became void a short while ago. */
  readonly voidRecently: boolean;
  /** The settlement network's epoch, and the newest one with a committed table; null when it could not be read. */
  readonly table: { readonly epoch: number; readonly committed: number } | null;
}

export interface Seen {
  /** False: it should run, and there is no node. */
  readonly up: boolean;
  readonly heads: { readonly unsafe: SeenHead; readonly safe: SeenHead } | null;
  readonly balances: readonly SeenBalance[];
  /** Whole percent of the month's budget that is spent; null without a budget. */
  readonly budgetPercent: number | null;
  readonly mach: SeenMach | null;
  /** The chain's time. */
  readonly nowSeconds: number;
  readonly blockTimeSeconds: number;
  /** So long an idle rollup may let its due blocks wait. */
  readonly idleSeconds: number;
}

export interface AlarmSettings {
  readonly batchLagMinutes: number;
  readonly lowBalanceWei: string;
  readonly runwayDays: number;
  readonly certificateLagSeconds: number;
}

const STALE_SECONDS = 30;
const BUDGET_NEAR_PERCENT = 80;
/** Of an operator set; more says nothing new. */
const ABSENT_MAX = 64;

export function conditionsOf(seen: Seen, settings: AlarmSettings): readonly Condition[] {
  // What the accounts hold is known of the settlement network, whatever becomes of the node.
  if (!seen.up) return [one("ROLLUP_DOWN", "The rollup should run and does not."), ...balances(seen, settings)];
  if (seen.heads === null) return [one("NODE_SILENT", "The node does not answer."), ...balances(seen, settings)];
  return [...heads(seen, seen.heads, settings), ...balances(seen, settings), ...mach(seen, settings)];
}

const one = (code: Condition["code"], message: string, subject = ""): Condition => ({ code, subject, message });

function heads(
  { nowSeconds, blockTimeSeconds, idleSeconds }: Seen,
  { unsafe, safe }: NonNullable<Seen["heads"]>,
  { batchLagMinutes }: AlarmSettings,
): readonly Condition[] {
  const found: Condition[] = [];
  const lagMinutes = (nowSeconds - safe.timestamp) / 60;
  if (lagMinutes > batchLagMinutes) {
    found.push(one("BATCHES_LAG", `The newest safe block is ${Math.round(lagMinutes)} minutes old.`));
  }
  const staleSeconds = nowSeconds - unsafe.timestamp;
  if (staleSeconds > STALE_SECONDS + blockTimeSeconds + idleSeconds) {
    found.push(one("HEAD_STALE", `No block for ${Math.round(staleSeconds)} s.`));
  }
  return found;
}

function balances(
  { balances: held, budgetPercent }: Seen,
  { lowBalanceWei, runwayDays }: AlarmSettings,
): readonly Condition[] {
  const found: Condition[] = [];
  for (const { role, balanceWei, runwayDays: days } of held) {
    if (balanceWei === null) continue;
    if (BigInt(balanceWei) < BigInt(lowBalanceWei)) {
      found.push(one("BALANCE_LOW", `The ${role} holds only ${balanceWei} wei.`, role));
    }
    if (days !== null && days < runwayDays) {
      found.push(one("RUNWAY_SHORT", `At its measured spending the ${role}'s money lasts ${days} days.`, role));
    }
  }
  if (budgetPercent !== null && budgetPercent >= BUDGET_NEAR_PERCENT) {
    const code = budgetPercent >= 100 ? "BUDGET_SPENT" : "BUDGET_NEAR";
    found.push(one(code, `${budgetPercent} % of this month's budget is spent.`));
  }
  return found;
}

function mach({ mach: seen, blockTimeSeconds }: Seen, { certificateLagSeconds }: AlarmSettings): readonly Condition[] {
  if (seen === null) return [];
  const found: Condition[] = [];
  const lagSeconds = (seen.latestNumber - seen.certifiedNumber) * blockTimeSeconds;
  if (lagSeconds > certificateLagSeconds) {
    const message = `The newest certified block, ${seen.certifiedNumber}, is ${lagSeconds} s behind the head.`;
    found.push(one("MACH_CERTIFICATES_MISSED", message));
  } else {
    for (const operator of seen.absent.slice(0, ABSENT_MAX)) {
      found.push(one("MACH_OPERATOR_ABSENT", `The operator ${operator} does not sign.`, operator));
    }
  }
  if (seen.voidRecently) {
    found.push(one("MACH_CERTIFICATE_VOID", "A certified block is not the one that the settlement network decided."));
  }
  if (seen.suspects > 0) {
    found.push(one("MACH_BLOCK_SUSPECT", `Operators call ${seen.suspects} block(s) invalid.`));
  }
  // A table may be committed at any time of its epoch; a whole epoch without one is too much.
  if (seen.table !== null && seen.table.committed < seen.table.epoch - 1) {
    const message = `The newest operator table is of epoch ${seen.table.committed}; it is epoch ${seen.table.epoch}.`;
    found.push(one("MACH_TABLE_OLD", message));
  }
  return found;
}
