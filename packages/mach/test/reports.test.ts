import type { Hex, RewardsReport } from "@altlayer/protocol";
import { claimCalls, executeAll, Keeper, read, submitRootCalls } from "@altlayer/restaking";
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  erc20Abi,
  getAddress,
  http,
  type PublicClient,
  parseEther,
  toHex,
} from "viem";
import { mnemonicToAccount, privateKeyToAccount } from "viem/accounts";
import { anvil as chain } from "viem/chains";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { MachService } from "../src/index.ts";
import { Attacker } from "./support/attacker.ts";
import { Network, until } from "./support/network.ts";
import { at } from "./support/scripted-chain.ts";

const MNEMONIC = "test test test test test test test test test test test junk";
const accountOf = (addressIndex: number) =>
  privateKeyToAccount(toHex(mnemonicToAccount(MNEMONIC, { addressIndex }).getHdKey().privateKey as Uint8Array));
const EPOCH_ZERO = { firstEpoch: 0, lastEpoch: 0 };

/** One story: operators certify blocks, one of them only half; who took part is certified, paid and claimed. */
let network: Network;
let observer: MachService;
beforeAll(async () => {
  network = await Network.start(4);
  for (const i of [0, 1, 2, 3]) await network.run(i);
  observer = await network.run(null);
  await network.ready();
}, 60_000);
afterAll(() => network.close());

const reporting = (report: RewardsReport) =>
  new Map(report.operators.map((operator, i) => [operator, report.points[i] as bigint]));

async function certified(label: string, signers: number): Promise<void> {
  const { core } = await network.rollup.block(label);
  for (const service of network.services.values()) {
    await until("all have signed", () => {
      const record = service.certificate({ blockHash: core.blockHash });
      return record?.certificate.signers.length === signers;
    });
  }
}

test("while the epoch is not over, nobody reports it", async () => {
  await certified("1", 4);
  await certified("2", 4);
  await network.stop("operator 3");
  await certified("3", 3);
  await certified("4", 3);
  expect(await observer.report(EPOCH_ZERO, 2_000)).toBeNull();
});

test("operators sign a count that is theirs, and no other", async () => {
  while ((await network.l1.head()).number < network.rollup.inEpoch(1)) await network.l1.mine();
  await network.rollup.seeL1();
  const height = network.rollup.branch.blocks.length;
  network.rollup.tell({ type: "base", base: await network.rollup.base(1, height) });
  const { core } = await network.rollup.block("of epoch 1");
  await network.l1.commit(1);
  await network.rollup.seeL1();
  await until("a certificate of epoch 1", () => observer.certificate({ blockHash: core.blockHash }));
  expect(at(network.rollup.branch, height + 1).core).toEqual(core);

  // The node may be the first to hold a certificate of the new epoch: operators that have none yet do not sign.
  const report = await untilReported();
  expect(reporting(report.report)).toEqual(
    new Map([0, 1, 2, 3].map((i) => [network.address(i), i === 3 ? 2n : 4n] as const).sort()),
  );
  expect(report.signers.length).toBeGreaterThanOrEqual(3);

  // A count in whose favour nobody's own speaks gets no answer.
  const attacker = await Attacker.join(network, network.services.get("operator 0") as MachService);
  const robbed = { ...report.report, points: report.report.points.map((each) => (each === 2n ? 4n : each)) };
  const answers = () => attacker.frames.flatMap((frame) => (frame.type === "endorsement" ? [frame.digest] : []));
  attacker.send({ type: "report", report: robbed });
  const refused = () => network.services.get("operator 0")?.status().counters["reports not signed"] ?? 0;
  await until("it was refused", () => refused() > 0);
  expect(answers()).toEqual([]);
  // Asked too soon, it does not look: asked again, it does.
  for (let attempt = 0; attempt < 40 && answers().length === 0; attempt++) {
    attacker.send({ type: "report", report: report.report });
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  expect(new Set(answers())).toEqual(new Set([network.digests.report(report.report)]));
  await attacker.close();
}, 60_000);

test("a keeper pays it, and an operator claims its part", async () => {
  const transport = http(network.l1.anvil.url, { timeout: 60_000 });
  const publicClient: PublicClient = createPublicClient({ chain, transport, pollingInterval: 20, cacheTime: 0 });
  const miner = createTestClient({ mode: "anvil", chain, transport });
  const clientsOf = (i: number) => ({
    publicClient,
    walletClient: createWalletClient({ account: accountOf(i), chain, transport }),
  });
  await miner.setAutomine(true);
  const { file: context } = network.l1;
  const { alt } = context.services as NonNullable<typeof context.services>;
  const balanceOf = (who: Hex) => read<bigint>(publicClient, alt, erc20Abi, "balanceOf", [who]);
  const fund = await balanceOf(context.suite.rewards);
  const asked: unknown[] = [];
  const keeper = new Keeper(
    context,
    {
      clients: clientsOf(9),
      log: { info: () => {}, warn: () => {} },
      reports: (epochs) => {
        asked.push(epochs);
        return observer.report(epochs);
      },
    },
    { reportEpochs: 1 },
  );
  // Up to the head at which the first epoch's late signatures must be in, and not that of the second.
  while ((await network.l1.head()).number < network.rollup.inEpoch(2)) await network.l1.mine();
  const done = await keeper.tick((await network.l1.head()).number);
  expect(asked).toEqual([EPOCH_ZERO]);
  expect(done).toContainEqual({ kind: "report", ...EPOCH_ZERO });
  expect(keeper.status()).toMatchObject({ reported: 1 });
  const paid = fund - (await balanceOf(context.suite.rewards));
  expect(paid).toBeGreaterThan(parseEther("9.999"));

  // Anvil repeats timestamps within a second, and a root's time must be over.
  await miner.mine({ blocks: 2, interval: 1 });
  await executeAll(await submitRootCalls(context, publicClient), clientsOf(0));
  await miner.mine({ blocks: 1, interval: 1 });
  const claimed = async (i: number) => {
    const earner = getAddress(network.address(i));
    const before = await balanceOf(earner);
    await executeAll(await claimCalls({ ...context, earner, recipient: earner }, publicClient), clientsOf(i + 1));
    return (await balanceOf(earner)) - before;
  };
  const [first, half] = [await claimed(0), await claimed(3)];
  // Four of fourteen points, and two: each operator is its own only staker.
  expect(first / 10n ** 6n).toBe((paid * 4n) / 14n / 10n ** 6n);
  expect(half / 10n ** 6n).toBe((paid * 2n) / 14n / 10n ** 6n);
}, 120_000);

async function untilReported() {
  for (let attempt = 0; attempt < 20; attempt++) {
    const report = await observer.report(EPOCH_ZERO, 3_000);
    if (report !== null) return report;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new TypeError("nobody certified the report");
}
