import { bn254 } from "@altlayer/engine";
import type { RewardsReport } from "@altlayer/protocol";
import {
  type Address,
  bytesToHex,
  createWalletClient,
  custom,
  erc20Abi,
  getAddress,
  hexToBytes,
  parseAbi,
  parseEther,
} from "viem";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  abiOf,
  claimCalls,
  claimOf,
  DistributionTree,
  delegateCalls,
  depositCalls,
  type Earnings,
  epochTable,
  executeAll,
  Keeper,
  queueWithdrawalCalls,
  read,
  submitReportCall,
  submitRootCalls,
  table,
} from "../src/index.ts";
import { keyOf, startService, type TestService } from "./support/service.ts";

let service: TestService;
beforeAll(async () => {
  service = await startService();
}, 60_000);
afterAll(() => service.stop());

const balanceOf = (token: Address, who: Address) =>
  read<bigint>(service.publicClient, token, erc20Abi, "balanceOf", [who]);

test("operators certify a report, the updater makes the root, and operators and stakers claim their parts", async () => {
  const { service: context, operators, publicClient, clientsOf, mine, digests } = service;
  const { alt } = context.services!;
  const weth = context.strategies.find(({ symbol }) => symbol === "WETH")!;

  // A staker with a third of operator 0's WETH; ALT counts as stake, too.
  const staker = clientsOf(keyOf(9));
  const address = staker.walletClient.account!.address;
  const deposit = {
    core: context.core,
    staker: address,
    strategy: weth.strategy,
    amount: parseEther("50"),
    wrapEther: true,
  };
  await executeAll(await depositCalls(deposit, publicClient), staker);
  await executeAll(
    await delegateCalls({ core: context.core, staker: address, operator: operators[0]!.address }, publicClient),
    staker,
  );

  const keeper = new Keeper(context, { clients: clientsOf(keyOf(8)), log: { info: () => {}, warn: () => {} } });
  const start = Number(await table<bigint>(context, publicClient, "startBlock"));
  const head = Number(await publicClient.getBlockNumber({ cacheTime: 0 }));
  // To the block after epoch 2's end: its table commits epoch 1, the report's last.
  await keeper.tick(await mine(Math.max(1, start + 4 * 3 + 6 - head)));
  const report: RewardsReport = {
    firstEpoch: 0,
    lastEpoch: 1,
    operators: [...operators].map((each) => each.address).sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
    points: [1n, 1n, 1n, 1n],
  };
  const signers = [0, 1, 2];
  const secrets = signers.map((i) => hexToBytes(operators[i]!.blsSecret));
  const digest = hexToBytes(digests.report(report));
  const signed = {
    signers,
    signature: bytesToHex(bn254.sumG1(secrets.map((secret) => bn254.sign(secret, digest)))!),
    aggregateKey: bytesToHex(bn254.sumG2(secrets.map((secret) => bn254.publicKeys(secret).g2))!),
  };
  const epoch = await epochTable(context, 1, publicClient);
  await executeAll([submitReportCall(context, report, signed, epoch)], clientsOf(keyOf(8)));
  // Ten ALT an epoch, from the fund, in four parts.
  expect(await balanceOf(alt, context.core.rewardsCoordinator)).toBe(parseEther("20"));

  const updater = clientsOf(keyOf(0));
  await mine(2);
  await executeAll(await submitRootCalls(context, publicClient), updater);
  await mine(1);
  expect(await submitRootCalls(context, publicClient)).toEqual([]);

  const before = await balanceOf(alt, operators[0]!.address);
  await executeAll(
    await claimCalls({ ...context, earner: operators[0]!.address, recipient: operators[0]!.address }, publicClient),
    clientsOf(operators[0]!.privateKey),
  );
  await executeAll(await claimCalls({ ...context, earner: address, recipient: address }, publicClient), staker);
  // Operator 0 earned 5: a tenth for itself, the rest by stake, 50 of 100,150 the staker's.
  const shared = parseEther("4.5");
  const part = (shared * 50n) / 100_150n;
  expect(await balanceOf(alt, address)).toBe(part);
  const all = (await balanceOf(alt, operators[0]!.address)) - before + part;
  expect(all).toBe(parseEther("5"));
  // Nothing is claimed twice.
  expect(await claimCalls({ ...context, earner: address, recipient: address }, publicClient)).toEqual([]);
}, 60_000);

test("two services of one core: a root pays both, and none takes what the other paid", async () => {
  const { service: context, operators, publicClient, clientsOf, mine } = service;
  const { alt } = context.services!;
  const { core } = context;
  // Another service, of an AVS without contracts, with the same operator and the same token.
  const other = clientsOf(keyOf(7));
  const avs = other.walletClient.account!.address;
  const operator = operators[0]!.address;
  const strategy = context.strategies.find(({ symbol }) => symbol === "ALT")!.strategy;
  const paid = parseEther("3");
  const am = { address: core.allocationManager, abi: abiOf("IAllocationManager") };
  const rc = { address: core.rewardsCoordinator, abi: abiOf("RewardsCoordinator") };
  const token = { address: alt, abi: erc20Abi };
  await executeAll([{ label: "fill", ...token, functionName: "transfer", args: [avs, paid] }], clientsOf(keyOf(0)));
  const interval = await read<number>(publicClient, rc.address, rc.abi, "CALCULATION_INTERVAL_SECONDS");
  const { timestamp } = await publicClient.getBlock();
  const weth = context.strategies.find(({ symbol }) => symbol === "WETH")!.token;
  const submission = {
    strategiesAndMultipliers: [{ strategy, multiplier: 10n ** 18n }],
    token: alt,
    operatorRewards: [{ operator, amount: paid }],
    startTimestamp: (Math.floor((Number(timestamp) - 1) / interval) - 1) * interval,
    duration: interval,
    description: "another service",
  };
  const set = { avs, id: 0 };
  const created = [{ operatorSetId: 0, strategies: [strategy], slasher: avs }];
  const createSets = am.abi.filter((item) => item.type === "function" && item.name === "createOperatorSets");
  const withSlasher = createSets.filter((item) => JSON.stringify(item).includes('"slasher"'));
  await executeAll(
    [
      { label: "announce", ...am, functionName: "updateAVSMetadataURI", args: [avs, "ipfs://other"] },
      {
        label: "create",
        address: am.address,
        abi: withSlasher,
        functionName: "createOperatorSets",
        args: [avs, created],
      },
      { label: "approve", ...token, functionName: "approve", args: [rc.address, paid] },
      {
        label: "wrap",
        address: weth,
        abi: parseAbi(["function deposit() payable"]),
        functionName: "deposit",
        args: [],
        valueWei: paid,
      },
      { label: "approve", ...token, address: weth, functionName: "approve", args: [rc.address, paid] },
      {
        label: "pay",
        ...rc,
        functionName: "createOperatorDirectedOperatorSetRewardsSubmission",
        args: [set, [submission, { ...submission, token: weth }]],
      },
    ],
    other,
  );
  await mine(2);
  await executeAll(await submitRootCalls(context, publicClient), clientsOf(keyOf(0)));
  await mine(1);
  // The other service's keeper finds its own root there.
  expect(await submitRootCalls({ core }, publicClient)).toEqual([]);

  // What is paid in tokens of others' choice could refuse to move: it is not claimed together with the service's own.
  const earner = { ...context, earner: operator, recipient: operator };
  expect((await claimOf(earner, publicClient))?.tokenLeaves).toHaveLength(2);
  const [call] = await claimCalls(earner, publicClient);
  expect(call?.args).toMatchObject([{ tokenLeaves: [{ token: alt }] }, operator]);

  const holders = operators.map(({ address }) => address);
  const before = await Promise.all(holders.map((holder) => balanceOf(alt, holder)));
  for (const { address, privateKey } of operators) {
    await executeAll(
      await claimCalls({ ...context, earner: address, recipient: address }, publicClient),
      clientsOf(privateKey),
    );
  }
  const gained = (await Promise.all(holders.map((holder) => balanceOf(alt, holder)))).map((now, i) => now - before[i]!);
  // The first had claimed the service's before; it alone holds ALT behind itself. The others claim what they had open.
  expect(gained).toEqual([paid, parseEther("5"), parseEther("5"), parseEther("5")]);
}, 60_000);

test("after a slash stakers share by what it has left them, and who withdraws the rest shares no more", async () => {
  const { service: context, operators, publicClient, clientsOf, mine } = service;
  const { core, suite } = context;
  const weth = context.strategies.find(({ symbol }) => symbol === "WETH")!;
  const staker = clientsOf(keyOf(9));
  const address = staker.walletClient.account!.address;
  // Half of what operator 0 has in WETH, its own hundred and the staker's fifty.
  const impersonate = { method: "anvil_impersonateAccount", params: [suite.slasher] };
  const fill = { method: "anvil_setBalance", params: [suite.slasher, "0xde0b6b3a7640000"] };
  for (const request of [impersonate, fill]) await publicClient.request(request as never);
  const slashing = {
    operator: operators[0]!.address,
    operatorSetId: 0,
    strategies: [weth.strategy],
    wadsToSlash: [parseEther("0.5")],
    description: "half",
  };
  const slash = {
    label: "slash",
    address: core.allocationManager,
    abi: abiOf("IAllocationManager"),
    functionName: "slashOperator",
    args: [suite.registrar, slashing],
  };
  const slasher = createWalletClient({ account: suite.slasher, transport: custom(publicClient) });
  await executeAll([slash], { publicClient, walletClient: slasher });

  const earned = async () => {
    await mine(2);
    await executeAll(await submitRootCalls(context, publicClient), clientsOf(keyOf(0)));
    await mine(1);
    const claim = await claimOf({ ...context, earner: address }, publicClient);
    return claim?.tokenLeaves[0]?.cumulativeEarnings ?? 0n;
  };
  expect(await earned()).toBe((parseEther("4.5") * 25n) / 100_075n);

  const withdrawal = { core, staker: address, strategy: weth.strategy };
  await executeAll(await queueWithdrawalCalls(withdrawal, publicClient), staker);
  expect(await earned()).toBe(0n);
}, 60_000);

test.each([1, 2, 3, 5, 8])(
  "claims of %i earners are accepted by the core's own check",
  async (count) => {
    const { service: context, publicClient } = service;
    const earnings: Earnings = new Map(
      Array.from({ length: count }, (_, i) => [
        getAddress(`0x${(i + 1).toString(16).padStart(40, "0")}`),
        new Map(
          Array.from({ length: 1 + (i % 3) }, (_, t) => [
            getAddress(`0x${(t + 100).toString(16).padStart(40, "0")}`),
            BigInt(1000 * i + t + 1),
          ]),
        ),
      ]),
    );
    const tree = new DistributionTree(earnings);
    const rc = { address: context.core.rewardsCoordinator, abi: abiOf("RewardsCoordinator") };
    for (const earner of earnings.keys()) {
      const claim = tree.claim(earner, 0)!;
      const leaf = await publicClient.readContract({
        ...rc,
        functionName: "calculateEarnerLeafHash",
        args: [claim.earnerLeaf],
      });
      if (count === 1) expect(leaf).toBe(tree.root);
    }
    // Under this root of its own the core accepts each claim.
    const updater = service.clientsOf(keyOf(0));
    await service.mine(2);
    const end = Number((await publicClient.getBlock()).timestamp);
    await service.mine(2);
    const submit = { label: "root", ...rc, functionName: "submitRoot", args: [tree.root, end] };
    await executeAll([submit], updater);
    await service.mine(1);
    const index = Number(await read<bigint>(publicClient, rc.address, rc.abi, "getDistributionRootsLength")) - 1;
    for (const earner of earnings.keys()) {
      const args = [tree.claim(earner, index)];
      expect(await read<boolean>(publicClient, rc.address, rc.abi, "checkClaim", args)).toBe(true);
    }
    expect(tree.claim("0x00000000000000000000000000000000000000ff", 0)).toBeUndefined();
  },
  60_000,
);
