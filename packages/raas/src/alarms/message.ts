import { problemOf } from "../errors.ts";

/** What is told of an alarm. */
export type MessageKind = "raised" | "cleared" | "test";

export interface AlarmBody {
  /** Of this message; the same in every attempt, so that a receiver can drop what it has. */
  readonly id: string;
  readonly type: `alarm.${MessageKind}`;
  readonly at: string;
  readonly team: { readonly id: string; readonly name: string };
  readonly rollup: { readonly id: string; readonly name: string; readonly chainId: number } | null;
  readonly alarm: {
    readonly id: string;
    readonly code: string;
    readonly severity: "warning" | "critical";
    readonly title: string;
    readonly message: string;
    readonly raisedAt: string;
    readonly clearedAt: string | null;
  } | null;
}

/** One message to one destination, as it is stored. */
export interface Message {
  readonly id: string;
  readonly incidentId: string | null;
  /** JSON of an `AlarmBody`. */
  readonly body: string;
}

export type Outcome =
  | { readonly kind: "delivered" }
  /** Permanent: trying again cannot help. */
  | { readonly kind: "failed"; readonly permanent: boolean; readonly problem: string };

const PROBLEM_MAX = 300;

export const failedBy = (error: unknown, permanent: boolean): Outcome => ({
  kind: "failed",
  permanent,
  problem: problemOf(error).message.slice(0, PROBLEM_MAX),
});

/** Subject and text for people. */
export function wordsOf(
  { type, team, rollup, alarm, at }: AlarmBody,
  origin: string,
): {
  readonly subject: string;
  readonly text: string;
} {
  if (rollup === null || alarm === null) {
    return {
      subject: `[AltLayer] Test message for ${team.name}`,
      text: `This is a test. Alarms of ${team.name}'s rollups will come to this address.\n\nSent ${at}.\n`,
    };
  }
  const cleared = type === "alarm.cleared";
  const state = cleared ? "Cleared" : alarm.severity === "critical" ? "Critical" : "Warning";
  const lines = [
    cleared ? `Over: ${alarm.message}` : alarm.message,
    "",
    `Rollup   ${rollup.name} (chain ${rollup.chainId})`,
    `Alarm    ${alarm.code}`,
    `Since    ${alarm.raisedAt}`,
    ...(alarm.clearedAt === null ? [] : [`Until    ${alarm.clearedAt}`]),
    "",
    `${origin}/teams/${team.id}/rollups/${rollup.id}`,
    "",
  ];
  return { subject: `[${rollup.name}] ${state}: ${alarm.title}`, text: lines.join("\n") };
}
