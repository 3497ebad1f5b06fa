import { type CoreAddresses, deployCore } from "@altlayer/restaking";
import {
  type Address,
  concat,
  createPublicClient,
  createTestClient,
  createWalletClient,
  type Hex,
  http,
  keccak256,
  numberToHex,
} from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { anvil as chain } from "viem/chains";

/** In L1 blocks: EigenLayer's delays on mainnet, in the same proportions, so that waiting takes a moment here. */
export const DELAYS = { deallocation: 400, configuration: 500, slashResolution: 200 } as const;

export interface ForeignCore {
  readonly core: CoreAddresses;
  /** Deployed the core, pauses it, and makes its rewards roots: none of ours. */
  readonly owner: PrivateKeyAccount;
}

/**
 * A restaking core as somebody else runs it: deployed by an account that has nothing to do with the service, every
 * contract behind a proxy (so that code and address part, as EigenLayer's do), with the real delays, slashed funds that
 * rest, and the young chain's trap: slashing panics until the chain is older than the withdrawal delay.
 */
export async function deployForeignCore(url: string, ownerKey: Hex): Promise<ForeignCore> {
  const owner = privateKeyToAccount(ownerKey);
  const transport = http(url);
  const publicClient = createPublicClient({ chain, transport, pollingInterval: 20, cacheTime: 0 });
  const walletClient = createWalletClient({ chain, transport, account: owner });
  const core = await deployCore(
    {
      deallocationDelay: DELAYS.deallocation,
      allocationConfigurationDelay: DELAYS.configuration,
      slasherConfigurationDelay: DELAYS.configuration,
      slashResolutionDelay: DELAYS.slashResolution,
      rewardsIntervalS: 86_400,
      rewardsActivationS: 604_800,
    },
    { publicClient, walletClient },
  );
  const tester = createTestClient({ mode: "anvil", chain, transport });
  for (const address of Object.values(core)) {
    const code = await publicClient.getCode({ address });
    if (code === undefined) throw new TypeError(`no code at ${address}`);
    const implementation = `0x${keccak256(address).slice(-40)}` as const;
    await tester.setCode({ address: implementation, bytecode: code });
    const delay = address === core.delegationManager ? DELAYS.deallocation : 0;
    await tester.setCode({ address, bytecode: proxyCode(implementation, delay) });
  }
  return { core, owner };
}

/** `slashOperatorShares(address,(address,uint32),uint256,address,uint64,uint64)`: what a slash calls. */
const SLASH_SELECTOR: Hex = "0x5ae679a7";
/** `Panic(uint256)` of an arithmetic underflow, which EigenLayer's block number less its delay gives. */
const PANIC: Hex = `0x4e487b71${"00".repeat(28)}`;

/** EVM code that hands every call on, but panics at a slash in one of the first `delay` blocks. */
function proxyCode(implementation: Address, delay: number): Hex {
  const word = (value: number) => numberToHex(value, { size: 4 });
  // calldata to memory; selector == SLASH; number <= delay; and: jump to the panic.
  const trap = (panic: Hex) =>
    concat(["0x365f5f375f3560e01c63", SLASH_SELECTOR, "0x1463", word(delay), "0x4311151661", panic, "0x57"]);
  // delegatecall with all gas; returndata to memory; success: jump to the return; else revert with it.
  const forward = (done: Hex) => concat(["0x5f5f365f73", implementation, "0x5af43d5f5f3e61", done, "0x573d5ffd"]);
  const at = (offset: number) => numberToHex(offset, { size: 2 });
  const sizeOf = (code: Hex) => (code.length - 2) / 2;
  const returned: Hex = "0x5b3d5ff3";
  const done = sizeOf(trap("0x0000")) + sizeOf(forward("0x0000"));
  const panicked = concat(["0x5b7f", PANIC, "0x5f526011600452", "0x60245ffd"]);
  return concat([trap(at(done + sizeOf(returned))), forward(at(done)), returned, panicked]);
}
