import {
  type Alert,
  appendLeaf,
  BLOCK,
  EMPTY_RANGE,
  type Hex,
  hexToBytes,
  type MachDigests,
  type Message,
  rangeRoot,
  SLICE,
} from "@altlayer/protocol";
import { isAhead } from "../../core/signing-rule.ts";
import type { Executed, OperatorConfig, Share } from "../../core/types.ts";
import type { ChainEvent, MachChain } from "../chain.ts";
import type { Peer } from "../links/peer.ts";
import type { Frame } from "../links/wire.ts";
import type { MachDependencies } from "../options.ts";
import type { SeenShare, Silence } from "../service.ts";
import type { MachSigner } from "../signer/signer.ts";
import type { EpochTable } from "../table/epoch-table.ts";
import type { FurthestFile } from "./furthest-file.ts";
import type { OperatorJournal } from "./operator-journal.ts";
import { OperatorShell } from "./operator-shell.ts";

export interface OperatorSeatOptions {
  readonly address: Hex;
  readonly restored: boolean;
  /** All of the core's configuration but the index, which is the table's. */
  readonly config: Omit<OperatorConfig, "index">;
}

export interface OperatorSeatDependencies extends Pick<MachDependencies, "bn254" | "clock" | "keccak256" | "log"> {
  readonly chain: MachChain;
  readonly signer: MachSigner;
  readonly journal: OperatorJournal;
  readonly furthest: FurthestFile;
  readonly digests: MachDigests;
  readonly count: (name: string) => void;
  readonly broadcast: (frame: Frame, to: (peer: Peer) => boolean) => void;
  readonly sendTo: (operator: Hex, frame: Frame) => void;
  readonly onShare: (share: Share, again: boolean) => void;
  readonly onAlert: (alert: Alert, signature: Hex) => void;
}

/**
 * The operator's place at the table. Its core starts when a table first has its key, and again should it get another
 * index; addresses of the network become indices of the newest table here.
 */
export class OperatorSeat {
  readonly address: Hex;
  readonly #options: OperatorSeatOptions;
  readonly #dependencies: OperatorSeatDependencies;
  #table: EpochTable | null = null;
  #shell: OperatorShell | null = null;
  #unfollow: () => void = () => {};
  #foreignKey = false;
  /** The furthest share of each operator whose signature nobody checked yet. */
  readonly #unchecked = new Map<Hex, Share>();
  #closing: Promise<void> = Promise.resolve();
  /** Events that wait for one before them, whose block is being looked at. */
  #waiting: Promise<void> | null = null;

  constructor(options: OperatorSeatOptions, dependencies: OperatorSeatDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.address = options.address;
  }

  get shell(): OperatorShell | null {
    return this.#shell;
  }

  /** Of the others, across restarts. */
  get furthestShares(): readonly SeenShare[] {
    return [...this.#dependencies.furthest.shares].map(([operator, share]) => ({ operator, ...share }));
  }

  get silence(): Silence | null {
    if (this.#foreignKey) return "FOREIGN_KEY";
    if (this.#shell === null || this.#table?.indexOf(this.address) === undefined) return "NOT_A_MEMBER";
    if (this.#shell.failed) return "JOURNAL_FAILED";
    if (this.#shell.state.answered !== null) return "ASKING";
    return this.#shell.state.quarantineHeight === null ? null : "QUARANTINE";
  }

  onTable(table: EpochTable): void {
    if (this.#table !== null && this.#table.epoch > table.epoch) return;
    this.#table = table;
    const index = table.indexOf(this.address);
    if (index !== undefined && index !== this.#shell?.index) this.#sit(table, index);
    this.#shell?.input({ type: "table", table: table.weights });
  }

  tick(): void {
    this.#shell?.input({ type: "tick", nowMs: this.#dependencies.clock.nowMs() });
    this.#dependencies.furthest.write();
  }

  /** A peer that speaks for an operator came: it may be the one whose answer is missing. */
  met(peer: Peer): void {
    if (this.#shell !== null && this.#shell.state.answered !== null) peer.send({ type: "ask" });
  }

  certified(message: Message): void {
    this.#shell?.input({ type: "certified", message });
  }

  sawShare(operator: Hex, share: Share): void {
    const before = this.#unchecked.get(operator);
    if (before === undefined || isAhead(share.message, before.message)) this.#unchecked.set(operator, share);
  }

  /** Its signature was checked. */
  validShare(operator: Hex, share: Share): void {
    const from = this.#table?.indexOf(operator);
    const shell = this.#shell;
    if (from === undefined || shell === null || operator === this.address) return;
    shell.input({ type: "share", from, share });
    if (shell.state.furthest.get(from) === share) this.#dependencies.furthest.set(operator, share);
  }

  /** An operator asks for its furthest share: the one that nobody needed to check yet is checked first. */
  async asked(operator: Hex): Promise<void> {
    const share = this.#unchecked.get(operator);
    this.#unchecked.delete(operator);
    const table = this.#table;
    const from = table?.indexOf(operator);
    if (table === null || from === undefined) return;
    if (share !== undefined) {
      const digest = hexToBytes(this.#dependencies.digests.message(share.message));
      const wrong = await table.wrongSigners(digest, [{ index: from, signature: share.signature }]);
      if (wrong.length === 0) this.validShare(operator, share);
    }
    this.#shell?.input({ type: "asked", from });
  }

  /** The answer to the own question; one that the own key did not sign shows nothing. */
  answered(operator: Hex, share: Share | null): void {
    const from = this.#table?.indexOf(operator);
    if (from === undefined) return;
    const valid = share !== null && this.#isOwn(share);
    if (share !== null && !valid) this.#dependencies.count("answers with a wrong signature");
    this.#shell?.input({ type: "answer", from, share: valid ? share : null });
  }

  /** Resolves once what was seen of others is on disk. */
  sync(): Promise<void> {
    return this.#dependencies.furthest.sync();
  }

  async close(): Promise<void> {
    this.#unfollow();
    await this.#waiting;
    await this.#closing;
    await this.#shell?.close();
    await this.#dependencies.journal.close();
    await this.#dependencies.furthest.close();
  }

  #sit(table: EpochTable, index: number): void {
    const { signer, journal, clock, log, count, chain, furthest } = this.#dependencies;
    if (table.members.get(index)?.key !== signer.publicKeys.g1) {
      if (!this.#foreignKey) log.error("the signer has another key than is registered", { operator: this.address });
      this.#foreignKey = true;
      return;
    }
    this.#foreignKey = false;
    const before = this.#shell;
    this.#unfollow();
    if (before !== null) this.#closing = this.#closing.then(() => before.close());
    this.#shell = OperatorShell.start(
      {
        config: { ...this.#options.config, index },
        record: before?.record ?? journal.record,
        restored: before === null && this.#options.restored,
      },
      {
        signer,
        journal,
        nowMs: () => clock.nowMs(),
        log,
        count,
        onShare: this.#dependencies.onShare,
        onAsk: () => this.#dependencies.broadcast({ type: "ask" }, (peer) => peer.operator !== null),
        onAnswer: (to, share) => {
          const operator = this.#table?.members.get(to)?.operator;
          if (operator !== undefined) this.#dependencies.sendTo(operator, { type: "answer", share });
        },
        onAlert: this.#dependencies.onAlert,
      },
    );
    const shell = this.#shell;
    for (const [operator, share] of furthest.shares) {
      const from = table.indexOf(operator);
      if (from !== undefined) shell.input({ type: "share", from, share });
    }
    shell.input({ type: "table", table: table.weights });
    log.info("operator in the table", { operator: this.address, index, epoch: table.epoch });
    this.#unfollow = chain.follow((event) => this.#onChain(shell, event));
  }

  #onChain(shell: OperatorShell, event: ChainEvent): void {
    if (this.#waiting === null && !lacksMark(shell, event)) {
      this.#feed(shell, event);
      return;
    }
    const after = (this.#waiting ?? Promise.resolve()).then(async () => {
      this.#feed(shell, lacksMark(shell, event) ? await this.#withMark(shell, event) : event);
    });
    this.#waiting = after;
    void after.finally(() => {
      if (this.#waiting === after) this.#waiting = null;
    });
  }

  #feed(shell: OperatorShell, event: ChainEvent): void {
    // The clock of the last tick may be old by now, and S6 asks for it.
    if (event.type === "executed") shell.input({ type: "tick", nowMs: this.#dependencies.clock.nowMs() });
    if (event.type !== "derived") shell.input(event);
  }

  /**
   * A block that came by itself, before its slices were executed here or after a restart, does not have the root at the
   * tip's count, without which nothing could be signed until a base releases the tip. Its transactions tell.
   */
  async #withMark(shell: OperatorShell, event: ExecutedEvent): Promise<ExecutedEvent> {
    const { chain, keccak256, log } = this.#dependencies;
    const { executed } = event;
    const count = (shell.state.tip as Message).core.transactionCount;
    try {
      const leaves = await chain.transactionLeaves(executed.core.blockHash);
      // Fewer than the tip has: then the block contradicts it, and no root is needed to say so.
      if (leaves.length < count) return event;
      let range = EMPTY_RANGE;
      for (const leaf of leaves.slice(0, count)) range = appendLeaf(range, leaf, keccak256);
      const mark = { count, root: rangeRoot(range, keccak256) };
      return { ...event, executed: { ...executed, marks: [...executed.marks, mark] } };
    } catch (error) {
      log.warn("the transactions of a block are not known", { height: executed.core.height, error: String(error) });
      return event;
    }
  }

  #isOwn({ message, signature }: Share): boolean {
    const { bn254, digests, signer } = this.#dependencies;
    try {
      const digest = hexToBytes(digests.message(message));
      return bn254.verify(hexToBytes(signer.publicKeys.g2), digest, hexToBytes(signature));
    } catch {
      return false;
    }
  }
}

interface ExecutedEvent {
  readonly type: "executed";
  readonly executed: Executed;
}

/** Whether it cannot be told if the block holds the slice that was signed last. */
function lacksMark(shell: OperatorShell, event: ChainEvent): event is ExecutedEvent {
  const { tip } = shell.state;
  if (event.type !== "executed" || event.executed.kind !== BLOCK || tip?.kind !== SLICE) return false;
  const { core, marks } = event.executed;
  const { height, transactionCount } = tip.core;
  if (core.height !== height || core.transactionCount === transactionCount) return false;
  return !marks.some(({ count }) => count === transactionCount);
}
