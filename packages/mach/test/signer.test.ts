import { request } from "node:http";
import path from "node:path";
import { bn254 } from "@altlayer/engine";
import { ALERT_REASONS, type Base, hexToBytes } from "@altlayer/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type MachSigner, remoteSigner, type SignerServer, serveSigner } from "../src/index.ts";
import { blockMessage, sliceMessage } from "./support/chain.ts";
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
) => signer.journal?.append({ tip, quarantineHeight });
const refused = (code: string) => expect.objectContaining({ code: "SIGNER_REFUSED", details: { code, status: 409 } });

test("an operator without key or journal of its own: its signer has both", async () => {
  const { endpoint } = await serve(0, "served.journal", { host: "127.0.0.1", port: 0 });
  const signer = await connect(endpoint);
  for (const i of [1, 2, 3]) await network.run(i);
  const service = await network.run(0, { signer });
  const record = await until("all signed", () => {
    const found = service.certificate({ height: 4 });
    return found?.certificate.signers.length === 4 ? found : null;
  });
  expect(await signer.journal?.read()).toEqual({ tip: record.certificate.message, quarantineHeight: null });
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
  await journaled(signer, blockAt(2));
  await journaled(signer, blockAt(2));
  await journaled(signer, blockAt(4));
  expect((await signer.journal?.read())?.tip).toEqual(blockAt(4));
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
