import { bn254 } from "@altlayer/engine";
import { abiOf, proveContradiction, recordEvidence } from "@altlayer/restaking";
import {
  type Address,
  bytesToHex,
  createPublicClient,
  createWalletClient,
  custom,
  decodeFunctionResult,
  encodeFunctionResult,
  erc20Abi,
  type Hex,
  hexToBytes,
  http,
  keccak256,
  parseEther,
  toBytes,
  toFunctionSelector,
  toHex,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { anvil as chain } from "viem/chains";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  DistributionTree,
  isSdkError,
  keyInfo,
  operatorActions,
  stakerActions,
  stakerStatus,
  stakingActions,
} from "../src/index.ts";
import { amountOf } from "../src/staking/stake.ts";
import { startWorld, type World } from "./support/world.ts";

const MNEMONIC = "test test test test test test test test test test test junk";
const DELAY = 200;
const TIMEOUT_MS = 120_000;

let world: World;
const accountAt = (addressIndex: number) => mnemonicToAccount(MNEMONIC, { addressIndex });
const [deployer, staker, newcomer] = [0, 7, 8].map(accountAt) as [Account, Account, Account];
type Account = ReturnType<typeof accountAt>;

beforeAll(async () => {
  world = await startWorld({ deallocationDelay: DELAY });
}, TIMEOUT_MS);
afterAll(() => world?.stop());

const avs = () => world.suite.registrar;
const l1 = () =>
  createPublicClient({ chain, transport: http(world.anvil.url), pollingInterval: 20, cacheTime: 0 }).extend(
    stakingActions({ avs: avs() }),
  );
/** The wallet alone: it reads by its own RPC, as an injected one can. */
const walletOf = (account: Account) =>
  createWalletClient({ account, chain, transport: http(world.anvil.url), pollingInterval: 20 });
const stakes = (account: Account) => walletOf(account).extend(stakerActions({ avs: avs() }));
const operates = (account: Account) => walletOf(account).extend(operatorActions({ avs: avs() }));
const give = (to: Address, amount: bigint) =>
  world.send(deployer, world.services.alt, erc20Abi, "transfer", [to, amount]);

async function errorOf(work: Promise<unknown>) {
  try {
    await work;
    return "none";
  } catch (error) {
    return isSdkError(error) ? { code: error.code, error: error.details.error } : error;
  }
}

test("a service is found by its AVS address alone", async () => {
  const service = await l1().getStakingService();
  const { core, suite, strategy, services } = world;
  for (const [name, address] of Object.entries(service.core)) {
    expect(address, name).toBe(core[name as keyof typeof core]);
  }
  for (const [name, value] of Object.entries(service.suite))
    expect(value, name).toBe(suite[name as keyof typeof suite]);
  expect(service.strategies).toEqual([
    { strategy, token: services.alt, symbol: "ALT", decimals: 18, class: 0, multiplier: 10n ** 18n },
  ]);
  const elsewhere = walletOf(staker).extend(stakingActions({ avs: staker.address }));
  expect(await errorOf(elsewhere.getStakingService())).toMatchObject({ code: "SERVICE_UNKNOWN" });
});

test(
  "an operator that contradicts itself is listed with what it lost",
  async () => {
    const culprit = world.operators[3] as World["operators"][number];
    expect((await l1().getSlashes()).slashes).toEqual([]);
    const message = await world.message();
    const { core } = message;
    const other = { ...message, core: { ...core, blockHash: keccak256("0x0b"), outputRoot: keccak256("0x0c") } };
    const signed = [message, other].map((each) => ({
      message: each,
      signature: bytesToHex(bn254.sign(culprit.secret, hexToBytes(world.digests.message(each)))),
    }));
    const [one, two] = signed as [(typeof signed)[number], (typeof signed)[number]];
    const proof = await proveContradiction(one.message, two.message, { digests: world.digests });
    if (!proof) throw new TypeError("no contradiction");
    const context = { ...(await l1().getStakingService()), core: world.core, suite: world.suite };
    const evidence = {
      kind: "signatures" as const,
      operator: culprit.account.address,
      first: one,
      second: two,
      proof,
    };
    const clients = { publicClient: world.l1, walletClient: walletOf(newcomer) };
    const { faultId } = await recordEvidence({ context, evidence }, clients);
    const { slashes } = await l1().getSlashes();
    expect(slashes).toMatchObject([{ operator: culprit.account.address, faultId, shares: [parseEther("10")] }]);
    expect(slashes[0]?.slashedAt).toBeGreaterThanOrEqual(slashes[0]?.convictedAt ?? Number.POSITIVE_INFINITY);
    expect((await l1().getOperators()).map(({ operator }) => operator)).not.toContain(culprit.account.address);
  },
  TIMEOUT_MS,
);

describe("a staker", () => {
  test(
    "deposits, delegates, and the operator's weight follows",
    async () => {
      const { strategy, operators } = world;
      const operator = (operators[0] as World["operators"][number]).account.address;
      const wallet = stakes(staker);
      expect(await errorOf(wallet.deposit({ strategy, amount: 1n }))).toMatchObject({ code: "CONFLICT" });
      await give(staker.address, parseEther("3"));
      const steps: string[] = [];
      const receipts = await wallet.deposit({
        strategy,
        amount: parseEther("2"),
        onStep: ({ call, index, count, state }) => steps.push(`${index + 1}/${count} ${call.label}: ${state}`),
      });
      expect(receipts.map(({ status }) => status)).toEqual(["success", "success"]);
      expect(steps).toEqual([
        "1/2 approve the deposit: signing",
        "1/2 approve the deposit: mining",
        "1/2 approve the deposit: done",
        "2/2 deposit: signing",
        "2/2 deposit: mining",
        "2/2 deposit: done",
      ]);
      // Addresses in any case: pages keep them in lower case.
      await wallet.delegate({ operator: operator.toLowerCase() as Address });
      expect(await wallet.delegate({ operator })).toEqual([]);
      const other = (operators[1] as World["operators"][number]).account.address;
      expect(await errorOf(wallet.delegate({ operator: other }))).toMatchObject({ code: "CONFLICT" });

      const { delegatedTo, positions } = await l1().getStake({ staker: staker.address });
      expect(delegatedTo).toBe(operator);
      expect(positions).toMatchObject([{ balance: parseEther("1"), deposited: parseEther("2"), symbol: "ALT" }]);
      const before = await l1().getOperators();
      expect(before.map(({ index }) => index)).toEqual([0, 1, 2]);
      expect(before[0]).toMatchObject({
        operator,
        weight: [parseEther("30")],
        stake: [{ strategy, shares: parseEther("32"), slashable: parseEther("32") }],
        convictedBy: null,
      });
      await operates(staker).refreshWeights({ operators: [operator] });
      const [after] = await l1().getOperators();
      expect(after?.weight).toEqual([parseEther("32")]);
      expect((await l1().getServiceStatus()).active).toEqual([parseEther("82")]);
    },
    TIMEOUT_MS,
  );

  test(
    "withdraws: the wait is shown, and nothing is paid before it is over",
    async () => {
      const { strategy, services } = world;
      const wallet = stakes(staker);
      expect(await errorOf(wallet.queueWithdrawal({ strategy, depositShares: parseEther("5") }))).toMatchObject({
        code: "CONFLICT",
      });
      await wallet.queueWithdrawal({ strategy: strategy.toLowerCase() as Address, depositShares: parseEther("1") });
      const { withdrawals, withdrawalDelay, l1Block } = await l1().getStake({ staker: staker.address });
      expect(withdrawalDelay).toBe(DELAY);
      expect(withdrawals).toHaveLength(1);
      const [waiting] = withdrawals as [(typeof withdrawals)[number]];
      expect(waiting.amounts).toEqual([parseEther("1")]);
      expect(waiting.blocksLeft).toBe(waiting.completableAt - l1Block);
      expect(waiting.blocksLeft).toBeLessThanOrEqual(DELAY + 1);
      expect(await wallet.completeWithdrawals({})).toEqual([]);
      await world.mine(waiting.blocksLeft);
      expect((await l1().getStake({ staker: staker.address })).withdrawals).toMatchObject([
        { blocksLeft: 0, secondsLeft: 0 },
      ]);
      expect(await wallet.completeWithdrawals({})).toHaveLength(1);
      expect(
        await world.l1.readContract({
          ...{ address: services.alt, abi: erc20Abi, functionName: "balanceOf", args: [staker.address] },
        }),
      ).toBe(parseEther("2"));

      await wallet.undelegate({});
      const left = await l1().getStake({ staker: staker.address });
      expect(left).toMatchObject({ delegatedTo: null, withdrawals: [{ amounts: [parseEther("1")] }] });
      expect(await wallet.undelegate({})).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test("with ether that its validators restaked: EigenLayer lists it among the deposits, and no contract stands behind it", async () => {
    const native = "0xbeaC0eeEeeeeEEeEeEEEEeeEEeEeeeEeeEEBEaC0";
    const dm = abiOf("DelegationManager");
    // The development core has no pods: the list is the real one with the entry that EigenLayer's has.
    const request = async ({ method, params }: { method: string; params?: unknown }) => {
      const answer = await world.l1.request({ method, params } as never);
      const [call] = (params ?? []) as [{ readonly data?: Hex }?];
      const asked = toFunctionSelector("getDepositedShares(address)");
      if (method !== "eth_call" || !call?.data?.startsWith(asked)) return answer;
      const list = { abi: dm, functionName: "getDepositedShares" };
      const [strategies, shares] = decodeFunctionResult({ ...list, data: answer }) as [Address[], bigint[]];
      return encodeFunctionResult({
        ...list,
        result: [
          [...strategies, native],
          [...shares, parseEther("32")],
        ],
      });
    };
    const client = createPublicClient({ chain, transport: custom({ request }) });
    const { core } = world;
    const { deposits } = await stakerStatus({ core, staker: staker.address }, client);
    expect(deposits.at(-1)).toMatchObject({ strategy: native, token: native, depositShares: parseEther("32") });
    expect(await amountOf(native, parseEther("32"), client)).toBe(parseEther("32"));
  });

  test(
    "what the core refuses comes by the contract's own name, before anything is sent",
    async () => {
      const { core, strategy } = world;
      const sm = abiOf("StrategyManager");
      await world.send(deployer, core.strategyManager, sm, "pause", [1n]);
      const nonce = await world.l1.getTransactionCount({ address: staker.address });
      const refused = await errorOf(stakes(staker).deposit({ strategy, amount: parseEther("1") }));
      await world.send(deployer, core.strategyManager, sm, "unpause", [0n]);
      expect(refused).toMatchObject({ code: "REFUSED", error: "CurrentlyPaused" });
      // The approval is a transaction of its own.
      expect(await world.l1.getTransactionCount({ address: staker.address })).toBeLessThanOrEqual(nonce + 1);
    },
    TIMEOUT_MS,
  );

  test(
    "claims what a rewards root gives it, once",
    async () => {
      const { core, services } = world;
      const { alt } = services;
      const amount = parseEther("7");
      await give(core.rewardsCoordinator, amount);
      const tree = new DistributionTree(new Map([[staker.address, new Map([[alt, amount]])]]));
      const { timestamp } = await world.l1.getBlock();
      await world.mine(1);
      await world.send(deployer, core.rewardsCoordinator, abiOf("RewardsCoordinator"), "submitRoot", [
        tree.root,
        Number(timestamp) - 1,
      ]);
      await world.mine(1);
      // A root that this chain's submissions do not give cannot be computed: it is somebody's word.
      expect(await errorOf(l1().getRewards({ earner: staker.address }))).toMatchObject({ code: "CLAIM_NEEDED" });
      const claim = tree.claim(staker.address, 0) as NonNullable<ReturnType<typeof tree.claim>>;
      expect(await l1().getRewards({ earner: staker.address, claim })).toEqual([{ token: alt, amount }]);
      const before = (await l1().getStake({ staker: staker.address })).positions[0]?.balance ?? 0n;
      await stakes(staker).claimRewards({ claim });
      expect((await l1().getStake({ staker: staker.address })).positions[0]?.balance).toBe(before + amount);
      expect(await l1().getRewards({ earner: staker.address, claim })).toEqual([{ token: alt, amount: 0n }]);
      expect(await stakes(staker).claimRewards({ claim })).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe("an operator", () => {
  test(
    "registers, stakes, allocates, joins and leaves",
    async () => {
      const { strategy } = world;
      const operator = newcomer.address;
      const wallet = operates(newcomer);
      await wallet.registerOperator({ allocationDelay: 0 });
      expect(await wallet.registerOperator({ allocationDelay: 0 })).toEqual([]);
      const secret = bn254.deriveSecret(
        toBytes(keccak256(toHex("newcomer"))),
        keyInfo({ l1ChainId: chain.id, avs: avs(), operatorSetId: 0 }),
      );
      await wallet.registerKey({ secret, bn254 });
      expect(await wallet.registerKey({ secret, bn254 })).toEqual([]);
      await give(operator, parseEther("4"));
      await stakes(newcomer).deposit({ strategy, amount: parseEther("4") });
      expect(await errorOf(wallet.joinService({}))).toMatchObject({ code: "REFUSED", error: "BelowMinimum" });
      await wallet.allocate({ wad: 5n * 10n ** 17n });
      expect(await l1().getAllocations({ operator })).toMatchObject([
        { strategy, current: 5n * 10n ** 17n, pending: 0n },
      ]);
      await wallet.joinService({});
      expect(await l1().getOperator({ operator })).toMatchObject({
        ...{ registered: true, keyRegistered: true, member: true, convictedBy: null },
        table: { weight: [parseEther("2")] },
      });
      expect((await l1().getOperators()).find((each) => each.operator === operator)?.stake).toEqual([
        { strategy, shares: parseEther("4"), slashable: parseEther("2") },
      ]);
      await wallet.leaveService({});
      expect(await l1().getOperator({ operator })).toMatchObject({ member: false, slashable: true });
    },
    TIMEOUT_MS,
  );
});
