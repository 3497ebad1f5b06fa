import { findLogs, type ServiceContext, type TableState } from "@altlayer/sdk";
import type { Address, Hex, PublicClient } from "viem";
import { abiOf } from "../deployment.ts";

interface Changed {
  readonly block: number;
  readonly state: TableState;
}

/** A weight as an event told it. */
export interface WeightChange {
  readonly block: number;
  readonly operator: Address;
  readonly index: number;
  readonly weights: readonly bigint[];
}

/** Changes that are kept for `stateAt`; older ones are looked for again. */
const CHANGES_MAX = 1_024;

/** The operator table's past, from its events: nodes need no archive for it. */
export class TableHistory {
  readonly #context: ServiceContext;
  readonly #publicClient: PublicClient;
  #changes: Changed[] = [];
  #known = -1;

  constructor(context: ServiceContext, { publicClient }: { readonly publicClient: PublicClient }) {
    this.#context = context;
    this.#publicClient = publicClient;
  }

  /** What `commit` takes for an epoch whose block is `block`; undefined before the suite's creation. */
  async stateAt(block: number): Promise<TableState | undefined> {
    if (block > this.#known) await this.#read(block);
    const before = this.#changes.findLast((change) => change.block <= block);
    // Dropped for the limit: all that there is up to the block.
    return before?.state ?? (await this.#find(this.#context.fromBlock ?? 0, block)).at(-1)?.state;
  }

  /** The L1 reorganised, or something else does not fit: read again. */
  forget(): void {
    this.#changes = [];
    this.#known = -1;
  }

  /** All changes of weight up to a block, in order. */
  async weightsUntil(block: number): Promise<WeightChange[]> {
    const logs = await findLogs<{ operator: Address; index: number; weights: readonly bigint[] }>(
      this.#query("OperatorWeight", this.#context.fromBlock ?? 0, block),
      this.#publicClient,
    );
    return logs.map(({ args, blockNumber }) => ({ ...args, block: Number(blockNumber) }));
  }

  async #read(block: number): Promise<void> {
    const from = this.#known < 0 ? (this.#context.fromBlock ?? 0) : this.#known + 1;
    this.#changes = [...this.#changes, ...(await this.#find(from, block))].slice(-CHANGES_MAX);
    this.#known = block;
  }

  async #find(from: number, to: number): Promise<Changed[]> {
    const logs = await findLogs<{
      depth: number;
      root: Hex;
      aggregateX: bigint;
      aggregateY: bigint;
      oldestExpiry: number;
    }>(this.#query("TableChanged", from, to), this.#publicClient);
    return logs.map(({ args: { depth, root, aggregateX: X, aggregateY: Y, oldestExpiry }, blockNumber }) => ({
      block: Number(blockNumber),
      state: { depth, root, aggregate: { X, Y }, oldestExpiry },
    }));
  }

  #query(event: string, from: number, to: number) {
    return {
      address: this.#context.suite.table,
      abi: abiOf("OperatorTable"),
      events: [event],
      fromBlock: BigInt(from),
      toBlock: BigInt(to),
    };
  }
}
