import type { Hex } from "@altlayer/engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RpcServer, startRpcServer } from "../../src/rpc/server.ts";
import { CHAIN_ID, CONTRACT, chainConfig, RECEIVER, TestChain, wallet, word } from "./support/chain.ts";
import { call, postRaw, type RpcReply } from "./support/client.ts";

/** Ten thousand random filters against a scan of all receipts. */

const BLOCKS = 60;
const QUERIES = 10_000;
const BATCH = 500;
const TOPICS = 6;
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

interface Log {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly blockNumber: Hex;
  readonly blockHash: Hex;
}

let chain: TestChain;
let server: RpcServer;
const all: Log[] = [];

/** Mulberry32: small, seeded, good enough to choose filters. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const next = random(SEED);
const below = (limit: number) => Math.floor(next() * limit);

beforeAll(async () => {
  chain = await TestChain.open();
  server = await startRpcServer(
    {},
    {
      engine: chain.engine,
      node: { chainId: CHAIN_ID, chainConfig, clientVersion: "altlayer/test", syncing: () => false, peers: () => [] },
    },
  );
  for (let block = 0; block < BLOCKS; block++) {
    const transactions: Hex[] = [];
    for (let count = below(5); count > 0; count--) {
      transactions.push(await chain.sign({ to: CONTRACT, data: word(1 + below(TOPICS)) }));
    }
    await chain.mine(transactions);
  }
  for (let number = 0; number <= BLOCKS; number++) {
    const { result } = await call(server.httpUrl, "eth_getBlockReceipts", [`0x${number.toString(16)}`]);
    all.push(...(result as { logs: Log[] }[]).flatMap((receipt) => receipt.logs));
  }
}, 60_000);

afterAll(async () => {
  await server?.close();
  await chain?.close();
});

interface RandomFilter {
  readonly fromBlock?: Hex;
  readonly toBlock?: Hex;
  readonly blockHash?: Hex;
  readonly address?: Hex | readonly Hex[];
  readonly topics?: readonly (null | Hex | readonly Hex[])[];
}

function randomFilter(): RandomFilter {
  const topic = () => word(1 + below(TOPICS + 1));
  const addresses = [undefined, CONTRACT, [CONTRACT, RECEIVER], RECEIVER, [wallet.address]] as const;
  const topicLists = [undefined, [], [null], [topic()], [[topic(), topic()]], [topic(), null], [[]]] as const;
  const address = addresses[below(addresses.length)];
  const topics = topicLists[below(topicLists.length)];
  const rest = { ...(address === undefined ? {} : { address }), ...(topics === undefined ? {} : { topics }) };
  const known = all[below(all.length)];
  if (known !== undefined && below(4) === 0) return { blockHash: known.blockHash, ...rest };
  const from = below(BLOCKS + 3);
  const to = from + below(BLOCKS);
  return { fromBlock: `0x${from.toString(16)}`, toBlock: `0x${to.toString(16)}`, ...rest };
}

function scan(filter: RandomFilter): Log[] {
  const addresses = [filter.address ?? []].flat().map((one) => one.toLowerCase());
  return all.filter((log) => {
    const number = Number(log.blockNumber);
    if (filter.blockHash !== undefined && log.blockHash !== filter.blockHash) return false;
    if (number < Number(filter.fromBlock ?? 0) || number > Number(filter.toBlock ?? BLOCKS)) return false;
    if (addresses.length > 0 && !addresses.includes(log.address.toLowerCase())) return false;
    return (filter.topics ?? []).every((wanted, position) => {
      const topic = log.topics[position];
      if (wanted === null || (Array.isArray(wanted) && wanted.length === 0)) return position < log.topics.length;
      return topic !== undefined && [wanted].flat().includes(topic);
    });
  });
}

test(`ten thousand filters find what a scan finds (SEED=${SEED})`, async () => {
  let matches = 0;
  let empty = 0;
  for (let done = 0; done < QUERIES; done += BATCH) {
    const filters = Array.from({ length: BATCH }, randomFilter);
    const body = filters.map((filter, id) => ({ jsonrpc: "2.0", id, method: "eth_getLogs", params: [filter] }));
    const replies = JSON.parse((await postRaw(server.httpUrl, JSON.stringify(body))).text) as RpcReply[];
    for (const [index, filter] of filters.entries()) {
      const expected = scan(filter);
      expect(replies[index]?.result, JSON.stringify(filter)).toEqual(expected);
      matches += expected.length;
      if (expected.length === 0) empty++;
    }
  }
  // The generator reached both sides.
  expect(matches).toBeGreaterThan(QUERIES);
  expect(empty).toBeGreaterThan(QUERIES / 20);
}, 120_000);
