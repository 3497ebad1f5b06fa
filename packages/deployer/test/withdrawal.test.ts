import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileOwnContracts, ownContract, packageContract } from "@altlayer/contracts";
import {
  type Abi,
  type Account,
  type Chain,
  concatHex,
  createPublicClient,
  createWalletClient,
  defineChain,
  encodeAbiParameters,
  type Hex,
  http,
  keccak256,
  parseEther,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import {
  chainConfig,
  getWithdrawals,
  publicActionsL1,
  publicActionsL2,
  walletActionsL1,
  walletActionsL2,
} from "viem/op-stack";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  buildL2Genesis,
  type Deployment,
  deployL1Contracts,
  developmentParameters,
  EIP1559_DEFAULTS,
  feeVaultsTo,
  forkTimesAtGenesis,
  MULTICALL3_ADDRESS,
} from "../src/index.ts";
import { type Anvil, startAnvil } from "./anvil.ts";
import { ACCOUNTS, ROLES } from "./fixtures.ts";

/**
 * The contracts alone, without a node: our genesis on one anvil, the deployment on another, and viem between them as a
 * wallet would use it. What a node adds, deriving the deposit and proposing, the test does by hand.
 */
let l1Anvil: Anvil;
let l2Anvil: Anvil;
let directory: string;
let deployment: Deployment;
let chains: { l1: Chain; l2: Chain };

const MESSAGE_PASSER = "0x4200000000000000000000000000000000000016";
const WITHDRAWN_WEI = parseEther("0.25");
const ZERO_HASH: Hex = `0x${"00".repeat(32)}`;

beforeAll(async () => {
  compileOwnContracts();
  directory = await mkdtemp(join(tmpdir(), "altlayer-withdrawal-"));
  l1Anvil = await startAnvil(["--block-time", "1", "--gas-limit", "200000000"]);
  const parameters = developmentParameters(ROLES);
  deployment = await deployL1Contracts(
    { parameters },
    { l1: { rpcUrl: l1Anvil.url, privateKey: ACCOUNTS.owner.privateKey } },
  );
  const { genesis } = buildL2Genesis({
    l1ChainId: deployment.l1ChainId,
    l2ChainId: ROLES.l2ChainId,
    anchor: deployment.anchor,
    addresses: deployment.addresses,
    owner: ACCOUNTS.owner.address,
    gasLimit: parameters.gasLimit,
    forkTimes: forkTimesAtGenesis("holocene"),
    eip1559Defaults: EIP1559_DEFAULTS,
    feeVaults: feeVaultsTo(ACCOUNTS.owner.address),
    balances: { [ACCOUNTS.user.address]: parseEther("10") },
  });
  const path = join(directory, "genesis.json");
  await writeFile(path, JSON.stringify(genesis));
  l2Anvil = await startAnvil(["--init", path, "--chain-id", String(ROLES.l2ChainId)]);
  const ether = { name: "Ether", symbol: "ETH", decimals: 18 };
  const l1 = defineChain({
    id: deployment.l1ChainId,
    name: "L1",
    nativeCurrency: ether,
    rpcUrls: { default: { http: [l1Anvil.url] } },
    contracts: { multicall3: { address: MULTICALL3_ADDRESS } },
  });
  const at = (address: Hex) => ({ [l1.id]: { address } });
  const l2 = defineChain({
    ...chainConfig,
    id: ROLES.l2ChainId,
    name: "L2",
    nativeCurrency: ether,
    rpcUrls: { default: { http: [l2Anvil.url] } },
    sourceId: l1.id,
    contracts: {
      ...chainConfig.contracts,
      portal: at(deployment.addresses.OptimismPortalProxy),
      disputeGameFactory: at(deployment.addresses.DisputeGameFactoryProxy),
      l1StandardBridge: at(deployment.addresses.L1StandardBridgeProxy),
    },
  });
  chains = { l1, l2 };
}, 240_000);
afterAll(async () => {
  await Promise.all([l1Anvil?.stop(), l2Anvil?.stop()]);
  await rm(directory, { recursive: true, force: true });
});

function actors() {
  const user: Account = privateKeyToAccount(ACCOUNTS.user.privateKey);
  const proposer = privateKeyToAccount(ACCOUNTS.proposer.privateKey);
  const options = { pollingInterval: 100 };
  return {
    user,
    proposer,
    l1: createPublicClient({ chain: chains.l1, transport: http(), ...options }).extend(publicActionsL1()),
    l2: createPublicClient({ chain: chains.l2, transport: http(), ...options }).extend(publicActionsL2()),
    wallet1: createWalletClient({ account: user, chain: chains.l1, transport: http(), ...options }).extend(
      walletActionsL1(),
    ),
    wallet2: createWalletClient({ account: user, chain: chains.l2, transport: http(), ...options }).extend(
      walletActionsL2(),
    ),
    proposerWallet: createWalletClient({ account: proposer, chain: chains.l1, transport: http(), ...options }),
  };
}

test("a wallet deposits, withdraws, proves and is paid, by viem's own actions", async () => {
  const { user, l1, l2, wallet1, wallet2, proposerWallet } = actors();
  const { addresses } = deployment;

  // Deposit: the ether stays in the portal, and the event tells L2 of it.
  const depositHash = await wallet1.depositTransaction({
    request: { gas: 100_000n, mint: parseEther("1"), to: user.address, value: parseEther("1") },
    targetChain: chains.l2 as never,
  });
  const deposit = await l1.waitForTransactionReceipt({ hash: depositHash });
  expect(deposit.status).toBe("success");
  expect(await l1.getBalance({ address: addresses.OptimismPortalProxy })).toBe(parseEther("1"));

  // Withdrawal on L2, where the message passer stands as in our genesis.
  const withdrawalHash = await wallet2.initiateWithdrawal({
    request: { gas: 100_000n, to: user.address, value: WITHDRAWN_WEI },
  });
  const receipt = await l2.waitForTransactionReceipt({ hash: withdrawalHash });
  expect(getWithdrawals(receipt)).toHaveLength(1);
  const status = () => l1.getWithdrawalStatus({ receipt, targetChain: chains.l2 as never, gameLimit: 10 });
  expect(await status()).toBe("waiting-to-prove");

  // The proposer's part: a game whose root claim is the output root of a later L2 block.
  await l2.request({ method: "evm_mine" } as never);
  const block = await l2.getBlock();
  const proof = await l2.getProof({ address: MESSAGE_PASSER, storageKeys: [], blockNumber: block.number });
  const outputRoot = keccak256(concatHex([ZERO_HASH, block.stateRoot, proof.storageHash, block.hash]));
  const createHash = await proposerWallet.writeContract({
    address: addresses.DisputeGameFactoryProxy,
    abi: packageContract("DisputeGameFactory").abi as Abi,
    functionName: "create",
    args: [1, outputRoot, encodeAbiParameters([{ type: "uint256" }], [block.number])],
  });
  expect((await l1.waitForTransactionReceipt({ hash: createHash })).status).toBe("success");
  const games = await l1.getGames({ targetChain: chains.l2 as never, limit: 10 });
  expect(games).toHaveLength(1);
  expect(games[0]?.l2BlockNumber).toBe(block.number);

  const { game, withdrawal } = await l1.waitToProve({ receipt, targetChain: chains.l2 as never });
  // A proof must be younger than its game by a second at least (OptimismPortal2, strict comparison).
  const proveRequest = await l2.buildProveWithdrawal({ game, withdrawal });
  const proveHash = await wallet1.proveWithdrawal({ ...proveRequest, targetChain: chains.l2 } as never);
  expect((await l1.waitForTransactionReceipt({ hash: proveHash })).status).toBe("success");
  expect(await status()).toBe("waiting-to-finalize");

  // Resolution, by anybody.
  const [, , gameAddress] = (await l1.readContract({
    address: addresses.DisputeGameFactoryProxy,
    abi: packageContract("DisputeGameFactory").abi as Abi,
    functionName: "gameAtIndex",
    args: [0n],
  })) as [number, bigint, Hex];
  const gameAbi = ownContract("PermissionedDisputeGame").abi as Abi;
  for (const [functionName, args] of [
    ["resolveClaim", [0n, 0n]],
    ["resolve", []],
  ] as const) {
    const hash = await proposerWallet.writeContract({ address: gameAddress, abi: gameAbi, functionName, args });
    expect((await l1.waitForTransactionReceipt({ hash })).status, functionName).toBe("success");
  }
  await expect.poll(status, { timeout: 20_000, interval: 500 }).toBe("ready-to-finalize");

  const before = await l1.getBalance({ address: addresses.OptimismPortalProxy });
  const finalizeHash = await wallet1.finalizeWithdrawal({ withdrawal, targetChain: chains.l2 } as never);
  expect((await l1.waitForTransactionReceipt({ hash: finalizeHash })).status).toBe("success");
  expect(before - (await l1.getBalance({ address: addresses.OptimismPortalProxy }))).toBe(WITHDRAWN_WEI);
  expect(await status()).toBe("finalized");
}, 240_000);
