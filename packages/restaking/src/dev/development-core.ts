import { packageContract } from "@altlayer/contracts";
import type { Address, Hex } from "viem";
import { type CoreAddresses, deployCore } from "../core.ts";
import { accountOf, type Clients, succeed } from "../deployment.ts";

/** In L1 blocks. Above the horizon of a service with an OP-Stack rollup's usual window of 3,600 blocks: slashable in time. */
const DEALLOCATION_DELAY = 10_000;

/**
 * A restaking core of our own on a development L1, without the waits of a public one, and WETH, which everybody with
 * ether makes by themselves, to stand in for an LST.
 * @throws RestakingError `TRANSACTION_REVERTED`, on public chains too: the contracts refuse them.
 */
export async function deployDevelopmentCore(
  clients: Clients,
): Promise<{ readonly core: CoreAddresses; readonly weth: Address }> {
  const core = await deployCore(
    { deallocationDelay: DEALLOCATION_DELAY, allocationConfigurationDelay: 0, slasherConfigurationDelay: 1 },
    clients,
  );
  const data: Hex = packageContract("WETH98").bytecode;
  const hash = await clients.walletClient.sendTransaction({ account: accountOf(clients), chain: null, data });
  const { contractAddress } = await succeed(hash, "deploying WETH", clients);
  return { core, weth: contractAddress as Address };
}
