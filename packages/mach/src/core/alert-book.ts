import { ALERT_REASONS, type Alert, exceedsThird, type Hex, type Message } from "@altlayer/protocol";
import type { WeightTable } from "./types.ts";

/** docs/spec/mach.md, section 8. Shells check the signatures of alerts and shares before they say so. */
export type AlertInput =
  | { readonly type: "table"; readonly table: WeightTable }
  | { readonly type: "alert"; readonly from: number; readonly alert: Alert }
  /** Who signed a block cannot cry wolf about it: its alert is discarded, whichever came first. */
  | { readonly type: "share"; readonly from: number; readonly message: Message }
  | { readonly type: "settled"; readonly height: number };

export type AlertEffect =
  /** The first alert about a block: shown. */
  | { readonly type: "show"; readonly alert: Alert }
  /** Alerts of more than a third in some class: the block is held back. Once for a block. */
  | { readonly type: "holdBack"; readonly height: number; readonly blockHash: Hex; readonly alerts: readonly Alert[] };

interface Suspect {
  readonly height: number;
  readonly epoch: number;
  readonly alerts: ReadonlyMap<number, Alert>;
  readonly held: boolean;
}

interface Signers {
  readonly height: number;
  readonly indices: ReadonlySet<number>;
}

export interface AlertBook {
  readonly tables: ReadonlyMap<number, WeightTable>;
  /** By block hash, or slice id. */
  readonly suspects: ReadonlyMap<Hex, Suspect>;
  /** `onceOf` every alert. */
  readonly alerted: ReadonlySet<string>;
  /** Who signed a block, by its hash, while it is not settled. */
  readonly signers: ReadonlyMap<Hex, Signers>;
  readonly settledHeight: number;
}

export interface AlertStep {
  readonly state: AlertBook;
  readonly effects: readonly AlertEffect[];
}

/** At each limit the oldest go. Alerts are two for operator and height at most, so that heights bound them. */
const MAX_TABLES = 16;
const MAX_SIGNED_BLOCKS = 4_096;
const MAX_AHEAD_HEIGHTS = 32_768;

export const EMPTY_ALERT_BOOK: AlertBook = {
  tables: new Map(),
  suspects: new Map(),
  alerted: new Set(),
  signers: new Map(),
  settledHeight: -1,
};

/** Height, operator, and whether the alert is about a block or a slice: one alert each. The height comes first. */
export function onceOf({ height, reason }: Alert, from: number): string {
  return `${height} ${from} ${reason === ALERT_REASONS.slice ? "slice" : "block"}`;
}

export function stepAlertBook(state: AlertBook, input: AlertInput): AlertStep {
  switch (input.type) {
    case "table": {
      const tables = new Map(state.tables).set(input.table.epoch, input.table);
      for (const epoch of [...tables.keys()].sort((a, b) => a - b)) if (tables.size > MAX_TABLES) tables.delete(epoch);
      return { state: { ...state, tables }, effects: [] };
    }
    case "alert":
      return withAlert(state, input.from, input.alert);
    case "share":
      return { state: withShare(state, input.from, input.message), effects: [] };
    case "settled":
      return { state: settled(state, input.height), effects: [] };
  }
}

function withAlert(state: AlertBook, from: number, alert: Alert): AlertStep {
  const table = state.tables.get(alert.epoch);
  const open = alert.height > state.settledHeight && alert.height <= state.settledHeight + MAX_AHEAD_HEIGHTS;
  const once = onceOf(alert, from);
  if (!table?.weights.has(from) || !open) return { state, effects: [] };
  if (state.alerted.has(once) || state.signers.get(alert.blockHash)?.indices.has(from)) return { state, effects: [] };
  const before = state.suspects.get(alert.blockHash);
  if (before !== undefined && before.epoch !== alert.epoch) return { state, effects: [] };
  const suspect = before ?? { height: alert.height, epoch: alert.epoch, alerts: new Map(), held: false };
  const alerts = new Map(suspect.alerts).set(from, alert);
  const weight = table.total.map((_, i) =>
    [...alerts.keys()].reduce((sum, index) => sum + (table.weights.get(index)?.[i] ?? 0n), 0n),
  );
  const holds = !suspect.held && exceedsThird(weight, table.total);
  const effects: AlertEffect[] = before === undefined ? [{ type: "show", alert }] : [];
  if (holds) {
    effects.push({ type: "holdBack", height: alert.height, blockHash: alert.blockHash, alerts: [...alerts.values()] });
  }
  const suspects = new Map(state.suspects).set(alert.blockHash, { ...suspect, alerts, held: suspect.held || holds });
  return { state: { ...state, suspects, alerted: new Set(state.alerted).add(once) }, effects };
}

function withShare(state: AlertBook, from: number, message: Message): AlertBook {
  const { blockHash, height } = message.core;
  if (height <= state.settledHeight) return state;
  const known = state.signers.get(blockHash)?.indices ?? new Set<number>();
  const signers = new Map(state.signers).set(blockHash, { height, indices: new Set(known).add(from) });
  for (const oldest of signers.keys()) {
    if (signers.size <= MAX_SIGNED_BLOCKS) break;
    signers.delete(oldest);
  }
  const suspect = state.suspects.get(blockHash);
  if (!suspect?.alerts.has(from)) return { ...state, signers };
  const alerts = new Map([...suspect.alerts].filter(([index]) => index !== from));
  return { ...state, signers, suspects: new Map(state.suspects).set(blockHash, { ...suspect, alerts }) };
}

function settled(state: AlertBook, height: number): AlertBook {
  if (height <= state.settledHeight) return state;
  const suspects = new Map([...state.suspects].filter(([, suspect]) => suspect.height > height));
  const alerted = new Set([...state.alerted].filter((each) => Number.parseInt(each, 10) > height));
  const signers = new Map([...state.signers].filter(([, signed]) => signed.height > height));
  return { ...state, suspects, alerted, signers, settledHeight: height };
}
