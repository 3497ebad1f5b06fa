import { request } from "node:http";
import path from "node:path";
import { bn254 } from "@altlayer/engine";
import { ALERT_REASONS, type Base, hexToBytes, historyLeaf, type Message, MountainRange } from "@altlayer/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Extension,
  type MachService,
  type MachSigner,
  remoteSigner,
  type SignerJournal,
  type SignerServer,
  serveSigner,
} from "../src/index.ts";
import { blockMessage, named, sliceMessage } from "./support/chain.ts";
import { Network, until } from "./support/network.ts";
import { at } from "./support/scripted-chain.ts";
import { keccak256 } from "./support/vectors.ts";

const token = "a secret of both sides";
let network: Network;
let base: Base;
const servers: SignerServer[] = [];

beforeAll(async () => {
  network = await Network.start(4);
  await network.ready();
  base = await network.rollup.base(0, 0);
  for (let height = 1; height <= 4; height++) await network.rollup.block("x", `y${height}`);
}, 60_000);
afterAll(async () => {
  for (const server of servers) await server.close();
  await network.close();
});

async function serve(i: number, name: string, listen: Parameters<typeof serveSigner>[0]["listen"], create = true) {
  const server = await serveSigner(
    {
      service: network.l1.service,
      operator: network.address(i),
      secret: network.secret(i),
      schedule: network.rollup.schedule,
      journalFile: path.join(network.folder, name),
      createJournal: create,
      token,
      listen,
    },
    { bn254, keccak256, log: network.logger },
  );
  servers.push(server);
  return server;
}

const connect = (endpoint: string, secret = token): Promise<MachSigner> =>
  remoteSigner({ endpoint, token: secret }, { domainSeparator: network.digests.domainSeparator });

const blockAt = (height: number) => blockMessage(at(network.rollup.branch, height), base);
const journaled = (
  signer: MachSigner,
  tip: ReturnType<typeof blockAt> | null,
  quarantineHeight: number | null = null,
  extension: Extension | null = null,
) => signer.journal?.append({ tip, quarantineHeight }, extension);
/** With what an honest node shows of it, or what is made of that. */
const shown = async (
  signer: MachSigner,
  tip: Message,
  { branch = network.rollup.branch, changes = {} as Partial<Extension> } = {},
) => {
  const before = (await signer.journal?.read())?.tip as Message;
  return journaled(signer, tip, null, { ...network.rollup.extension(before, tip, branch), ...changes });
};
/** The block of this height is shown in a way that proves nothing. */
let spoilt = -1;
const spoiling = (signer: MachSigner): MachSigner => {
  const journal = signer.journal as SignerJournal;
  return {
    ...signer,
    journal: {
      read: () => journal.read(),
      append: (record, extension) => journal.append(record, record.tip?.core.height === spoilt ? null : extension),
    },
  };
};
const refused = (code: string) => expect.objectContaining({ code: "SIGNER_REFUSED", details: { code, status: 409 } });

test("an operator without key or journal of its own: its signer has both", async () => {
  const { endpoint } = await serve(0, "served.journal", { host: "127.0.0.1", port: 0 });
  const signer = await connect(endpoint);
  for (const i of [1, 2, 3]) await network.run(i);
  const service = await network.run(0, { signer: spoiling(signer) });
  const record = await until("all signed", () => {
    const found = service.certificate({ height: 4 });
    return found?.certificate.signers.length === 4 ? found : null;
  });
  expect(await signer.journal?.read()).toEqual({ tip: record.certificate.message, quarantineHeight: null });
});

test("a refused message is not signed, and the operator goes on with what the signer takes", async () => {
  const service = network.services.get("operator 0") as MachService;
  const tip = () => service.status().tip?.core.height ?? 0;
  const told = await network.rollup.block("told");
  await until("it signs", () => tip() === told.core.height);
  spoilt = told.core.height + 1;
  await network.rollup.block("spoilt");
  await until("it was refused", () => service.status().counters["refused by the signer, NOT_SHOWN"]);
  await until("its tip is the journal's", () => tip() === told.core.height);
  expect(service.status().silence).toBeNull();
  const next = await network.rollup.block("goes on");
  await until("it signs again", () => tip() === next.core.height);
});

test("nothing is signed but the journal's tip, and the journal takes nothing that contradicts it", async () => {
  const { endpoint } = await serve(1, "rules.journal", { host: "127.0.0.1", port: 0 });
  const signer = await connect(endpoint);
  await expect(signer.sign(blockAt(1))).rejects.toEqual(refused("NOT_THE_TIP"));
  await journaled(signer, blockAt(2));
  const digest = hexToBytes(network.digests.message(blockAt(2)));
  const signature = hexToBytes(await signer.sign(blockAt(2)));
  expect(bn254.verify(hexToBytes(signer.publicKeys.g2), digest, signature)).toBe(true);
  await expect(signer.sign(blockAt(1))).rejects.toEqual(refused("NOT_THE_TIP"));

  const fork = network.rollup.branch.fork(1);
  const other = await network.rollup.add(["another"], fork);
  const child = await network.rollup.add(["its child"], fork);
  const { core } = blockAt(3);
  const wrong = [
    ["NOT_AHEAD_OF_TIP", blockAt(1)],
    ["NOT_AHEAD_OF_TIP", blockMessage(other, base)],
    ["CONTRADICTS_TIP", blockMessage(child, base)],
    ["BASE_MOVES_BACK", { ...blockAt(3), base: { ...base, blockHash: core.blockHash } }],
    ["MALFORMED", { ...blockAt(3), core: { ...core, originNumber: core.originNumber + 1_000 } }],
  ] as const;
  for (const [code, message] of wrong) await expect(journaled(signer, message)).rejects.toEqual(refused(code));
  // Nor may it be made to forget: no record without tip, no quarantine with another tip or a lower height.
  await expect(journaled(signer, null)).rejects.toEqual(refused("FORGETS"));
  await expect(journaled(signer, blockAt(1), 9)).rejects.toEqual(refused("FORGETS"));
  await journaled(signer, blockAt(2), 9);
  await expect(journaled(signer, blockAt(2), 8)).rejects.toEqual(refused("FORGETS"));
  await expect(journaled(signer, blockAt(3))).rejects.toEqual(refused("QUARANTINE"));
  await expect(signer.sign(blockAt(2))).rejects.toEqual(refused("NOT_THE_TIP"));
});

test("slices: what is longer follows, what differs at the same length does not", async () => {
  const socketPath = path.join(network.folder, "signer.sock");
  const { endpoint } = await serve(2, "slices.journal", { socketPath });
  expect(endpoint).toBe(`unix:${socketPath}`);
  const signer = await connect(endpoint);
  const block = at(network.rollup.branch, 2);
  await journaled(signer, sliceMessage(block, 2, base));
  const other = await network.rollup.add(["other"], network.rollup.branch.fork(1));
  const sameLength = { ...blockMessage(other, base), core: { ...block.core, transactionCount: 2 } };
  await expect(journaled(signer, sameLength)).rejects.toEqual(refused("CONTRADICTS_TIP"));
  await expect(journaled(signer, blockAt(3))).rejects.toEqual(refused("NOT_SHOWN"));
  await shown(signer, blockAt(2));
  await journaled(signer, blockAt(2));
  await shown(signer, blockAt(4));
  expect((await signer.journal?.read())?.tip).toEqual(blockAt(4));
});

test("history proofs: what a node cannot show to go on with the journal's tip is not signed", async () => {
  const { endpoint } = await serve(2, "history.journal", { host: "127.0.0.1", port: 0 });
  const signer = await connect(endpoint);
  // Nobody is told of it.
  const branch = network.rollup.branch.fork(network.rollup.branch.blocks.length);
  const block = await network.rollup.add(["p", "q", "r"], branch);
  const { height } = block.core;
  for (const label of ["one", "two", "three"]) await network.rollup.add([label], branch);
  const high = blockMessage(at(branch, height + 3), base);
  const show = (tip: Message, changes: Partial<Extension> = {}) => shown(signer, tip, { branch, changes });
  await journaled(signer, sliceMessage(block, 2, base));

  // A longer slice of other transactions, with the proof that its own list gives, and with none.
  const forked = await network.rollup.add(["x", "q", "r"], branch.fork(height - 1));
  const longer = { ...sliceMessage(forked, 3, base), core: { ...sliceMessage(block, 3, base).core } };
  const other = { ...longer, core: { ...longer.core, transactionRoot: forked.transactions.root(3) } };
  const prefix = forked.transactions.prefix(2, 3);
  await expect(journaled(signer, other)).rejects.toEqual(refused("NOT_SHOWN"));
  await expect(show(other, { prefix })).rejects.toEqual(refused("CONTRADICTS_TIP"));
  await expect(show(other)).rejects.toEqual(refused("NOT_SHOWN"));
  await expect(show(longer, { prefix: [] })).rejects.toEqual(refused("NOT_SHOWN"));
  await show(longer);

  // A block further up: on another block at the tip's height, and on its own chain with less than all that is between.
  const fork = branch.fork(height - 1);
  for (const label of ["other", "its child", "and its child"]) await network.rollup.add([label], fork);
  const wrong = blockMessage(at(fork, height + 2), base);
  await expect(journaled(signer, wrong)).rejects.toEqual(refused("NOT_SHOWN"));
  await expect(shown(signer, wrong, { branch: fork })).rejects.toEqual(refused("CONTRADICTS_TIP"));
  const honest = network.rollup.extension(longer, high, branch);
  const changes: readonly Partial<Extension>[] = [
    { cores: honest.cores.slice(1) },
    { cores: [...honest.cores, high.core] },
    { cores: honest.cores.map((core, i) => (i === 1 ? at(fork, height + 1).core : core)) },
    { history: { size: honest.history.size, peaks: [named("elsewhere")] } },
    { history: { size: honest.history.size + 1, peaks: honest.history.peaks } },
    { prefix: [named("nothing"), named("at all")] },
  ];
  for (const change of changes) {
    await expect(show(high, change)).rejects.toEqual(refused("NOT_SHOWN"));
  }
  await show(high);

  // A root that hides a second block of a height that will be signed: to be shown later, as a contradiction.
  const next = await network.rollup.add(["next"], branch);
  const after = await network.rollup.add(["after"], branch);
  const digest = (core: Message["core"]) => historyLeaf(network.digests.core(core), keccak256);
  const decoy = { ...next.core, height: after.core.height + 5, outputRoot: named("decoy") };
  const range = new MountainRange({ keccak256 });
  for (const { core } of branch.blocks.slice(0, high.core.height)) range.append(digest(core));
  range.append(digest(decoy));
  const planted = { ...blockMessage(after, base), core: { ...after.core, historyRoot: range.root() } };
  for (const cores of [
    [high.core, next.core],
    [high.core, decoy],
  ]) {
    await expect(show(planted, { cores })).rejects.toEqual(refused("NOT_SHOWN"));
  }
  await show(blockMessage(after, base));
});

test("the journal outlives the process; one at a time", async () => {
  const socketPath = path.join(network.folder, "again.sock");
  const first = await serve(3, "again.journal", { socketPath });
  await journaled(await connect(first.endpoint), blockAt(3));
  const second = serve(3, "again.journal", { socketPath: `${socketPath}2` });
  await expect(second).rejects.toMatchObject({ code: "JOURNAL_LOCKED" });
  await first.close();
  servers.splice(servers.indexOf(first), 1);
  await expect(connect(first.endpoint)).rejects.toMatchObject({ code: "SIGNER_UNREACHABLE", severity: "temporary" });
  const again = await connect((await serve(3, "again.journal", { socketPath }, false)).endpoint);
  expect((await again.journal?.read())?.tip).toEqual(blockAt(3));
  await expect(journaled(again, blockAt(2))).rejects.toEqual(refused("NOT_AHEAD_OF_TIP"));
});

test("links and alerts are signed of whole statements; strangers and nonsense get nothing", async () => {
  const { endpoint } = await serve(0, "strangers.journal", { host: "127.0.0.1", port: 0 });
  const signer = await connect(endpoint);
  const link = { peerId: "0x001122334455667788", operator: network.address(0), issuedAt: 1 } as const;
  const verified = (digest: `0x${string}`, signature: string) =>
    bn254.verify(hexToBytes(signer.publicKeys.g2), hexToBytes(digest), hexToBytes(signature));
  expect(verified(network.digests.link(link), await signer.signLink(link))).toBe(true);
  await expect(signer.signLink({ ...link, operator: network.address(1) })).rejects.toEqual(refused("OTHER_OPERATOR"));
  const { blockHash } = at(network.rollup.branch, 1).core;
  const alert = { epoch: 0, height: 1, blockHash, reason: ALERT_REASONS.receipts, transactionIndex: 0 } as const;
  expect(verified(network.digests.alert(alert), await signer.signAlert(alert))).toBe(true);

  await expect(connect(endpoint, "another secret than theirs")).rejects.toMatchObject({ details: { status: 401 } });
  const post = (url: string, body: string, authorization = `Bearer ${token}`) =>
    posted(`${endpoint}${url}`, body, authorization);
  expect(await post("/v1/sign", "{}")).toBe(400);
  expect(await post("/v1/sign", "{")).toBe(400);
  expect(await post("/v1/sign", JSON.stringify({ message: `0x${"00".repeat(512)}` }))).toBe(400);
  expect(await post("/v1/sign", JSON.stringify({ message: "0x".padEnd(40_000, "0") }))).toBe(400);
  expect(await post("/v1/secret", "{}")).toBe(404);
  expect(await post("/v1/sign", "{}", "")).toBe(401);
  const elsewhere = { domainSeparator: `0x${"11".repeat(32)}` } as const;
  await expect(remoteSigner({ endpoint, token }, elsewhere)).rejects.toMatchObject({ code: "SIGNER_FOREIGN" });
});

function posted(url: string, body: string, authorization: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", headers: { authorization } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
