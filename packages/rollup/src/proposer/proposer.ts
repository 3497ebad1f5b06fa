import type { Engine, Hex } from "@altlayer/engine";
import { type Keccak256, outputRoot } from "@altlayer/protocol";
import type { Clock } from "../clock.ts";
import type { NodeConfig } from "../config/node-config.ts";
import { describeError, isClosed, RollupError } from "../errors.ts";
import type { RoleTransactions } from "../l1/role-transactions.ts";
import type { JsonRpcClient } from "../l1/rpc-client.ts";
import type { Logger } from "../log.ts";
import {
  createGameData,
  DisputeGames,
  GAME_IN_PROGRESS,
  type Game,
  RESOLVE_GAME,
  RESOLVE_ROOT_CLAIM,
} from "./games.ts";

export type ProposerOptions = Omit<NonNullable<NodeConfig["proposer"]>, "key" | "transactions">;

export interface ProposerDependencies {
  readonly engine: Engine;
  readonly rpc: JsonRpcClient;
  readonly transactions: Pick<RoleTransactions, "address" | "pending" | "send">;
  readonly keccak256: Keccak256;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Games that are looked through from the newest back. */
const MAX_LOOKBACK = 1_000;

/** Games that one pass resolves at most, each by two transactions: a backlog must not keep new proposals waiting. */
const RESOLVED_PER_PASS = 4;

/** Without anything to do of its own, the proposer looks at the L1's games at one poll of so many. */
const IDLE_POLLS = 5;

/** How long closing waits for what the proposer is at. */
const CLOSE_WAIT_MS = 2_000;

/** Claims output roots on the L1 by creating dispute games, and resolves them once their clocks have run out. */
export class Proposer {
  readonly #options: ProposerOptions;
  readonly #d: ProposerDependencies;
  readonly #games: DisputeGames;
  readonly #closing = new AbortController();
  /** Games in progress by index, oldest first, each with the time (ms) from which it may be resolved. */
  readonly #unresolved = new Map<number, { readonly game: Game; readonly dueMs: number }>();
  /** Games below this index are known. */
  #scanned = 0;
  /** Polls since the last look; the first poll looks. */
  #quietPolls = IDLE_POLLS;
  #newest: { readonly game: Game; readonly l2Block: number } | null = null;
  #running: Promise<void> | null = null;
  #paused = false;
  #resolved = 0;
  #created = 0;

  constructor(options: ProposerOptions, dependencies: ProposerDependencies) {
    this.#options = options;
    this.#d = dependencies;
    this.#games = new DisputeGames({ factory: options.disputeGameFactory }, { rpc: dependencies.rpc });
  }

  /** L2 block of the newest game, if there is one. */
  get lastProposed(): number | null {
    return this.#newest?.l2Block ?? null;
  }

  /** Games that this proposer resolved since its start. */
  get resolved(): number {
    return this.#resolved;
  }

  /** Games that this proposer created since its start. */
  get created(): number {
    return this.#created;
  }

  /** Games of our type in progress. */
  get open(): number {
    return this.#unresolved.size;
  }

  start(): void {
    this.#paused = false;
    this.#running ??= this.#run();
  }

  /** Proposes nothing until `start`: another node does. */
  pause(): void {
    this.#paused = true;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    // A transaction on its way may wait for the L1: it is stored, the next start finds it.
    await Promise.race([this.#running, this.#d.clock.sleep(CLOSE_WAIT_MS)]);
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#d;
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      try {
        if (this.#paused) {
          await clock.sleep(this.#options.pollMs, this.#closing.signal).catch(() => {});
          continue;
        }
        if (this.#hasWork()) {
          await this.#scan();
          await this.#propose();
          await this.#resolve();
          this.#quietPolls = 0;
        }
        failures = 0;
      } catch (error) {
        if (this.#closing.signal.aborted || isClosed(error)) return;
        if (failures++ % 20 === 0) log.warn("proposer failed, will retry", { error: describeError(error) });
      }
      await clock.sleep(this.#options.pollMs, this.#closing.signal).catch(() => {});
    }
  }

  /** Whether a look at the L1 may lead to something; what others do there, or a reorg, is seen a little later. */
  #hasWork(): boolean {
    if (++this.#quietPolls >= IDLE_POLLS) return true;
    const now = this.#d.clock.nowMs();
    if ([...this.#unresolved.values()].some(({ dueMs }) => dueMs <= now)) return true;
    const { game, l2Block } = this.#newest ?? { game: null, l2Block: 0 };
    if (game !== null && now - game.timestamp * 1_000 < this.#options.intervalMs) return false;
    const { safe, finalized } = this.#d.engine.heads();
    return (this.#options.allowUnfinalized ? safe : finalized).number > l2Block;
  }

  async #scan(): Promise<void> {
    const count = await this.#games.count();
    if (count < this.#scanned) {
      // The L1 lost games in a reorg: look again.
      this.#scanned = 0;
      this.#newest = null;
      this.#unresolved.clear();
    }
    for (let index = Math.max(this.#scanned, count - MAX_LOOKBACK); index < count; index++) {
      if (this.#closing.signal.aborted) return;
      const game = await this.#games.at(index);
      this.#scanned = index + 1;
      if (game.gameType !== this.#options.gameType) continue;
      const l2Block = await this.#games.l2Block(game);
      if (!this.#newest || l2Block >= this.#newest.l2Block) this.#newest = { game, l2Block };
      if ((await this.#games.status(game)) !== GAME_IN_PROGRESS) continue;
      const dueMs = (game.timestamp + (await this.#games.clockSeconds(game))) * 1000;
      this.#unresolved.set(index, { game, dueMs });
    }
  }

  async #resolve(): Promise<void> {
    const { clock, transactions, log } = this.#d;
    const from = transactions.address;
    const passEnd = this.#resolved + RESOLVED_PER_PASS;
    for (const [index, { game, dueMs }] of this.#unresolved) {
      if (this.#closing.signal.aborted || this.#resolved >= passEnd) return;
      if (clock.nowMs() < dueMs) continue;
      if ((await this.#games.status(game)) !== GAME_IN_PROGRESS) {
        this.#unresolved.delete(index);
        continue;
      }
      // Neither succeeds before the clocks have run out, `resolve` only once the root claim is resolved.
      if (await this.#games.wouldSucceed(game.proxy, RESOLVE_ROOT_CLAIM, from)) {
        await transactions.send({
          label: `resolve root claim of game ${index}`,
          to: game.proxy,
          data: RESOLVE_ROOT_CLAIM,
        });
      }
      if (await this.#games.wouldSucceed(game.proxy, RESOLVE_GAME, from)) {
        const mined = await transactions.send({ label: `resolve game ${index}`, to: game.proxy, data: RESOLVE_GAME });
        if (mined.success) {
          this.#resolved++;
          log.info("game resolved", { index, proxy: game.proxy });
        }
      }
    }
  }

  async #propose(): Promise<void> {
    const { engine, clock, transactions, log } = this.#d;
    const { gameType, intervalMs, allowUnfinalized, disputeGameFactory } = this.#options;
    if (this.#newest && clock.nowMs() - this.#newest.game.timestamp * 1000 < intervalMs) return;
    const { safe, finalized } = engine.heads();
    const block = allowUnfinalized ? safe : finalized;
    if (block.number === 0 || block.number <= (this.#newest?.l2Block ?? 0)) return;
    const rootClaim = await this.#outputRoot(block.hash);
    if (await this.#games.find(gameType, rootClaim, block.number)) return;
    const mined = await transactions.send({
      label: `propose block ${block.number}`,
      to: disputeGameFactory,
      data: createGameData(gameType, rootClaim, block.number),
      value: await this.#games.bond(gameType),
    });
    if (!mined.success) {
      throw new RollupError("PROPOSER_FAILED", `creating a game for block ${block.number} reverted`, {
        severity: "temporary",
      });
    }
    this.#created++;
    log.info("game created", { l2Block: block.number, rootClaim });
  }

  async #outputRoot(hash: Hex): Promise<Hex> {
    const { engine, keccak256 } = this.#d;
    const payload = await engine.payloadByHash(hash);
    if (!payload) {
      throw new RollupError("PROPOSER_FAILED", `the engine does not have block ${hash}`, { severity: "temporary" });
    }
    const messagePasserStorageRoot = await engine.messagePasserRoot(hash);
    return outputRoot({ stateRoot: payload.stateRoot, messagePasserStorageRoot, blockHash: hash }, keccak256);
  }
}
