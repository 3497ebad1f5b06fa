import { ownContract } from "@altlayer/contracts";
import { type Abi, createPublicClient, createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { startAnvilL1 } from "../anvil.ts";
import { deployTestChain, type Fork, KEYS } from "../chain.ts";
import { requireEqualChains, waitForHeight } from "../compare.ts";
import { StockError } from "../errors.ts";
import { startOpGeth, startOpNode } from "../nodes.ts";
import { startOurNode } from "../our-node.ts";
import { call, waitFor } from "../program.ts";
import type { Scenario } from "../scenario.ts";
import { startTraffic } from "../traffic.ts";

const GAS_LIMIT_FIRST = 300_000_000;
const GAS_LIMIT_LATER = 450_000_000;

/** The extended SystemConfig in use: gas limits above the package's bound, scalars, and Holocene's fee parameters. */
export function systemConfigIsFollowed(fork: Fork): Scenario {
  return {
    name: `stock nodes follow our chain through changes of the system configuration (${fork})`,
    async run(context) {
      const l1 = context.started(await startAnvilL1({ hardfork: "prague" }));
      const chain = await deployTestChain({
        l1: { rpcUrl: l1.url, privateKey: KEYS.owner.key },
        fork,
        gasLimit: GAS_LIMIT_FIRST,
      });
      const ours = await startOurNode(context, {
        name: "ours",
        chain,
        l1Url: l1.url,
        sequencer: true,
        batcher: { dataAvailability: "calldata", batches: "span" },
      });
      const url = ours.rpc?.httpUrl ?? "";
      context.started(startTraffic(url));
      const follower = context.started(
        await startOpGeth({ directory: context.directory, genesis: chain.genesis.genesis }),
      );
      const node = context.started(
        await startOpNode({
          directory: context.directory,
          l1Url: l1.url,
          engineUrl: follower.engineUrl,
          jwtPath: follower.jwtPath,
          rollupConfig: chain.rollupJson,
        }),
      );
      const programs = [follower, node];
      await waitForHeight(url, "latest", 3);
      const change = async (functionName: string, args: readonly unknown[]) => {
        const account = privateKeyToAccount(KEYS.owner.key);
        const hash = await createWalletClient({ account, transport: http(l1.url) }).writeContract({
          chain: null,
          address: chain.deployment.addresses.SystemConfigProxy,
          abi: ownContract("SystemConfig").abi as Abi,
          functionName,
          args,
        });
        const receipt = await createPublicClient({ transport: http(l1.url) }).waitForTransactionReceipt({ hash });
        if (receipt.status !== "success") throw new StockError("MISMATCH", `${functionName} reverted`);
      };
      await change("setBlockGasLimit", [BigInt(GAS_LIMIT_LATER)]);
      await change("setGasConfigEcotone", [5_000, 700_000]);
      await change("setEIP1559Params", [100, 3]);
      const wanted = fork === "holocene" ? "0x000000006400000003" : "0x";
      const changed = await waitFor("the change reaches L2", async () => {
        const block = await call<{ number: string; gasLimit: string; extraData: string }>(url, "eth_getBlockByNumber", [
          "latest",
          false,
        ]);
        return Number(block.gasLimit) === GAS_LIMIT_LATER && block.extraData === wanted
          ? Number(block.number)
          : undefined;
      });
      const height = await waitForHeight(follower.url, "safe", changed + 3, { programs });
      await requireEqualChains(url, follower.url, height);
      context.note(`${height} equal blocks, changed at ${changed}`);
    },
  };
}
