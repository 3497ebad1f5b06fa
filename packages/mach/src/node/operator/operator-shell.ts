import type { Alert, Hex, Message } from "@altlayer/protocol";
import {
  type OperatorContext,
  type OperatorEffect,
  type OperatorInput,
  startOperator,
  stepOperator,
} from "../../core/operator.ts";
import type { OperatorState } from "../../core/operator-state.ts";
import { SIGNING_RULES } from "../../core/signing-rule.ts";
import type { JournalRecord, OperatorConfig, Share } from "../../core/types.ts";
import { MachError } from "../../errors.ts";
import type { MachLog } from "../options.ts";
import type { MachSigner } from "../signer/signer.ts";
import type { OperatorJournal } from "./operator-journal.ts";

export interface OperatorShellDependencies {
  readonly signer: MachSigner;
  readonly journal: OperatorJournal;
  readonly nowMs: () => number;
  readonly log: MachLog;
  readonly count: (name: string) => void;
  /** `again`: it was sent before. */
  readonly onShare: (share: Share, again: boolean) => void;
  readonly onAsk: () => void;
  readonly onAnswer: (to: number, share: Share | null) => void;
  readonly onAlert: (alert: Alert, signature: Hex) => void;
}

/**
 * Runs the operator's core: feeds it what happens, performs its effects in their order. A signature is made only of
 * what the core lets out, which is what the journal has synced (docs/spec/mach.md, S9).
 */
export class OperatorShell {
  readonly #context: OperatorContext;
  readonly #dependencies: OperatorShellDependencies;
  #state: OperatorState;
  /** The journal failed: nothing is signed any more. */
  #failed = false;
  #closed = false;
  readonly #work = new Set<Promise<void>>();

  private constructor(config: OperatorConfig, dependencies: OperatorShellDependencies, state: OperatorState) {
    this.#context = { config, rules: SIGNING_RULES };
    this.#dependencies = dependencies;
    this.#state = state;
  }

  /** @param options.record what the journal holds @param options.restored the data come from a backup */
  static start(
    options: { readonly config: OperatorConfig; readonly record: JournalRecord; readonly restored: boolean },
    dependencies: OperatorShellDependencies,
  ): OperatorShell {
    const { config, record, restored } = options;
    const context = { config, rules: SIGNING_RULES };
    const { state, effects } = startOperator(record, { nowMs: dependencies.nowMs(), restored }, context);
    const shell = new OperatorShell(config, dependencies, state);
    for (const effect of effects) shell.#perform(effect);
    return shell;
  }

  get state(): OperatorState {
    return this.#state;
  }

  get index(): number {
    return this.#context.config.index;
  }

  get failed(): boolean {
    return this.#failed;
  }

  /** What the journal holds, or is about to. */
  get record(): JournalRecord {
    return { tip: this.#state.tip, quarantineHeight: this.#state.quarantineHeight };
  }

  input(input: OperatorInput): void {
    if (this.#closed) return;
    const step = stepOperator(this.#state, input, this.#context);
    this.#state = step.state;
    for (const effect of step.effects) this.#perform(effect);
  }

  /** Takes no more; resolves once nothing is being written or signed. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#work);
  }

  #perform(effect: OperatorEffect): void {
    const { log, count, onAsk, onAnswer } = this.#dependencies;
    switch (effect.type) {
      case "journal":
        this.#do(this.#append(effect.record));
        return;
      case "sendShare":
        this.#do(this.#sign(effect.message, effect.again));
        return;
      case "ask":
        onAsk();
        return;
      case "answer":
        onAnswer(effect.to, effect.share);
        return;
      case "alert":
        this.#do(this.#alert(effect.alert));
        return;
      case "quarantined":
        count("quarantines");
        log.warn("in quarantine: the data are older than what was signed", { untilBaseHeight: effect.height });
        return;
      case "abstained": {
        const { height, transactionCount } = effect.candidate.core;
        count(`abstained, ${effect.obstacle}`);
        log.debug("abstained", { obstacle: effect.obstacle, height, transactionCount });
      }
    }
  }

  async #append(record: JournalRecord): Promise<void> {
    try {
      await this.#dependencies.journal.append(record);
    } catch (error) {
      if (error instanceof MachError && error.code === "SIGNER_REFUSED" && record.quarantineHeight === null) {
        const { code } = error.details;
        this.#dependencies.count(`refused by the signer, ${code}`);
        this.#dependencies.log.warn("the signer refuses a message", { code, height: record.tip?.core.height });
        this.input({ type: "refused", record });
        return;
      }
      this.#failed = true;
      this.#dependencies.count("journal failures");
      this.#dependencies.log.error("the signing journal failed: nothing is signed until a restart", {
        error: error instanceof Error ? error.message : String(error),
      });
      return;
    }
    this.input({ type: "journaled", record });
  }

  async #sign(message: Message, again: boolean): Promise<void> {
    try {
      const signature = await this.#dependencies.signer.sign(message);
      this.#dependencies.count("shares sent");
      if (!this.#closed) this.#dependencies.onShare({ message, signature }, again);
    } catch (error) {
      // Tried again when the share is due again: nothing was sent.
      this.#dependencies.count("signer failures");
      this.#dependencies.log.warn("not signed", { height: message.core.height, error: String(error) });
    }
  }

  async #alert(alert: Alert): Promise<void> {
    try {
      const signature = await this.#dependencies.signer.signAlert(alert);
      this.#dependencies.onAlert(alert, signature);
    } catch (error) {
      this.#dependencies.log.warn("alert not signed", { height: alert.height, error: String(error) });
    }
  }

  #do(work: Promise<void>): void {
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }
}
