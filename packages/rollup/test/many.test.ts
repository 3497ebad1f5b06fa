import { mnemonicToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RollupNode } from "../src/node/node.ts";
import { type Chain, type Devnet, startDevnet } from "./support/devnet.ts";
import { until } from "./support/until.ts";

const ROLLUPS = 10;
const FIRST_CHAIN_ID = 1_000;
/** The development accounts that anvil funds; none but the batchers uses them here. */
const batcherOf = (index: number) =>
  mnemonicToAccount("test test test test test test test test test test test junk", { addressIndex: index });

let devnet: Devnet;
beforeAll(async () => {
  devnet = await startDevnet({ blockTime: 2 });
}, 120_000);
afterAll(() => devnet?.close(), 60_000);

/** A rollup of its own on the devnet's contracts: chain id, inbox and batcher tell it from the others. */
function chainOf(index: number): Chain {
  const l2ChainId = FIRST_CHAIN_ID + index;
  const { rollup, genesis } = devnet;
  const { systemConfig } = rollup.genesis;
  const batcherAddress = batcherOf(index).address.toLowerCase() as `0x${string}`;
  return {
    rollup: {
      ...rollup,
      l2ChainId,
      batchInboxAddress: `0x00${l2ChainId.toString().padStart(38, "0")}`,
      genesis: { ...rollup.genesis, systemConfig: { ...systemConfig, batcherAddress } },
    },
    genesisJson: JSON.stringify({ ...genesis.genesis, config: { ...genesis.genesis.config, chainId: l2ChainId } }),
  };
}

function start(index: number): Promise<RollupNode> {
  const name = `ALTLAYER_TEST_BATCHER_${index}`;
  process.env[name] = `0x${Buffer.from(batcherOf(index).getHdKey().privateKey ?? []).toString("hex")}`;
  const role = {
    sequencer: { confirmations: 0, sliceMs: 100 },
    batcher: { key: { kind: "env", name }, dataAvailability: "calldata", maxChannelMs: 2_000, pollMs: 500 },
  } as const;
  return devnet.node(`rollup-${index}`, role, {}, chainOf(index));
}

async function ask(node: RollupNode, method: string): Promise<unknown> {
  const response = await fetch(node.rpc?.httpUrl ?? "", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [] }),
  });
  return ((await response.json()) as { result: unknown }).result;
}

test("ten rollups run beside each other in one process, and the end of one leaves the others alone", async () => {
  const nodes = await Promise.all(Array.from({ length: ROLLUPS }, (_, index) => start(index)));
  const safe = (node: RollupNode) => node.engine.heads().safe.number;
  // Each has sequenced, batched and derived its own blocks.
  await until(() => nodes.every((node) => safe(node) >= 2), 120_000);
  const ids = await Promise.all(nodes.map((node) => ask(node, "eth_chainId")));
  expect(ids).toEqual(nodes.map((_, index) => `0x${(FIRST_CHAIN_ID + index).toString(16)}`));
  expect(new Set(nodes.map((node) => node.rpc?.port)).size).toBe(ROLLUPS);

  const [first, ...others] = nodes;
  await first?.close();
  await expect(ask(first as RollupNode, "eth_chainId")).rejects.toThrow();
  const before = others.map(safe);
  await until(() => others.every((node, index) => safe(node) > (before[index] ?? 0)), 120_000);

  // A closed one takes its directory up again, in the same process.
  const again = await start(0);
  expect(again.engine.heads().unsafe.number).toBeGreaterThanOrEqual(2);
}, 300_000);
