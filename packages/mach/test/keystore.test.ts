import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { bn254 } from "@altlayer/engine";
import { bytesToHex } from "@altlayer/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  createKeystore,
  deriveSetSecret,
  type KeyDerivation,
  type Keystore,
  newSeed,
  openKeystore,
  readKeystore,
  writeKeystore,
} from "../src/index.ts";
import { decryptSecret } from "../src/node/keystore.ts";

/** The cheapest that is accepted. */
const CHEAP: KeyDerivation = { function: "scrypt", n: 16_384 };
const password = "correct horse";
const coded = (code: string) => expect.objectContaining({ code });
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "altlayer-keystore-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** https://eips.ethereum.org/EIPS/eip-2335, "test cases". */
const EIP_2335 = {
  secret: "0x000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
  password: "𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑",
  salt: "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3",
  iv: "264daa3f303d7259501c93d997d84fe6",
  scrypt: {
    checksum: "d2217fe5f3e9a1e34581ef8a78f7c9928e436d36dacc5e846690a5581e8ea484",
    message: "06ae90d55fe0a6e9c5c3bc5b170827b2e5cce3929ed3f116c2811e6366dfe20f",
  },
  pbkdf2: {
    checksum: "8a9f5d9912ed7e75ea794bc5a89bca5f193721d30868ade6f73043c6ea6febf1",
    message: "cee03fde2af33149775b7223e7845e4fb2c8ae1792e5f99fe9ecf474cc8c16ad",
  },
};

test("the vectors of EIP-2335 open, with either key derivation", async () => {
  const { salt, iv } = EIP_2335;
  const kdfs = {
    scrypt: { function: "scrypt", params: { dklen: 32, n: 262_144, p: 1, r: 8, salt }, message: "" },
    pbkdf2: { function: "pbkdf2", params: { dklen: 32, c: 262_144, prf: "hmac-sha256", salt }, message: "" },
  };
  for (const name of ["scrypt", "pbkdf2"] as const) {
    const { checksum, message } = EIP_2335[name];
    const content = {
      kdf: kdfs[name],
      checksum: { function: "sha256", params: {}, message: checksum },
      cipher: { function: "aes-128-ctr", params: { iv }, message },
    };
    expect(bytesToHex(await decryptSecret(content, EIP_2335.password))).toBe(EIP_2335.secret);
    // As the EIP wants it: compatibility forms and control codes make no difference.
    expect(bytesToHex(await decryptSecret(content, "test\u0000password🔑"))).toBe(EIP_2335.secret);
  }
});

test("a seed survives the file, which only its owner reads", async () => {
  const seed = newSeed();
  const file = path.join(folder, "operator.json");
  for (const [i, derivation] of [CHEAP, { function: "pbkdf2", c: 100_000 } as const].entries()) {
    await writeKeystore(`${file}${i}`, await createKeystore({ seed, password, description: "operator" }, derivation));
    expect(await readKeystore(`${file}${i}`, password)).toEqual(seed);
    expect((await stat(`${file}${i}`)).mode & 0o777).toBe(0o600);
  }
  const other = await createKeystore({ seed: newSeed(), password }, CHEAP);
  await expect(writeKeystore(`${file}0`, other)).rejects.toEqual(coded("KEYSTORE_EXISTS"));
  expect(await readKeystore(`${file}0`, password)).toEqual(seed);
});

test("a wrong password, a changed byte and a foreign format are refused", async () => {
  const keystore = await createKeystore({ seed: newSeed(), password }, CHEAP);
  await expect(openKeystore(keystore, "correct house")).rejects.toEqual(coded("KEYSTORE_PASSWORD"));
  const changed = structuredClone(keystore) as { -readonly [Key in keyof Keystore]: Keystore[Key] };
  const { message } = changed.crypto.cipher;
  changed.crypto.cipher.message = message.startsWith("00") ? `01${message.slice(2)}` : `00${message.slice(2)}`;
  await expect(openKeystore(changed, password)).rejects.toEqual(coded("KEYSTORE_PASSWORD"));
  const foreign: readonly unknown[] = [
    null,
    { ...keystore, curve: "bls12-381" },
    { ...keystore, version: 3 },
    { ...keystore, crypto: { ...keystore.crypto, cipher: { ...keystore.crypto.cipher, function: "aes-256-gcm" } } },
    // More memory than this machine should be made to give.
    withN(keystore, 2 ** 30),
    withN(keystore, 1_000),
  ];
  for (const content of foreign) {
    await expect(openKeystore(content, password)).rejects.toEqual(coded("KEYSTORE_MALFORMED"));
  }
  const file = path.join(folder, "broken.json");
  await writeFile(file, "{");
  await expect(readKeystore(file, password)).rejects.toEqual(coded("KEYSTORE_MALFORMED"));
  await expect(createKeystore({ seed: newSeed(), password: "\u0007" }, CHEAP)).rejects.toEqual(
    coded("KEYSTORE_MALFORMED"),
  );
});

function withN({ crypto, ...rest }: Keystore, n: number): unknown {
  return { ...rest, crypto: { ...crypto, kdf: { ...crypto.kdf, params: { ...crypto.kdf.params, n } } } };
}

test("each set has a key of its own, however the address is written", () => {
  const seed = new Uint8Array(32).fill(7);
  const set = { l1ChainId: 1, avs: "0xabcdefabcdefabcdefabcdefabcdefabcdefabcd", operatorSetId: 0 } as const;
  const secret = (changes: object) => bytesToHex(deriveSetSecret({ seed, set: { ...set, ...changes } }, { bn254 }));
  expect(secret({ avs: "0xABCDEFabcdefabcdefabcdefabcdefabcdefabcd" })).toBe(secret({}));
  const others = [{ l1ChainId: 10 }, { operatorSetId: 1 }, { avs: `0x${"11".repeat(20)}` }];
  expect(new Set([{}, ...others].map(secret)).size).toBe(4);
});
