import { type OperatorEntry, TableTree } from "@altlayer/protocol";
import { findLogs, type ServiceContext, table } from "@altlayer/sdk";
import { type Address, concat, type Hex, keccak256, numberToHex, type PublicClient } from "viem";
import { abiOf } from "../deployment.ts";
import { RestakingError } from "../errors.ts";
import { read } from "../transaction.ts";
import { TableHistory } from "./table-history.ts";

/** The table that certificates of an epoch are checked against, with the paths of those who did not sign. */
export interface EpochTable {
  /** The contracts' `TableHeader`. */
  readonly header: {
    readonly epoch: bigint;
    readonly depth: number;
    readonly root: Hex;
    readonly aggregateX: bigint;
    readonly aggregateY: bigint;
    readonly active: readonly bigint[];
    readonly total: readonly bigint[];
  };
  /** By index. */
  readonly entries: ReadonlyMap<number, OperatorEntry>;
  /** The contracts' `TableEntry` of an index. */
  entry(index: number): TableEntryStruct;
}

export interface TableEntryStruct {
  readonly index: number;
  readonly operator: Address;
  readonly key: { readonly X: bigint; readonly Y: bigint };
  readonly weights: readonly bigint[];
  readonly path: readonly Hex[];
}

/**
 * Rebuilds an epoch's table from the operator table's events, and checks it against the root that was committed.
 * @throws RestakingError `NOT_FOUND` where the epoch has no commitment, or the events do not give its root.
 */
export async function epochTable(
  context: ServiceContext,
  epoch: number,
  publicClient: PublicClient,
): Promise<EpochTable> {
  const history = new TableHistory(context, { publicClient });
  const [block, head] = await Promise.all([
    table<bigint>(context, publicClient, "epochBlock", [BigInt(epoch)]),
    publicClient.getBlockNumber({ cacheTime: 0 }),
  ]);
  const [state, changes, commitments] = await Promise.all([
    history.stateAt(Number(block)),
    history.weightsUntil(Number(block)),
    findLogs<{ epoch: bigint; active: readonly bigint[]; total: readonly bigint[] }>(
      {
        address: context.suite.table,
        abi: abiOf("OperatorTable"),
        events: ["TableCommitted"],
        fromBlock: block,
        toBlock: head,
      },
      publicClient,
    ),
  ]);
  const committed = commitments.find(({ args }) => Number(args.epoch) === epoch)?.args;
  if (state === undefined || committed === undefined) {
    throw new RestakingError("NOT_FOUND", `nobody has committed the table of epoch ${epoch}`, { epoch });
  }
  const weights = new Map(changes.map(({ index, operator, weights: list }) => [index, { operator, weights: list }]));
  const keys = new Map<number, { readonly X: bigint; readonly Y: bigint }>();
  const entries = new Map<number, OperatorEntry>();
  for (const [index, { operator, weights: list }] of weights) {
    if (list.every((weight) => weight === 0n)) continue;
    const key = await read<{ X: bigint; Y: bigint }>(
      publicClient,
      context.suite.registrar,
      abiOf("MachRegistrar"),
      "keyOf",
      [operator],
    );
    keys.set(index, key);
    entries.set(index, { operator, key: bytesOf(key), weights: list });
  }
  const hash = (bytes: Uint8Array) => keccak256(bytes, "bytes");
  const tree = new TableTree(entries, { depth: state.depth, keccak256: hash });
  if (tree.root !== state.root) {
    throw new RestakingError("NOT_FOUND", `the events do not give the table of epoch ${epoch}`, {
      expected: state.root,
      computed: tree.root,
    });
  }
  return {
    header: {
      epoch: BigInt(epoch),
      depth: state.depth,
      root: state.root,
      aggregateX: state.aggregate.X,
      aggregateY: state.aggregate.Y,
      active: committed.active,
      total: committed.total,
    },
    entries,
    entry: (index) => {
      const found = entries.get(index);
      const key = keys.get(index);
      if (found === undefined || key === undefined) {
        throw new RestakingError("NOT_FOUND", `nobody has index ${index} in epoch ${epoch}`, { index, epoch });
      }
      return { index, operator: found.operator as Address, key, weights: found.weights, path: tree.path(index) };
    },
  };
}

function bytesOf({ X, Y }: { readonly X: bigint; readonly Y: bigint }): Hex {
  return concat([numberToHex(X, { size: 32 }), numberToHex(Y, { size: 32 })]);
}
