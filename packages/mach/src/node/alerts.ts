import { type Alert, type Hex, hexToBytes, type MachDigests } from "@altlayer/protocol";
import { type AlertBook, type AlertInput, EMPTY_ALERT_BOOK, onceOf, stepAlertBook } from "../core/alert-book.ts";
import type { AlertFile } from "./alert-file.ts";
import type { SignedAlert } from "./links/wire.ts";
import type { Bn254Like } from "./options.ts";
import type { EpochTable } from "./table/epoch-table.ts";

/** What listeners are told. */
export type AlertEvent =
  /** The first alert about a block. */
  | { readonly type: "alert"; readonly alert: Alert; readonly operator: Hex }
  /** Alerts of more than a third of the weight: hold the block back. */
  | { readonly type: "heldBack"; readonly height: number; readonly blockHash: Hex; readonly alerts: readonly Alert[] };

/** A block that operators alert against, or a slice: then its id stands for the hash. */
export interface SuspectBlock {
  readonly height: number;
  readonly blockHash: Hex;
  readonly epoch: number;
  readonly heldBack: boolean;
  readonly alerts: readonly { readonly operator: Hex; readonly index: number; readonly alert: Alert }[];
}

export interface AlertsDependencies {
  readonly digests: MachDigests;
  readonly bn254: Bn254Like;
  readonly table: (epoch: number) => EpochTable | undefined;
  /** Whether the operator's signature on the block is known. */
  readonly hasSigned: (index: number, blockHash: Hex, epoch: number) => boolean;
  readonly onEvent: (event: AlertEvent) => void;
  readonly file: Pick<AlertFile, "take" | "add" | "settle">;
}

/** Runs the alert book: checks signatures, keeps what is open, and finds out who signed the very block. */
export class Alerts {
  readonly #dependencies: AlertsDependencies;
  #book: AlertBook = EMPTY_ALERT_BOOK;
  /** As they were signed, by `onceOf`: passed on to peers that come later. */
  readonly #signed = new Map<string, SignedAlert>();

  constructor(dependencies: AlertsDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Takes an alert. `new`: pass it on. `wrong`: the sender did not check it. `ignored`: known, of no known member, of a
   * settled height, or its signer signed the block.
   */
  take(signed: SignedAlert): "new" | "wrong" | "ignored" {
    const taken = this.#take(signed);
    if (taken === "new") this.#dependencies.file.add(signed);
    return taken;
  }

  #take(signed: SignedAlert): "new" | "wrong" | "ignored" {
    const { alert, operator, signature } = signed;
    const table = this.#dependencies.table(alert.epoch);
    const from = table?.indexOf(operator);
    if (table === undefined || from === undefined) return "ignored";
    const once = onceOf(alert, from);
    if (this.#book.alerted.has(once) || alert.height <= this.#book.settledHeight) return "ignored";
    if (!this.#isSigned(signed, table, from, signature)) return "wrong";
    if (this.#dependencies.hasSigned(from, alert.blockHash, alert.epoch)) return "ignored";
    // By the core's own limits it may not be taken.
    this.#step({ type: "alert", from, alert }, operator);
    if (!this.#book.alerted.has(once)) return "ignored";
    this.#signed.set(once, signed);
    return "new";
  }

  /** A checked signature on a block: its signer's alert about it does not count. */
  signedBlock(from: number, message: Extract<AlertInput, { type: "share" }>["message"]): void {
    if (this.#book.suspects.has(message.core.blockHash)) this.#step({ type: "share", from, message });
  }

  isSuspect(blockHash: Hex): boolean {
    return this.#book.suspects.has(blockHash);
  }

  useTable(table: EpochTable): void {
    this.#step({ type: "table", table: table.weights });
    for (const signed of this.#dependencies.file.take(table.epoch)) this.#take(signed);
  }

  settled(height: number): void {
    this.#step({ type: "settled", height });
    for (const once of this.#signed.keys()) if (Number.parseInt(once, 10) <= height) this.#signed.delete(once);
    this.#dependencies.file.settle(this.open);
  }

  /** All that are open, as they were signed. */
  get open(): readonly SignedAlert[] {
    return [...this.#signed.values()];
  }

  suspects(height?: number): readonly SuspectBlock[] {
    return [...this.#book.suspects]
      .filter(([, suspect]) => height === undefined || suspect.height === height)
      .map(([blockHash, { height: at, epoch, held, alerts }]) => {
        const table = this.#dependencies.table(epoch);
        const list = [...alerts].flatMap(([index, alert]) => {
          const operator = table?.members.get(index)?.operator;
          return operator === undefined ? [] : [{ operator, index, alert }];
        });
        return { height: at, blockHash, epoch, heldBack: held, alerts: list };
      });
  }

  #isSigned({ alert }: SignedAlert, table: EpochTable, from: number, signature: Hex): boolean {
    const key = table.members.get(from)?.keyG2;
    if (key === undefined) return false;
    const digest = hexToBytes(this.#dependencies.digests.alert(alert));
    try {
      return this.#dependencies.bn254.verify(hexToBytes(key), digest, hexToBytes(signature));
    } catch {
      return false;
    }
  }

  #step(input: AlertInput, operator?: Hex): void {
    const { state, effects } = stepAlertBook(this.#book, input);
    this.#book = state;
    for (const effect of effects) {
      if (effect.type === "show" && operator !== undefined) {
        this.#dependencies.onEvent({ type: "alert", alert: effect.alert, operator });
      } else if (effect.type === "holdBack") {
        const { height, blockHash, alerts } = effect;
        this.#dependencies.onEvent({ type: "heldBack", height, blockHash, alerts });
      }
    }
  }
}
