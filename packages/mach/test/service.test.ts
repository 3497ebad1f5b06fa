import { ALERT_REASONS, type Alert, type Base, encodeMessage, type Hex, SLICE } from "@altlayer/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AlertEvent, CertificateRecord, L1Reader, MachService } from "../src/index.ts";
import { named } from "./support/chain.ts";
import { Network, until } from "./support/network.ts";
import { executedBlock } from "./support/operator.ts";
import { at } from "./support/scripted-chain.ts";

/** One story of four operators and an observer on one rollup; each test goes on where the last one ended. */
let network: Network;
let observer: MachService;

beforeAll(async () => {
  network = await Network.start(4);
  for (const i of [0, 1, 2, 3]) await network.run(i);
  observer = await network.run(null);
}, 60_000);
afterAll(() => network.close());

const everybody = () => [...network.services.values()];
const byBlock = (service: MachService, blockHash: Hex) => service.certificate({ blockHash });

test("nothing is certified before the L1 committed the table: shares wait for it", async () => {
  await network.rollup.seeL1();
  network.rollup.tell({ type: "base", base: await network.rollup.base(0, 0) });
  await network.rollup.block("early");
  expect(observer.status()).toMatchObject({ role: "observer", silence: "NO_OPERATOR", table: null, certified: null });
  await network.ready();
  await until("a certificate", () => observer.certificate("latest"));
});

test("four operators certify what each executed; all have it, late signatures included", async () => {
  const { core } = await network.rollup.block("a", "b");
  for (const service of everybody()) {
    const record = await until("a certificate", () => byBlock(service, core.blockHash));
    expect(record.certificate.message.core).toEqual(core);
    expect(record.digest).toBe(network.digests.message(record.certificate.message));
    await until("all have signed", () => byBlock(service, core.blockHash)?.certificate.signers.length === 4);
  }
  const status = network.services.get("operator 0")?.status();
  expect(status).toMatchObject({ role: "operator", silence: null, certified: { number: 2, hash: core.blockHash } });
  expect(status?.peers.filter(({ operator }) => operator !== null)).toHaveLength(3);
});

test("the L1's verifier takes the certificate, with one operator absent, from what the record holds", async () => {
  await network.stop("operator 3");
  const { core } = await network.rollup.block("c");
  const record = await until("a certificate", () => byBlock(observer, core.blockHash));
  await until("three have signed", () => byBlock(observer, core.blockHash)?.certificate.signers.length === 3);
  const digest = await verifiedOnL1(byBlock(observer, core.blockHash) as CertificateRecord);
  expect(digest).toBe(record.digest);
  await network.run(3);
});

test("a configured peer that is no address is named", async () => {
  const run = network.run(null, { name: "misconfigured", peers: ["10.0.0.2:9333"] });
  await expect(run).rejects.toMatchObject({ code: "PEER_INVALID", details: { peer: "10.0.0.2:9333" } });
});

test("an observer has most certificates from one operator alone, though four make them", async () => {
  const repeated = () => observer.status().counters["certificates ignored, known"] ?? 0;
  const before = repeated();
  const blocks = 20;
  for (let i = 0; i < blocks; i++) {
    const { core } = await network.rollup.block(`fed ${i}`);
    await until("a certificate", () => byBlock(observer, core.blockHash));
  }
  // Of each, the other three would repeat it.
  expect(repeated() - before).toBeLessThan(2 * blocks);
});

test("slices are certified before their block, and give way to it", async () => {
  const told: string[] = [];
  const block = await network.rollup.add(["s1", "s2", "s3", "s4"]);
  const stop = observer.onCertificate(({ certificate: { message } }) => {
    // Late signatures of blocks before are told at any time.
    if (message.core.height === block.core.height) told.push(`${message.kind} ${message.core.transactionCount}`);
  });
  for (const count of [2, 4]) {
    network.rollup.slice(block, count);
    const record = await until(`a slice of ${count}`, () =>
      observer.certificate({ height: block.core.height, transactionCount: count }),
    );
    expect(record.certificate.message).toMatchObject({ kind: SLICE, core: { transactionCount: count } });
  }
  network.rollup.tell({ type: "executed", executed: executedBlock(block) });
  await until("the block's", () => byBlock(observer, block.core.blockHash));
  expect(observer.certificatesAt(block.core.height)).toHaveLength(1);
  // Who asks for a prefix gets the block, which covers it.
  expect(observer.certificate({ height: block.core.height, transactionCount: 2 })?.certificate.message.kind).toBe(2);
  expect(new Set(told)).toEqual(new Set([`${SLICE} 2`, `${SLICE} 4`, "2 5"]));
  stop();
});

test("who comes late, or back, has the certificates: from peers, and from its own file", async () => {
  const latest = observer.certificate("latest") as CertificateRecord;
  const late = await network.run(null, { name: "late" });
  expect(await late.catchUp(5_000)).toBeGreaterThan(0);
  await network.rollup.seeL1();
  const kept = await until("the certificate", () => byBlock(late, latest.certificate.message.core.blockHash));
  await network.stop("late");
  const alone = await network.run(null, { name: "late", peers: [] });
  expect(alone.certificate("latest")).toMatchObject({
    digest: latest.digest,
    encoded: kept.encoded,
    signedWeight: kept.signedWeight,
    seenAtMs: kept.seenAtMs,
  });
  expect(alone.certificate("latest")?.table.commitment).toBe(latest.table.commitment);
  await network.stop("late");
});

test("what the L1 derives wins: a certificate of another block is void, until the L1 changes its mind", async () => {
  const { core } = at(network.rollup.branch, 3);
  const changes: (string | null)[] = [];
  const stop = observer.onVoid((record) => changes.push(record.void?.reason ?? null));
  const latest = observer.certificate("latest")?.digest;
  network.rollup.tell({ type: "derived", height: 3, blockHash: named("another block") });
  expect(byBlock(observer, core.blockHash)?.void).toMatchObject({ reason: "derivedOtherwise" });
  expect(observer.certificate("latest")?.digest).toBe(latest);
  network.rollup.tell({ type: "derived", height: 3, blockHash: core.blockHash });
  expect(byBlock(observer, core.blockHash)?.void).toBeNull();
  expect(changes).toEqual(["derivedOtherwise", null]);
  // The highest one: the one below is the newest that counts.
  const head = network.rollup.branch.blocks.length;
  network.rollup.tell({ type: "derived", height: head, blockHash: named("another head") });
  expect(observer.certificate("latest")?.certificate.message.core.height).toBe(head - 1);
  network.rollup.tell({ type: "derived", height: head, blockHash: at(network.rollup.branch, head).core.blockHash });
  expect(observer.certificate("latest")?.digest).toBe(latest);
  stop();
});

test("alerts: one is shown, more than a third hold the block back; who signed the block cannot cry wolf", async () => {
  const events: AlertEvent[] = [];
  const stop = observer.onAlert((event) => events.push(event));
  const height = network.rollup.branch.blocks.length + 1;
  const alert: Alert = {
    epoch: 0,
    height,
    blockHash: named("a wrong block"),
    reason: ALERT_REASONS.stateRoot,
    transactionIndex: 3,
  };
  const [first, second, third] = network.rollup.chains;
  first?.tell({ type: "refuted", alert });
  await until("it is shown", () => events.length > 0);
  expect(events).toEqual([{ type: "alert", alert, operator: network.address(0) }]);
  expect(observer.alerts(height)).toMatchObject([{ heldBack: false, alerts: [{ operator: network.address(0) }] }]);
  second?.tell({ type: "refuted", alert });
  await until("it is held back", () => events.some(({ type }) => type === "heldBack"));
  expect(observer.alerts(height)).toMatchObject([{ heldBack: true }]);
  // A node that hears of it from peers holds it back also after a restart without any.
  await network.run(null, { name: "second" });
  const listener = () => network.services.get("second") as MachService;
  const isHeldBack = () => listener().alerts(height)[0]?.heldBack;
  await until("it is told", isHeldBack);
  await network.stop("second");
  await network.run(null, { name: "second", peers: [] });
  await until("it is remembered", isHeldBack);
  expect(listener().alerts(height)[0]?.alerts).toHaveLength(2);
  await network.stop("second");
  // Of a block that is certified with their signatures, an alert of theirs counts nothing.
  const { core } = await network.rollup.block("right");
  await until("all signed", () => byBlock(observer, core.blockHash)?.certificate.signers.length === 4);
  const wolf: Alert = { ...alert, height: core.height + 1, blockHash: core.blockHash };
  third?.tell({ type: "refuted", alert: wolf });
  const later: Alert = { ...alert, height: core.height + 2, blockHash: named("another wrong block") };
  third?.tell({ type: "refuted", alert: later });
  await until("the later one", () => observer.alerts(core.height + 2).length > 0);
  expect(observer.alerts(core.height + 1)).toEqual([]);
  stop();
}, 180_000);

test("the next epoch takes its own table: who left counts no more, and stays in the total", async () => {
  const { suite, core } = network.l1.file;
  const left = network.l1.operators[3]?.address as Hex;
  await network.l1.send(4, {
    address: core.allocationManager,
    contract: "IAllocationManager",
    functionName: "deregisterFromOperatorSets",
    args: [{ operator: left, avs: suite.registrar, operatorSetIds: [0] }],
  });
  await mineTo(network.rollup.inEpoch(1));
  await network.rollup.seeL1();
  const height = network.rollup.branch.blocks.length;
  const base: Base = await network.rollup.base(1, height);
  network.rollup.tell({ type: "base", base });
  const { core: block } = await network.rollup.block("of epoch 1");
  await network.l1.commit(1);
  await network.rollup.seeL1();
  const record = await until("a certificate", () => byBlock(observer, block.blockHash));
  expect(record.certificate.message.base).toEqual(base);
  expect(record.certificate.signers).toHaveLength(3);
  expect(record.table.members.size).toBe(3);
  const [active, total] = [record.table.header.active[0] as bigint, record.table.header.total[0] as bigint];
  expect(active * 4n).toBe(total * 3n);
  expect(await verifiedOnL1(record)).toBe(record.digest);
  expect(network.services.get("operator 3")?.status()).toMatchObject({ silence: "NOT_A_MEMBER", index: null });
});

test("a table that is not what the L1 committed is not used, whoever serves the events", async () => {
  let lies = true;
  const lying: L1Reader = {
    async request(method, params) {
      const answer = await network.l1.reader.request(method, params);
      // One operator's event is withheld.
      return lies && method === "eth_getLogs" && Array.isArray(answer) && answer.length > 2 ? answer.slice(1) : answer;
    },
  };
  const deceived = await network.run(null, { name: "deceived", l1: lying });
  const latest = observer.certificate("latest") as CertificateRecord;
  await until("it noticed", () => network.log.some(({ message }) => message === "operator table not read"));
  expect(deceived.table()).toBeNull();
  expect(deceived.certificate({ digest: latest.digest })).toBeNull();
  lies = false;
  await network.l1.mine();
  await network.rollup.seeL1();
  await until("the certificate", () => deceived.certificate({ digest: latest.digest }));
});

async function mineTo(number: number): Promise<void> {
  while ((await network.l1.head()).number < number) await network.l1.mine();
}

/** What a contract is given, all of it from the record. Reverts where the verifier refuses. */
async function verifiedOnL1({ certificate, table }: CertificateRecord): Promise<Hex> {
  const point = (key: Hex, at: number) => BigInt(`0x${key.slice(2 + 64 * at, 2 + 64 * (at + 1))}`);
  const { header } = table;
  const { core, base, kind } = certificate.message;
  expect(encodeMessage(certificate.message)).toHaveLength(512);
  const big = <Fields extends object>(fields: Fields) =>
    Object.fromEntries(Object.entries(fields).map(([k, v]) => [k, typeof v === "number" ? BigInt(v) : v]));
  const argument = {
    message: { kind, core: { ...big(core), transactionCount: core.transactionCount }, base: big(base) },
    table: {
      epoch: BigInt(header.epoch),
      depth: header.depth,
      root: header.root,
      aggregateX: point(header.aggregateKey, 0),
      aggregateY: point(header.aggregateKey, 1),
      active: header.active,
      total: header.total,
    },
    signature: { X: point(certificate.signature, 0), Y: point(certificate.signature, 1) },
    aggregateKey: {
      X: [point(certificate.aggregateKey, 0), point(certificate.aggregateKey, 1)],
      Y: [point(certificate.aggregateKey, 2), point(certificate.aggregateKey, 3)],
    },
    absent: table.absentOf(certificate.signers).map((index) => {
      const member = table.members.get(index) as { operator: Hex; key: Hex; weights: readonly bigint[] };
      const key = { X: point(member.key, 0), Y: point(member.key, 1) };
      return { index, operator: member.operator, key, weights: member.weights, path: table.path(index) };
    }),
  };
  return network.l1.read<Hex>("verify", [argument], "IMachVerifier", network.l1.service.verifier);
}
