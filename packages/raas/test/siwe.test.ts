import { rmSync } from "node:fs";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { createSiweMessage } from "viem/siwe";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Anvil } from "../../deployer/test/anvil.ts";
import type { TestPlatform } from "./harness.ts";
import { Caller, startL1, startTestPlatform } from "./harness.ts";

let l1: Anvil;
let at: TestPlatform;

beforeAll(async () => {
  l1 = await startL1();
  at = await startTestPlatform({ rpcUrl: l1.url });
});

afterAll(async () => {
  await at?.close();
  await l1?.stop();
  if (at) rmSync(at.dataDir, { recursive: true, force: true });
});

const account = privateKeyToAccount(generatePrivateKey());
type Fields = Parameters<typeof createSiweMessage>[0];

async function fields(over: Partial<Fields> = {}): Promise<Fields> {
  const { body } = await at.anonymous.ask("POST", "/session/siwe/nonce", {});
  return {
    address: account.address,
    chainId: 31337,
    domain: body.domain,
    uri: body.uri,
    nonce: body.nonce,
    version: "1",
    ...over,
  };
}

async function signIn(message: string, signature?: string) {
  return await at.anonymous.ask("POST", "/session/siwe", {
    message,
    signature: signature ?? (await account.signMessage({ message })),
  });
}

const refusal = { status: 401, body: { error: { code: "UNAUTHENTICATED" } } };

describe("sign-in with Ethereum", () => {
  test("lets the holder of a key in, to a team of their own, and the same person the next time", async () => {
    const first = await signIn(createSiweMessage(await fields()));
    expect([first.status, first.body.user.address]).toEqual([200, account.address.toLowerCase()]);
    expect(first.body.teams).toMatchObject([{ role: "owner" }]);
    const second = await signIn(createSiweMessage(await fields()));
    expect(second.body.user.id).toBe(first.body.user.id);
    const cookie = second.headers.get("set-cookie")!.split(";")[0]!;
    const caller = new Caller({ url: at.platform.url, headers: { cookie } });
    expect((await caller.ask("GET", `/teams/${at.teamId}`)).status).toBe(404);
  });

  test("takes a nonce once", async () => {
    const message = createSiweMessage(await fields());
    expect((await signIn(message)).status).toBe(200);
    expect(await signIn(message)).toMatchObject(refusal);
  });

  test.each<[string, Partial<Fields>]>([
    ["another site's message", { domain: "evil.example" }],
    ["another URI", { uri: "https://evil.example" }],
    ["a nonce of nobody", { nonce: "a".repeat(32) }],
    ["a message of yesterday", { expirationTime: new Date(Date.now() - 86_400_000) }],
    ["a message of tomorrow", { notBefore: new Date(Date.now() + 86_400_000) }],
  ])("refuses %s", async (_, over) => {
    expect(await signIn(createSiweMessage(await fields(over)))).toMatchObject(refusal);
  });

  test("refuses another key's signature, and one of the text around it", async () => {
    const message = createSiweMessage(await fields());
    const stranger = privateKeyToAccount(generatePrivateKey());
    expect(await signIn(message, await stranger.signMessage({ message }))).toMatchObject(refusal);
    expect(await signIn("not a message at all")).toMatchObject(refusal);
  });

  test("asks a contract wallet whether the signature is its own (ERC-1271)", async () => {
    const wallet = "0x00000000000000000000000000000000005afe01";
    const says = async (answer: string) => {
      // Returns one word whatever it is asked.
      const code = `0x7f${answer.padEnd(64, "0")}60005260206000f3`;
      await at.platform.services.networks.request("development", "anvil_setCode", [wallet, code]);
      return await signIn(createSiweMessage(await fields({ address: wallet })), `0x${"11".repeat(65)}`);
    };
    expect((await says("1626ba7e")).body.user.address).toBe(wallet);
    expect(await says("ffffffff")).toMatchObject(refusal);
    const elsewhere = await fields({ address: wallet, chainId: 1 });
    expect(await signIn(createSiweMessage(elsewhere), `0x${"11".repeat(65)}`)).toMatchObject(refusal);
  });
});
