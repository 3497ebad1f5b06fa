import { createPublicClient, createWalletClient, http, parseEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { startAnvilL1 } from "../anvil.ts";
import type { Fork, TestChain } from "../chain.ts";
import { deployTestChain, KEYS } from "../chain.ts";
import { waitForHeight } from "../compare.ts";
import { StockError } from "../errors.ts";
import type { OpGeth, OpNode } from "../nodes.ts";
import { startOpBatcher, startOpGeth, startOpNode } from "../nodes.ts";
import { call, waitFor } from "../program.ts";
import type { Scenario, ScenarioContext } from "../scenario.ts";

const BLOCKS = 12;
export const DEPOSIT_WEI = parseEther("1.5");
/** An account that holds nothing before the deposit. */
export const RECIPIENT = "0x00000000000000000000000000000000000d3905";

/** Stock nodes sequence on our contracts and our genesis: the deployment's oracle. */
export function stockSequences(fork: Fork): Scenario {
  return {
    name: `stock op-node and op-geth sequence on our contracts (${fork})`,
    async run(context) {
      const l1 = context.started(await startAnvilL1({ hardfork: "prague" }));
      const chain = await deployTestChain({ l1: { rpcUrl: l1.url, privateKey: KEYS.owner.key }, fork });
      const { geth, node } = await startStockSequencer(context, chain, l1.url);
      await startStockBatcher(context, { l1Url: l1.url, geth, node, dataAvailability: "calldata", batches: "span" });
      await depositEther(l1.url, chain);
      const number = await waitFor(
        "the deposit arrives on L2",
        async () => {
          const balance = BigInt(await call<string>(geth.url, "eth_getBalance", [RECIPIENT, "latest"]));
          const height = Number(await call<string>(geth.url, "eth_blockNumber"));
          return balance === DEPOSIT_WEI && height >= BLOCKS ? height : undefined;
        },
        { timeoutMs: 90_000 },
      );
      const safe = await waitForHeight(geth.url, "safe", BLOCKS, { programs: [geth, node] });
      context.note(`${number} blocks, ${safe} safe`);
    },
  };
}

/** A stock op-node that builds blocks on a stock op-geth; both start on our files. */
export async function startStockSequencer(
  context: ScenarioContext,
  chain: TestChain,
  l1Url: string,
  beaconUrl?: string,
) {
  const geth = context.started(await startOpGeth({ directory: context.directory, genesis: chain.genesis.genesis }));
  assertGenesis(geth, chain);
  const node = context.started(
    await startOpNode({
      directory: context.directory,
      l1Url,
      ...(beaconUrl === undefined ? {} : { beaconUrl }),
      engineUrl: geth.engineUrl,
      jwtPath: geth.jwtPath,
      rollupConfig: chain.rollupJson,
      sequencer: { l1Confirmations: 0 },
    }),
  );
  await waitFor(
    "op-node sequences",
    async () => (Number(await call<string>(geth.url, "eth_blockNumber")) >= 2 ? true : undefined),
    { programs: [node, geth] },
  );
  return { geth, node };
}

export async function startStockBatcher(
  context: ScenarioContext,
  options: {
    l1Url: string;
    geth: { readonly url: string };
    node: OpNode;
    dataAvailability: "calldata" | "blobs";
    batches: "singular" | "span";
  },
) {
  const { l1Url, geth, node, dataAvailability, batches } = options;
  const privateKey = KEYS.batcher.key;
  return context.started(
    await startOpBatcher({ l1Url, l2Url: geth.url, rollupUrl: node.url, privateKey, dataAvailability, batches }),
  );
}

function assertGenesis(geth: OpGeth, chain: TestChain): void {
  if (geth.genesisHash === chain.genesis.hash) return;
  throw new StockError(
    "MISMATCH",
    `op-geth computes another genesis: ${geth.genesisHash} instead of ${chain.genesis.hash}`,
  );
}

/** Deposits ether through the portal to an account of its own. */
export async function depositEther(l1Url: string, chain: TestChain): Promise<void> {
  const account = privateKeyToAccount(KEYS.user.key);
  const wallet = createWalletClient({ account, transport: http(l1Url) });
  const hash = await wallet.sendTransaction({
    chain: null,
    to: chain.deployment.addresses.OptimismPortalProxy,
    value: DEPOSIT_WEI,
    gas: 400_000n,
    // depositTransaction(address,uint256,uint64,bool,bytes) of 1.5 ether, 100,000 gas, no data
    data: depositCall(),
  });
  const receipt = await createPublicClient({ transport: http(l1Url) }).waitForTransactionReceipt({
    hash,
    timeout: 30_000,
  });
  if (receipt.status !== "success") throw new StockError("MISMATCH", `the deposit ${hash} reverted`);
}

function depositCall(): `0x${string}` {
  const word = (value: bigint) => value.toString(16).padStart(64, "0");
  return `0xe9e05c42${[BigInt(RECIPIENT), DEPOSIT_WEI, 100_000n, 0n, 160n, 0n].map(word).join("")}`;
}
