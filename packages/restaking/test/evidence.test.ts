// Size: one finding a test, from what a node sees to what the L1 does about it.
import {
  BLOCK,
  type Certificate,
  historyLeaf,
  type Message,
  MountainRange,
  SLICE,
  transactionLeaf,
} from "@altlayer/protocol";
import { type Hex, keccak256, parseAbi, toHex } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  abiOf,
  bountyOf,
  ContradictionFinder,
  claimedFaults,
  commitCall,
  doubtful,
  type Evidence,
  EvidenceWatch,
  epochTable,
  execute,
  Keeper,
  operatorStatus,
  payBountyCall,
  proveCall,
  read,
  recordEvidence,
  tableState,
} from "../src/index.ts";
import { blockMessage, certify, keyOf, signBy, startService, type TestService } from "./support/service.ts";

let service: TestService;
beforeAll(async () => {
  service = await startService({ weightLife: 400 }, 6);
}, 60_000);
afterAll(() => service.stop());

type Share = Parameters<ContradictionFinder["observeShare"]>;
const hash = (bytes: Uint8Array) => keccak256(bytes, "bytes");
const share = (index: number, message: Message): Share => [
  service.operators[index]!.address,
  message,
  signBy(service.operators[index]!.blsSecret, message, service.digests),
];

describe("what a node finds in what it sees", () => {
  test("nothing in compatible messages: a chain, a slice of a block, and what a base has released", async () => {
    const finder = new ContradictionFinder(service);
    const ten = blockMessage({ height: 10 });
    const eleven = blockMessage({ height: 11 });
    const released = {
      ...blockMessage({ height: 11, tag: "b" }),
      base: { ...eleven.base, epoch: 1, l1Hash: hash2("l1 1"), height: 10 },
    };
    for (const message of [ten, eleven, ten]) expect(await finder.observeShare(...share(0, message))).toBeUndefined();
    expect(await finder.observeShare(...share(1, ten))).toBeUndefined();
    expect(await finder.observeShare(...share(1, released))).toBeUndefined();
  });

  test.each<[string, () => [Message, Message], string]>([
    ["two blocks at one height", () => [blockMessage({}), blockMessage({ tag: "b" })], "PLACE"],
    [
      "a block on another parent: the two-height fork",
      () => [blockMessage({}), blockMessage({ height: 11, tag: "b" })],
      "PARENT",
    ],
    ["the same, the higher one first", () => [blockMessage({ height: 11, tag: "b" }), blockMessage({})], "PARENT"],
    [
      "two bases of one L1 block",
      () => [blockMessage({}), { ...blockMessage({}), base: { ...blockMessage({}).base, height: 7 } }],
      "BASE",
    ],
    ["two contents at one place", () => [blockMessage({}), withContent(blockMessage({}))], "CONTENT"],
  ])("%s", async (_, messages, form) => {
    const finder = new ContradictionFinder(service);
    const [first, second] = messages();
    expect(await finder.observeShare(...share(0, first))).toBeUndefined();
    // Somebody else may sign the second: only who signed both is at fault.
    expect(await finder.observeShare(...share(1, second))).toBeUndefined();
    const evidence = await finder.observeShare(...share(0, second));
    expect(evidence).toMatchObject({ kind: "signatures", operator: service.operators[0]!.address, proof: { form } });
    expect(await finder.observeShare(...share(0, withContent(second)))).toBeUndefined();
  });

  test("with the node's ranges: another transaction in a slice, and a fork further down", async () => {
    const [transactions, longer] = [range(5), range(5)];
    for (let i = 5; i < 7; i++) longer.append(leaf(`${i}`));
    const other = range(5, "x");
    const slice = (root: Hex, transactionCount: number): Message => {
      const { core, base } = blockMessage({});
      const zero = toHex(0, { size: 32 });
      return {
        kind: SLICE,
        base,
        core: { ...core, transactionCount, transactionRoot: root, blockHash: zero, outputRoot: zero },
      };
    };
    const history = new MountainRange({ keccak256: hash });
    const past = [9, 10, 11].map((height) => blockMessage({ height }).core);
    for (const core of past) history.append(historyLeaf(service.digests.core(core), hash));
    const high = blockMessage({ height: 12 });
    const twelve = { ...high, core: { ...high.core, historyRoot: history.root() } };
    const prover = {
      prefix: async (long: Message["core"], { transactionCount }: Message["core"]) =>
        long.transactionRoot === longer.root() ? longer.prefix(transactionCount) : undefined,
      history: async (message: Message, { core: { height } }: Message) =>
        message.core.historyRoot === history.root()
          ? { core: past[height - 9]!, inclusion: history.inclusion(height - 9) }
          : undefined,
    };
    const finder = new ContradictionFinder({ digests: service.digests, prover });
    await finder.observeShare(...share(0, slice(transactions.root(), 5)));
    expect(await finder.observeShare(...share(0, slice(longer.root(), 7)))).toBeUndefined();
    await finder.observeShare(...share(1, slice(other.root(), 5)));
    expect(await finder.observeShare(...share(1, slice(longer.root(), 7)))).toMatchObject({
      proof: { form: "PREFIX" },
    });
    await finder.observeShare(...share(2, blockMessage({ height: 10 })));
    expect(await finder.observeShare(...share(2, twelve))).toBeUndefined();
    await finder.observeShare(...share(3, blockMessage({ height: 10, tag: "b" })));
    expect(await finder.observeShare(...share(3, twelve))).toMatchObject({ proof: { form: "HISTORY" } });
  });

  test("a fork further down is found whichever message came first, and once the node has its blocks", async () => {
    const history = new MountainRange({ keccak256: hash });
    const past = [9, 10, 11].map((height) => blockMessage({ height }).core);
    for (const core of past) history.append(historyLeaf(service.digests.core(core), hash));
    const high = blockMessage({ height: 12 });
    const twelve = { ...high, core: { ...high.core, historyRoot: history.root() } };
    let isThere = false;
    const prover = {
      prefix: async () => undefined,
      history: async (_: Message, { core: { height } }: Message) =>
        isThere ? { core: past[height - 9]!, inclusion: history.inclusion(height - 9) } : undefined,
    };
    const finder = new ContradictionFinder({ digests: service.digests, prover });
    await finder.observeShare(...share(0, twelve));
    expect(await finder.observeShare(...share(0, blockMessage({ height: 10, tag: "b" })))).toBeUndefined();
    await finder.observeShare(...share(1, twelve));
    await finder.observeShare(...share(1, blockMessage({ height: 10 })));
    expect(await finder.retry()).toEqual([]);
    isThere = true;
    expect(await finder.retry()).toMatchObject([
      { kind: "signatures", operator: service.operators[0]!.address, proof: { form: "HISTORY" } },
    ]);
    // What is proven, or shown to be one chain, is not asked again.
    expect(await finder.retry()).toEqual([]);
  });

  test("a branch that is shown when memory has forgotten the other is found by what is on disk", async () => {
    const certificateOf = (message: Message, signers: readonly number[]) => ({
      message,
      tableCommitment: hash2("table"),
      signature: "0x" as const,
      aggregateKey: "0x" as const,
      signers,
      depth: 3,
    });
    const chain = [10, 11, 12, 13, 14].map((height) => certificateOf(blockMessage({ height }), [0, 1, 2]));
    const stored = {
      near: (height: number) => chain.filter(({ message }) => Math.abs(message.core.height - height) <= 1),
    };
    const late = certificateOf(blockMessage({ tag: "b" }), [1, 2, 3]);
    const limits = { heights: 2, messagesPerHeight: 2, unproven: 2 };
    const forgetful = new ContradictionFinder(service, limits);
    const finder = new ContradictionFinder({ ...service, stored }, limits);
    for (const each of chain) {
      expect(await finder.observeCertificate(each)).toEqual([]);
      expect(await forgetful.observeCertificate(each)).toEqual([]);
    }
    expect(await forgetful.observeCertificate(late)).toEqual([]);
    const found = await finder.observeCertificate(late);
    expect(found.map(({ proof }) => proof.form).sort()).toEqual(["PARENT", "PLACE"]);
    // Once is enough.
    expect(await finder.observeCertificate(late)).toEqual([]);
  });

  test("of what is on disk only forks and gaps are worth another look", () => {
    const of = (height: number, tag = "a") => ({ message: blockMessage({ height, tag }) }) as Certificate;
    const chain = [10, 11, 12].map((height) => of(height));
    expect(doubtful(chain)).toEqual([]);
    expect(doubtful([...chain, of(14)])).toEqual([of(14)]);
    expect(doubtful([...chain, of(13, "b")])).toEqual([of(13, "b")]);
    expect(doubtful([of(10), of(10, "b"), of(11)])).toEqual([of(10), of(10, "b"), of(11)]);
  });

  test("memory is bounded, and what is not remembered is counted", async () => {
    const finder = new ContradictionFinder(service, { heights: 4, messagesPerHeight: 2, unproven: 2 });
    for (let height = 10; height < 20; height++) await finder.observeShare(...share(0, blockMessage({ height })));
    await finder.observeShare(...share(0, blockMessage({ height: 11 })));
    for (const tag of ["b", "c", "d"]) await finder.observeShare(...share(1, blockMessage({ height: 19, tag })));
    expect(finder.dropped).toBe(3);
    // The newest are remembered.
    expect(await finder.observeShare(...share(0, blockMessage({ height: 19, tag: "b" })))).toBeDefined();
  });
});

describe("on the L1", () => {
  const found = async (...observed: Share[]): Promise<Evidence> => {
    const finder = new ContradictionFinder(service);
    const evidences = [];
    for (const each of observed) evidences.push(await finder.observeShare(...each));
    return evidences.find((each) => each !== undefined)!;
  };

  test("two signatures: recorded, convicted, slashed, ejected, and the bounty paid to who found it", async () => {
    const { service: context, operators, publicClient, clientsOf, mine } = service;
    const { address } = operators[5]!;
    const evidence = await found(share(5, blockMessage({})), share(5, blockMessage({ tag: "b" })));
    const reporter = clientsOf(keyOf(8));
    const recorded = await recordEvidence({ context, evidence, salt: hash2("salt") }, reporter);
    expect(recorded).toMatchObject({ convicted: [address], bountyClaimed: true });
    const status = await operatorStatus({ ...context, operator: address }, publicClient);
    expect(status).toMatchObject({ member: false, slashed: true, convictedBy: recorded.faultId });
    expect(status.shares.map(({ shares }) => shares)).toEqual([0n, 0n]);

    const { address: witness } = reporter.walletClient.account!;
    expect(await claimedFaults(context, witness, publicClient)).toEqual([recorded.faultId]);
    expect(await claimedFaults(context, address, publicClient)).toEqual([]);
    const open = await bountyOf(context, recorded.faultId, publicClient);
    expect(open).toMatchObject({ faultId: recorded.faultId, reporter: witness, slashed: true, paid: false });
    // Others may still show that they knew before.
    const early = execute(payBountyCall(context, recorded.faultId), reporter);
    await expect(early).rejects.toMatchObject({ code: "REFUSED", details: { error: "ClaimsOpenUntil" } });
    const head = await publicClient.getBlockNumber({ cacheTime: 0 });
    await mine(open.payableAt - Number(head));
    await execute(payBountyCall(context, recorded.faultId), reporter);
    expect(await bountyOf(context, recorded.faultId, publicClient)).toMatchObject({ paid: true });
    const again = execute(payBountyCall(context, recorded.faultId), reporter);
    await expect(again).rejects.toMatchObject({ code: "REFUSED", details: { error: "NothingToPay" } });
    expect(await bountyOf(context, hash2("no fault"), publicClient)).toMatchObject({ reporter: null, slashed: false });
    const balance = await read<bigint>(
      publicClient,
      context.services!.alt,
      parseAbi(["function balanceOf(address) view returns (uint256)"]),
      "balanceOf",
      [reporter.walletClient.account!.address],
    );
    expect(balance).toBe(100n * 10n ** 18n);
    // Once more is no error, and changes nothing.
    expect(await recordEvidence({ context, evidence }, reporter)).toMatchObject({ faultId: recorded.faultId });
  });

  test("while the core is paused evidence is recorded; a keeper slashes when it can", async () => {
    const { service: context, operators, publicClient, clientsOf, mine } = service;
    const { address } = operators[4]!;
    const pauser = clientsOf(keyOf(0));
    const pausing = (functionName: string, value: bigint) => ({
      label: functionName,
      address: context.core.allocationManager,
      abi: parseAbi(["function pause(uint256)", "function unpause(uint256)"]),
      functionName,
      args: [value],
    });
    await execute(pausing("pause", 2n), pauser);
    const evidence = await found(share(4, blockMessage({})), share(4, blockMessage({ height: 11, tag: "b" })));
    await recordEvidence({ context, evidence }, clientsOf(keyOf(8)));
    const during = await operatorStatus({ ...context, operator: address }, publicClient);
    expect(during).toMatchObject({ slashed: false });
    expect(during.convictedBy).not.toBeNull();
    expect(during.table.weight).toEqual([0n, 0n]);

    await execute(pausing("unpause", 0n), pauser);
    const keeper = new Keeper(context, { clients: clientsOf(keyOf(1)), log: { info: () => {}, warn: () => {} } });
    await keeper.tick(await mine(1));
    expect(keeper.status()).toMatchObject({ slashed: 1, failed: 0 });
    expect(await operatorStatus({ ...context, operator: address }, publicClient)).toMatchObject({
      slashed: true,
      member: false,
    });
  });

  test("two certificates: the table is rebuilt from events, and whoever signed both is convicted", async () => {
    const { service: context, operators, publicClient, clientsOf, mine } = service;
    // Epoch 0's table, which all six were in.
    const start = await read<bigint>(publicClient, context.suite.table, abiOf("OperatorTable"), "startBlock");
    const state = await tableState(context, publicClient, start);
    await mine(1);
    await execute(commitCall(context, 0n, state), clientsOf(keyOf(1)));
    const table = await epochTable(context, 0, publicClient);
    expect(table.entries.size).toBe(6);
    const finder = new ContradictionFinder(service);
    expect(await finder.observeCertificate(certify(blockMessage({}), [0, 1, 2, 4, 5], service, table))).toEqual([]);
    const [evidence] = await finder.observeCertificate(
      certify(blockMessage({ tag: "b" }), [0, 2, 3, 4, 5], service, table),
    );
    expect(evidence).toMatchObject({ kind: "certificates", proof: { form: "PLACE" } });
    // One watch records the pair and dies; another finds it recorded, and goes on.
    await execute(await proveCall(context, evidence!, publicClient), clientsOf(keyOf(9)));
    const { convicted } = await recordEvidence({ context, evidence: evidence! }, clientsOf(keyOf(8)));
    // 4 and 5 were convicted before.
    expect(convicted).toEqual([0, 2].map((index) => operators[index]!.address));
    const states = await Promise.all(
      operators.map(({ address }) => operatorStatus({ ...context, operator: address }, publicClient)),
    );
    expect(states.map(({ slashed }) => slashed)).toEqual([true, false, true, false, true, true]);
  });

  test("a watch brings what it sees to the L1 by itself, and drops what the L1 refuses", async () => {
    const { service: context, operators, publicClient, clientsOf, digests } = service;
    const warnings: string[] = [];
    const log = { info: () => {}, warn: (_: string, fields = {}) => void warnings.push(JSON.stringify(fields)) };
    const options = { context, secret: hash2("secret"), retryMs: 50 };
    const watch = new EvidenceWatch(options, { clients: clientsOf(keyOf(9)), log, digests });
    const { address } = operators[3]!;
    for (const tag of ["a", "b"]) await watch.observeShare(...share(3, blockMessage({ epoch: 40, tag })));
    const [, , forged] = share(1, blockMessage({ epoch: 40 }));
    for (const tag of ["a", "b"])
      await watch.observeShare(operators[1]!.address, blockMessage({ epoch: 40, tag }), forged);
    const slashed = async (operator: Hex) => (await operatorStatus({ ...context, operator }, publicClient)).slashed;
    await expect.poll(() => slashed(address), { timeout: 20_000, interval: 50 }).toBe(true);
    await expect.poll(() => warnings.some((text) => text.includes("InvalidSignature")), { timeout: 20_000 }).toBe(true);
    await watch.close();
    expect(await slashed(operators[1]!.address)).toBe(false);
    expect(watch.dropped).toBe(0);
  });

  test("evidence that is none is refused by its name, before anything is sent", async () => {
    const { service: context, clientsOf } = service;
    const [operator, message, signature] = share(1, blockMessage({ epoch: 40 }));
    const first = { message, signature };
    const clients = clientsOf(keyOf(9));
    const evidence: Evidence = { kind: "signatures", operator, first, second: first, proof: { form: "PLACE" } };
    await expect(recordEvidence({ context, evidence }, clients)).rejects.toMatchObject({
      code: "REFUSED",
      details: { error: "NotAFault" },
    });
    const second = { message: blockMessage({ epoch: 40, tag: "b" }), signature };
    await expect(recordEvidence({ context, evidence: { ...evidence, second } }, clients)).rejects.toMatchObject({
      details: { error: "InvalidSignature" },
    });
  });
});

function hash2(text: string): Hex {
  return keccak256(toHex(text));
}

function withContent(message: Message): Message {
  return {
    ...message,
    kind: BLOCK,
    core: { ...message.core, outputRoot: hash2("another state"), blockHash: hash2("other") },
  };
}

function leaf(name: string): Hex {
  return transactionLeaf(hash2(`transaction ${name}`), hash2("receipt"), hash);
}

function range(count: number, tag = ""): MountainRange {
  const transactions = new MountainRange({ keccak256: hash });
  for (let i = 0; i < count; i++) transactions.append(leaf(`${i}${i === 2 ? tag : ""}`));
  return transactions;
}
