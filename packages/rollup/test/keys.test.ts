import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { privateKeyToAccount, privateKeyToAddress } from "viem/accounts";
import { keccak256, toHex } from "viem/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadAccount } from "../src/l1/keys.ts";

/** The test vectors of the Web3 Secret Storage Definition, version 3. */
const KEY = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";
const PASSWORD = "testpassword";
const PBKDF2 = {
  crypto: {
    cipher: "aes-128-ctr",
    cipherparams: { iv: "6087dab2f9fdbbfaddc31a909735c1e6" },
    ciphertext: "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
    kdf: "pbkdf2",
    kdfparams: {
      c: 262144,
      dklen: 32,
      prf: "hmac-sha256",
      salt: "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
    },
    mac: "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
  },
  id: "3198bc9c-6672-5ab3-d995-4942343ae5b6",
  version: 3,
};

describe("keys by reference", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "altlayer-keys-"));
  });
  afterAll(() => rm(directory, { recursive: true }));
  const file = async (name: string, content: string) => {
    await writeFile(join(directory, name), content);
    return join(directory, name);
  };
  const expected = privateKeyToAddress(`0x${KEY}`);

  it("come from the environment, a file, or a keystore", async () => {
    process.env.ALTLAYER_TEST_KEY = `0x${KEY}`;
    expect((await loadAccount({ kind: "env", name: "ALTLAYER_TEST_KEY" })).address).toBe(expected);
    expect((await loadAccount({ kind: "file", path: await file("key", `${KEY}\n`) })).address).toBe(expected);
    const path = await file("keystore", JSON.stringify(PBKDF2));
    const passwordFile = await file("password", `${PASSWORD}\n`);
    expect((await loadAccount({ kind: "keystore", path, passwordFile })).address).toBe(expected);
  });

  it("sign in native code what viem signs", async () => {
    const account = await loadAccount({ kind: "file", path: await file("signing", KEY) });
    const ofViem = privateKeyToAccount(`0x${KEY}`);
    for (let i = 0; i < 64; i++) {
      const hash = keccak256(toHex(i));
      expect(await account.sign({ hash })).toBe(await ofViem.sign({ hash }));
    }
  });

  it("never show in an error", async () => {
    const nearly = `${KEY}00`;
    const wrong = { kind: "file", path: await file("bad", nearly) } as const;
    const failure = await loadAccount(wrong).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "KEY_INVALID" });
    expect(JSON.stringify(failure) + String(failure) + String((failure as Error).stack)).not.toContain(KEY);
    await expect(loadAccount({ kind: "env", name: "ALTLAYER_NO_SUCH" })).rejects.toMatchObject({
      code: "KEY_UNAVAILABLE",
    });
    const path = await file("keystore2", JSON.stringify(PBKDF2));
    const passwordFile = await file("password2", "another");
    await expect(loadAccount({ kind: "keystore", path, passwordFile })).rejects.toMatchObject({ code: "KEY_INVALID" });
    const hostile = { ...PBKDF2, crypto: { ...PBKDF2.crypto, kdfparams: { ...PBKDF2.crypto.kdfparams, c: 2 ** 40 } } };
    await expect(
      loadAccount({ kind: "keystore", path: await file("hostile", JSON.stringify(hostile)), passwordFile }),
    ).rejects.toMatchObject({ code: "KEY_INVALID" });
  });
});
