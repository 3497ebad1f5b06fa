import {
  concat,
  createPublicClient,
  createWalletClient,
  type Hex,
  http,
  keccak256,
  numberToHex,
  parseAbi,
  recoverAddress,
  stringToHex,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Anvil } from "../../deployer/test/anvil.ts";
import type { TestPlatform } from "./harness.ts";
import { newSpec, removeDir, startL1, startTestPlatform, until } from "./harness.ts";

/** Keys that are replaced under a running node, each by the owner's own signature on a real anvil. */

let l1: Anvil;
let at: TestPlatform;
let path: string;
let id: string;
const WAIT_MS = 120_000;
const GAMES = parseAbi([
  "function gameImpls(uint32) view returns (address)",
  "function proposer() view returns (address)",
  "function challenger() view returns (address)",
]);
/** Anvil's first account, the owner of the example's contracts. */
const OWNER = privateKeyToAccount("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");

beforeAll(async () => {
  l1 = await startL1();
  at = await startTestPlatform({ rpcUrl: l1.url, signerGraceMs: 500 });
  const made = await at.owner.ask("POST", `/teams/${at.teamId}/rollups`, { spec: newSpec("rotated-one") });
  id = made.body.id;
  path = `/teams/${at.teamId}/rollups/${id}`;
  const early = await at.owner.ask("POST", `${path}/keys/batcher/rotate`, {});
  expect([early.status, early.body.error.code]).toEqual([409, "CONFLICT"]);
  await until(
    () => at.owner.ask("GET", path),
    ({ body }) => body.phase === "running",
    WAIT_MS,
  );
}, 300_000);

afterAll(async () => {
  await at?.close();
  await l1?.stop();
  if (at) removeDir(at.dataDir);
});

const keyOf = async (role: string) =>
  (await at.owner.ask("GET", `${path}/keys`)).body.items.find((key: { role: string }) => key.role === role);

const heads = async () => (await at.owner.ask("GET", `${path}/status`)).body.heads;

/** The node itself, which a restart would replace. */
const running = () => at.platform.services.runtime.running(id);

/** Asks for a next key, and waits until the owner can sign for it. */
async function ask(role: string) {
  const asked = await at.owner.ask("POST", `${path}/keys/${role}/rotate`, {});
  expect(asked.status).toBe(202);
  const again = await at.owner.ask("POST", `${path}/keys/${role}/rotate`, {});
  expect(again.body.address).toBe(asked.body.address);
  const ready = await until(
    () => keyOf(role),
    ({ rotation }) => rotation?.state === "signature",
    WAIT_MS,
  );
  expect(ready.address).not.toBe(ready.rotation.address);
  const { body } = await at.owner.ask("GET", path);
  expect(body.signatures.map(({ id: wanted }: { id: string }) => wanted)).toEqual([`keys.${role}`]);
  return { old: ready.address as Hex, next: ready.rotation.address as Hex, signature: ready.rotation.signature };
}

async function sign({ to, data, from }: { to: Hex; data: Hex; from: Hex }): Promise<void> {
  expect(from).toBe(OWNER.address.toLowerCase());
  const wallet = createWalletClient({ account: OWNER, transport: http(l1.url) });
  const hash = await wallet.sendTransaction({ chain: null, to, data });
  const receipt = await createPublicClient({ transport: http(l1.url) }).waitForTransactionReceipt({ hash });
  expect(receipt.status).toBe("success");
}

const retired = (role: string, old: Hex, next: Hex) =>
  until(
    () => keyOf(role),
    ({ address, rotation, retired: gone }) =>
      address === next && rotation === null && gone.some((key: { address: string }) => key.address === old),
    WAIT_MS,
  );

const sentBy = (address: Hex) => createPublicClient({ transport: http(l1.url) }).getTransactionCount({ address });

describe("a key is replaced while the node runs", () => {
  test("the keys are listed by address and age, and nothing of a key itself is told", async () => {
    const { body } = await at.owner.ask("GET", `${path}/keys`);
    expect(body.items.map(({ role, rotates }: { role: string; rotates: boolean }) => [role, rotates])).toEqual(
      expect.arrayContaining([
        ["batcher", true],
        ["proposer", true],
        ["challenger", true],
        ["sequencer", true],
        ["deployer", false],
      ]),
    );
    const secret = await at.platform.services.keys.privateKey(id, "batcher");
    expect(JSON.stringify(body)).not.toContain(secret.slice(2));
    expect(JSON.stringify(body)).not.toContain("ciphertext");
  });

  test("the batcher: blocks stay safe before, over, and after the change, and the old key sends no more", async () => {
    const node = running();
    const { old, next, signature } = await ask("batcher");
    const before = await heads();
    // The old key acts until the owner has signed.
    await until(heads, ({ safe }) => safe.number > before.safe.number, WAIT_MS);
    expect(await sentBy(next)).toBe(0);
    await sign(signature);
    await retired("batcher", old, next);
    const sent = await sentBy(old);
    const { unsafe } = await heads();
    await until(heads, ({ safe }) => safe.number > unsafe.number, WAIT_MS);
    expect(await sentBy(next)).toBeGreaterThan(0);
    expect(await sentBy(old)).toBe(sent);
    expect(running()).toBe(node);
  }, 300_000);

  test("the proposer, whose address is an immutable: another game takes the place of the present one", async () => {
    const node = running();
    const { old, next, signature } = await ask("proposer");
    // Another game with another challenger would take this one back.
    const both = await at.owner.ask("POST", `${path}/keys/challenger/rotate`, {});
    expect([both.status, both.body.error.code]).toEqual([409, "CONFLICT"]);
    expect(signature.to).toBe((await at.owner.ask("GET", path)).body.contracts.DisputeGameFactoryProxy);
    // Its one transaction so far has created the implementation that names it.
    expect(await sentBy(next)).toBe(1);
    await sign(signature);
    await retired("proposer", old, next);
    const sent = await sentBy(old);
    await until(
      () => sentBy(next),
      (count) => count > 2,
      WAIT_MS,
    );
    expect(await sentBy(old)).toBe(sent);
    expect(running()).toBe(node);
  }, 300_000);

  test("the challenger, the game's other immutable: the game that follows names it, and the proposer as before", async () => {
    const node = running();
    const { old, next, signature } = await ask("challenger");
    expect(await players()).toMatchObject({ challenger: old });
    await sign(signature);
    await retired("challenger", old, next);
    expect(await players()).toEqual({ challenger: next, proposer: (await keyOf("proposer")).address });
    expect(running()).toBe(node);
  }, 300_000);

  test("the sequencer: its slices are signed by the new key, and no block is missed", async () => {
    const node = running();
    const { old, next, signature } = await ask("sequencer");
    expect(await sliceSigner()).toBe(old);
    await sign(signature);
    await retired("sequencer", old, next);
    await until(sliceSigner, (signer) => signer === next, WAIT_MS);
    expect(running()).toBe(node);
  }, 300_000);

  test("after a restart the new keys act, and what is retired stays retired", async () => {
    const { dataDir } = at;
    const before = (await at.owner.ask("GET", `${path}/keys`)).body.items;
    await at.close();
    at = await startTestPlatform({ rpcUrl: l1.url, dataDir, signerGraceMs: 500 });
    await until(
      () => at.owner.ask("GET", path),
      ({ body }) => body.phase === "running",
      WAIT_MS,
    );
    const after = (await at.owner.ask("GET", `${path}/keys`)).body.items;
    const known = ({ role, address, retired: gone }: { role: string; address: string; retired: unknown }) => [
      role,
      address,
      gone,
    ];
    expect(after.map(known)).toEqual(before.map(known));
    const { unsafe } = await until(heads, (found) => found !== null, WAIT_MS);
    await until(heads, (found) => found !== null && found.safe.number > unsafe.number, WAIT_MS);
  }, 300_000);
});

/** Whom the present implementation of the permissioned game names. */
async function players(): Promise<{ readonly proposer: string; readonly challenger: string }> {
  const client = createPublicClient({ transport: http(l1.url) });
  const { DisputeGameFactoryProxy: factory } = (await at.owner.ask("GET", path)).body.contracts;
  const game = await client.readContract({ address: factory, abi: GAMES, functionName: "gameImpls", args: [1] });
  const [proposer, challenger] = await Promise.all(
    (["proposer", "challenger"] as const).map((functionName) =>
      client.readContract({ address: game, abi: GAMES, functionName }),
    ),
  );
  return { proposer: proposer!.toLowerCase(), challenger: challenger!.toLowerCase() };
}

/** Who signed the next slice that the node streams. */
async function sliceSigner(): Promise<string> {
  const socket = new WebSocket(`${running()?.endpoints.flashblocks}/slices`);
  try {
    const text = await new Promise<string>((resolve, reject) => {
      socket.onerror = () => reject(new TypeError("the stream of slices does not answer"));
      socket.onmessage = ({ data }) => {
        const message = String(data);
        if (message.includes('"signature"')) resolve(message);
      };
    });
    const { slice, signature } = JSON.parse(text) as { slice: { id: Hex }; signature: Hex };
    const { chainId } = (await at.owner.ask("GET", path)).body;
    return (await recoverAddress({ hash: signingHash(chainId, slice.id), signature })).toLowerCase();
  } finally {
    socket.close();
  }
}

/** As docs/spec/slices.md has it. */
function signingHash(chainId: number, sliceId: Hex): Hex {
  const domain = keccak256(stringToHex("altlayer.slice.signature.v1"));
  return keccak256(concat([domain, numberToHex(chainId, { size: 32 }), sliceId]));
}
