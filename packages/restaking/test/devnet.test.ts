import { bn254 } from "@altlayer/engine";
import { receiptOf } from "@altlayer/sdk";
import {
  type Abi,
  type Address,
  bytesToHex,
  concat,
  createPublicClient,
  createWalletClient,
  type Hex,
  http,
  keccak256,
  parseEther,
  toBytes,
  toHex,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { anvil as chain } from "viem/chains";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Anvil, startAnvil } from "../../deployer/test/anvil.ts";
import { abiOf, createSuite, deployCore, deployServices, type MachParams } from "../src/index.ts";

const KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const SYSTEM_CONFIG: Address = "0x00000000000000000000000000000000000000c5";
const STAKE = parseEther("100");
const DEALLOCATION_DELAY = 200;
let node: Anvil;

beforeAll(async () => {
  node = await startAnvil();
});
afterAll(() => node.stop());

test("core, ALT and a MACH suite on a development L1, and an operator that joins it", async () => {
  const account = privateKeyToAccount(KEY);
  const publicClient = createPublicClient({ chain, transport: http(node.url), pollingInterval: 20 });
  const walletClient = createWalletClient({ chain, transport: http(node.url), account });
  const clients = { publicClient, walletClient };
  const send = async (address: Address, abi: Abi, functionName: string, args: readonly unknown[]) => {
    const hash = await walletClient.writeContract({ address, abi, functionName, args });
    const receipt = await receiptOf(hash, publicClient);
    expect(receipt.status, functionName).toBe("success");
  };
  const read = <T>(address: Address, abi: Abi, functionName: string, args: readonly unknown[] = []) =>
    publicClient.readContract({ address, abi, functionName, args }) as Promise<T>;

  const core = await deployCore({ deallocationDelay: DEALLOCATION_DELAY }, clients);
  const services = await deployServices({ core, timelockDelayS: 0n, altSupply: parseEther("1000") }, clients);
  const strategies = abiOf("StrategyFactory");
  await send(core.strategyFactory, strategies, "deployNewStrategy", [services.alt]);
  const strategy = await read<Address>(core.strategyFactory, strategies, "deployedStrategies", [services.alt]);

  const mach: MachParams = {
    windows: { k: 1, epochLength: 4, undecided: 20, certificateAge: 32, evidenceWindow: 32, pauseSlack: 8 },
    strategies: [{ strategy, class: 0, multiplier: 10n ** 18n }],
    minimum: [parseEther("1")],
    slashWad: 10n ** 18n,
    rewardToken: services.alt,
    ratePerEpoch: parseEther("1"),
    bounty: parseEther("5"),
    bountyPeriod: 50,
    bountyClaims: 10,
    allowShortDelay: false,
    metadataURI: "ipfs://mach",
  };
  const rollup = { systemConfig: SYSTEM_CONFIG, l2ChainId: 901n, l2GenesisHash: keccak256(toHex("genesis")) };
  const salt = keccak256(toHex("salt"));
  const { suite, gasUsed } = await createSuite(
    { factory: services.factory, rollup, timelock: services.timelock, salt, mach },
    clients,
  );
  expect(gasUsed).toBeLessThan(5_000_000n);
  const am = abiOf("IAllocationManager");
  const set = { avs: suite.registrar, id: 0 };
  expect(await read(core.allocationManager, am, "getSlasher", [set])).toBe(suite.slasher);

  await send(core.delegationManager, abiOf("DelegationManager"), "registerAsOperator", [`0x${"00".repeat(20)}`, 0, ""]);
  await send(services.alt, abiOf("ALT"), "approve", [core.strategyManager, STAKE]);
  await send(core.strategyManager, abiOf("StrategyManager"), "depositIntoStrategy", [strategy, services.alt, STAKE]);
  await send(core.allocationManager, am, "modifyAllocations", [
    account.address,
    [{ operatorSet: set, strategies: [strategy], newMagnitudes: [10n ** 18n] }],
  ]);

  // The key: derived for this set, and proven to the KeyRegistrar by its own signature.
  const secret = bn254.deriveSecret(toBytes(keccak256(toHex("seed"))), toBytes("altlayer/mach/0"));
  const keys = bn254.publicKeys(secret);
  const keyData = concat([bytesToHex(keys.g1), bytesToHex(keys.g2)]);
  const keyRegistrar = abiOf("KeyRegistrar");
  const digest = await read<Hex>(core.keyRegistrar, keyRegistrar, "getBN254KeyRegistrationMessageHash", [
    account.address,
    set,
    keyData,
  ]);
  const proof = bytesToHex(bn254.sign(secret, toBytes(digest)));
  await send(core.keyRegistrar, keyRegistrar, "registerKey", [account.address, set, keyData, proof]);
  await send(core.allocationManager, am, "registerForOperatorSets", [
    account.address,
    { avs: suite.registrar, operatorSetIds: [0], data: "0x" },
  ]);
  await send(suite.registrar, abiOf("MachRegistrar"), "start", []);

  const table = abiOf("OperatorTable");
  const [member, index, , weight] = await read<[boolean, number, unknown, bigint[], number]>(
    suite.table,
    table,
    "entryOf",
    [account.address],
  );
  expect({ member, index, weight }).toEqual({ member: true, index: 0, weight: [STAKE] });
}, 60_000);

test("no core on a public chain", async () => {
  const mainnet = await startAnvil(["--chain-id", "1"]);
  try {
    const account = privateKeyToAccount(KEY);
    const publicClient = createPublicClient({ transport: http(mainnet.url) });
    const walletClient = createWalletClient({ transport: http(mainnet.url), account });
    await expect(deployCore({ deallocationDelay: 50 }, { publicClient, walletClient })).rejects.toThrow();
    expect(await publicClient.getCode({ address: "0x5FbDB2315678afecb367f032d93F642f64180aa3" })).toBeUndefined();
  } finally {
    await mainnet.stop();
  }
}, 60_000);
