import { setTimeout as sleep } from "node:timers/promises";
import type { RewardsReport } from "@altlayer/protocol";
import {
  type Call,
  commitCall,
  execute,
  findLogs,
  isSdkError,
  operatorSet,
  refreshCall,
  type ServiceContext,
  sweepCall,
  table,
  tableMember,
  type Windows,
} from "@altlayer/sdk";
import { type Address, erc20Abi, type Hex, zeroHash } from "viem";
import { abiOf, accountOf, type Clients } from "../deployment.ts";
import { RestakingError } from "../errors.ts";
import { slashCall } from "../evidence/slasher.ts";
import { epochTable } from "../history/epoch-table.ts";
import { TableHistory } from "../history/table-history.ts";
import { type ReportSignature, submitReportCall } from "../rewards/report.ts";
import { read } from "../transaction.ts";
import { planUpkeep, type Task, type Upkeep } from "./plan.ts";

export interface KeeperLog {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface KeeperOptions {
  /** Between two looks at the L1's head. */
  readonly pollMs?: number;
  /** Epochs whose rewards are paid by one transaction. */
  readonly reportEpochs?: number;
}

/** Has the operators certify who took part: a MACH service does. `null`: not now. */
export type ReportSource = (
  epochs: Pick<RewardsReport, "firstEpoch" | "lastEpoch">,
) => Promise<(ReportSignature & { readonly report: RewardsReport }) | null>;

export interface KeeperStatus {
  readonly head: number;
  readonly committed: number;
  readonly refreshed: number;
  readonly swept: number;
  readonly slashed: number;
  readonly reported: number;
  readonly failed: number;
}

/** Epochs that are looked back for a commitment: older ones are of no use to anybody who waits. */
const EPOCHS_BACK = 8;
/** A slash that the core refused, being paused, is tried again after so many blocks. */
const SLASH_RETRY_BLOCKS = 10;
/** On mainnet, where an epoch is 32 L1 blocks: seven times a day. */
const REPORT_EPOCHS = 32;
/** A report that the operators did not certify is asked for again after so many blocks. */
const REPORT_RETRY_BLOCKS = 4;

/**
 * Keeps a service going: commits epochs' tables, refreshes weights before they expire, sweeps what has, slashes whom
 * the slasher has convicted, pays who took part. Any number may run beside each other; `planUpkeep` says who goes first.
 */
export class Keeper {
  readonly #context: ServiceContext;
  readonly #clients: Clients;
  readonly #log: KeeperLog;
  readonly #pollMs: number;
  readonly #history: TableHistory;
  readonly #keeper: Address;
  readonly #closing = new AbortController();
  readonly #convicted = new Set<Address>();
  readonly #slashNotBefore = new Map<Address, number>();
  readonly #counts = { committed: 0, refreshed: 0, swept: 0, slashed: 0, reported: 0, failed: 0 };
  readonly #reports: ReportSource | undefined;
  readonly #reportEpochs: number;
  #reportNotBefore = 0;
  #head = -1;
  #convictionsKnown: number;
  #running: Promise<void> | undefined;

  constructor(
    context: ServiceContext,
    { clients, log, reports }: { readonly clients: Clients; readonly log: KeeperLog; readonly reports?: ReportSource },
    { pollMs = 1_000, reportEpochs = REPORT_EPOCHS }: KeeperOptions = {},
  ) {
    this.#context = context;
    this.#clients = clients;
    this.#log = log;
    this.#pollMs = pollMs;
    this.#reports = reports;
    this.#reportEpochs = reportEpochs;
    this.#history = new TableHistory(context, clients);
    this.#keeper = accountOf(clients).address;
    this.#convictionsKnown = (context.fromBlock ?? 0) - 1;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  status(): KeeperStatus {
    return { head: this.#head, ...this.#counts };
  }

  /** Ends after the transaction in work. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const head = Number(await this.#clients.publicClient.getBlockNumber({ cacheTime: 0 }));
        if (head !== this.#head) await this.tick(head);
      } catch (error) {
        this.#counts.failed++;
        this.#log.warn("upkeep failed, the next block tries again", { error: messageOf(error) });
      }
      await sleep(this.#pollMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** One round, at a head. Returns what it did. A failure of one task does not keep the others from being done. */
  async tick(head: number): Promise<readonly Task[]> {
    // A head that goes back is a reorganised L1: what was read of its events may be of no block.
    if (head < this.#head) this.#reset();
    this.#head = head;
    const upkeep = await this.#upkeep(head);
    if (upkeep === undefined) return [];
    const done: Task[] = [];
    for (const task of planUpkeep(upkeep)) {
      if (this.#closing.signal.aborted) break;
      try {
        if (await this.#perform(task, upkeep)) done.push(task);
      } catch (error) {
        this.#counts.failed++;
        this.#history.forget();
        this.#log.warn("a task of the upkeep failed", { task: task.kind, head, error: messageOf(error) });
      }
    }
    return done;
  }

  async #upkeep(head: number): Promise<Upkeep | undefined> {
    const { publicClient } = this.#clients;
    const view = <T>(functionName: string, args: readonly unknown[] = []) =>
      table<T>(this.#context, publicClient, functionName, args);
    const [start, windows, life, operators] = await Promise.all([
      view<bigint>("startBlock"),
      view<Windows>("windows"),
      view<bigint>("life"),
      read<Address[]>(publicClient, this.#context.core.allocationManager, abiOf("IAllocationManager"), "getMembers", [
        operatorSet(this.#context),
      ]),
    ]);
    if (start === 0n) return undefined;
    const startBlock = Number(start);
    const { epochLength, certificateAge, k } = windows;
    const [entries, uncommitted, convicted, nextEpoch] = await Promise.all([
      Promise.all(operators.map((operator) => tableMember(this.#context, operator, publicClient))),
      this.#uncommitted(head, startBlock, epochLength),
      this.#unslashed(head),
      this.#nextRewarded(head),
    ]);
    const rewards = nextEpoch === null ? null : { nextEpoch, reportEpochs: this.#reportEpochs, k };
    const members = entries.filter(({ member, weight }) => member && weight.some((each) => each > 0n));
    return {
      ...{ head, startBlock, epochLength, certificateAge, life: Number(life) },
      ...{ uncommitted, members, convicted, keeper: this.#keeper, rewards },
    };
  }

  async #uncommitted(head: number, startBlock: number, epochLength: number): Promise<number[]> {
    // The last epoch whose block is before the head: a commitment of the head's own would be refused.
    const last = Math.floor((head - 1 - startBlock) / epochLength);
    const epochs = Array.from({ length: EPOCHS_BACK }, (_, i) => last - i).filter((epoch) => epoch >= 0);
    const commitments = await Promise.all(epochs.map((epoch) => this.#commitment(epoch)));
    return epochs.filter((_, i) => commitments[i] === zeroHash);
  }

  #commitment(epoch: number): Promise<Hex> {
    return table<Hex>(this.#context, this.#clients.publicClient, "commitments", [BigInt(epoch)]);
  }

  /** The epoch that the next report begins with; null without a source of reports, or with an empty fund. */
  async #nextRewarded(head: number): Promise<number | null> {
    if (this.#reports === undefined || head < this.#reportNotBefore) return null;
    const { publicClient } = this.#clients;
    const address = this.#context.suite.rewards;
    const view = <T>(functionName: string) => read<T>(publicClient, address, abiOf("MachRewards"), functionName);
    const [token, nextEpoch] = await Promise.all([view<Address>("token"), view<bigint>("nextEpoch")]);
    const fund = await read<bigint>(publicClient, token, erc20Abi, "balanceOf", [address]);
    return fund === 0n ? null : Number(nextEpoch);
  }

  /** Convicted, and not slashed or not ejected yet. */
  async #unslashed(head: number): Promise<Address[]> {
    const { publicClient } = this.#clients;
    const abi = abiOf("MachSlasher");
    const { core, suite } = this.#context;
    const address = suite.slasher;
    const set = operatorSet(this.#context);
    if (head > this.#convictionsKnown) {
      const fromBlock = BigInt(this.#convictionsKnown + 1);
      const logs = await findLogs<{ operator: Address }>(
        { address, abi, events: ["Convicted"], fromBlock, toBlock: BigInt(head) },
        publicClient,
      );
      for (const { args } of logs) this.#convicted.add(args.operator);
      this.#convictionsKnown = head;
    }
    for (const operator of this.#convicted) {
      const am = (functionName: string, args: readonly unknown[]) =>
        read<boolean>(publicClient, core.allocationManager, abiOf("IAllocationManager"), functionName, args);
      const [slashed, slashable, member] = await Promise.all([
        read<boolean>(publicClient, address, abi, "isSlashed", [operator]),
        am("isOperatorSlashable", [operator, set]),
        am("isMemberOfOperatorSet", [operator, set]),
      ]);
      if (member || (!slashed && slashable)) continue;
      this.#convicted.delete(operator);
      if (!slashed) this.#log.warn("a convicted operator left before it could be slashed", { operator });
    }
    return [...this.#convicted].filter((operator) => (this.#slashNotBefore.get(operator) ?? 0) <= head);
  }

  async #perform(task: Task, { head, startBlock, epochLength }: Upkeep): Promise<boolean> {
    switch (task.kind) {
      case "commit": {
        const block = startBlock + task.epoch * epochLength;
        const state = await this.#history.stateAt(block);
        // Nobody can commit this one: its certificates are those of the next epoch.
        if (state === undefined || state.oldestExpiry < block) return false;
        // Others work through a backlog at the same time.
        if ((await this.#commitment(task.epoch)) !== zeroHash) return false;
        await this.#send(commitCall(this.#context, BigInt(task.epoch), state));
        this.#counts.committed++;
        return true;
      }
      case "refresh":
        await this.#send(refreshCall(this.#context, task.operators));
        this.#counts.refreshed += task.operators.length;
        return true;
      case "sweep":
        await this.#send(sweepCall(this.#context, task.limit));
        this.#counts.swept++;
        return true;
      case "slash":
        for (const operator of task.operators) this.#slashNotBefore.set(operator, head + SLASH_RETRY_BLOCKS);
        await this.#send(slashCall(this.#context, task.operators));
        this.#counts.slashed++;
        return true;
      case "report": {
        this.#reportNotBefore = head + REPORT_RETRY_BLOCKS;
        const { firstEpoch, lastEpoch } = task;
        const certified = await this.#reports?.({ firstEpoch, lastEpoch });
        if (!certified) return false;
        const table = await epochTable(this.#context, certified.report.lastEpoch, this.#clients.publicClient);
        await this.#send(submitReportCall(this.#context, certified.report, certified, table));
        this.#counts.reported++;
        return true;
      }
    }
  }

  async #send(call: Call): Promise<void> {
    const { blockNumber, gasUsed } = await execute(call, this.#clients);
    this.#log.info("upkeep", { did: call.label, block: Number(blockNumber), gasUsed: Number(gasUsed) });
  }

  #reset(): void {
    this.#history.forget();
    this.#convicted.clear();
    this.#convictionsKnown = (this.#context.fromBlock ?? 0) - 1;
  }
}

function messageOf(error: unknown): string {
  if (error instanceof RestakingError || isSdkError(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message.split("\n", 1)[0]! : String(error);
}
