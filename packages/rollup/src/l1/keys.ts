import { createDecipheriv, pbkdf2Sync, scryptSync, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { keccak256 as nativeKeccak256, secp256k1 } from "@altlayer/engine";
import type { PrivateKeyAccount } from "viem/accounts";
import { privateKeyToAccount } from "viem/accounts";
import { bytesToHex, hexToBytes, keccak256, serializeTransaction } from "viem/utils";
import { z } from "zod";
import { RollupError } from "../errors.ts";

/** Where a private key lies. A key itself never stands in a configuration, so that none can end up in a log. */
export const keyReferenceSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("env"), name: z.string().min(1) }),
  z.strictObject({ kind: z.literal("file"), path: z.string().min(1) }),
  z.strictObject({
    kind: z.literal("keystore"),
    path: z.string().min(1),
    passwordEnv: z.string().optional(),
    passwordFile: z.string().optional(),
  }),
  z
    .strictObject({ kind: z.literal("provided"), name: z.string().min(1) })
    .describe("a key that the program around the node holds (RollupNodeDependencies.providedAccount)"),
]);
export type KeyReference = z.output<typeof keyReferenceSchema>;

const hexBytes = z.string().regex(/^(0x)?([0-9a-fA-F]{2})+$/);
/** Web3 Secret Storage, version 3. The bounds keep a hostile file from eating the machine. */
const keystoreSchema = z.object({
  version: z.literal(3),
  crypto: z.object({
    cipher: z.literal("aes-128-ctr"),
    ciphertext: hexBytes,
    cipherparams: z.object({ iv: hexBytes }),
    mac: hexBytes,
    kdf: z.enum(["scrypt", "pbkdf2"]),
    kdfparams: z.object({
      dklen: z.number().int().min(32).max(64),
      salt: hexBytes,
      n: z
        .number()
        .int()
        .max(1 << 20)
        .optional(),
      r: z.number().int().max(32).optional(),
      p: z.number().int().max(16).optional(),
      c: z.number().int().max(10_000_000).optional(),
    }),
  }),
});

/** Finds the account of that name in the program around the node. */
export type ProvidedAccount = (name: string) => Promise<PrivateKeyAccount>;

/** Resolves a reference to an account that can sign. Errors (`KEY_*`) name the place, never the content. */
export async function loadAccount(reference: KeyReference, provided?: ProvidedAccount): Promise<PrivateKeyAccount> {
  if (reference.kind === "provided") {
    if (provided !== undefined) return await provided(reference.name);
    throw new RollupError("KEY_UNAVAILABLE", `nobody provides the key ${reference.name}: name a file or a keystore`, {
      severity: "critical",
      data: { name: reference.name },
    });
  }
  if (reference.kind === "env")
    return fromText(readEnvironment(reference.name), `environment variable ${reference.name}`);
  const text = await readSecret(reference.path);
  if (reference.kind === "file") return fromText(text, `file ${reference.path}`);
  const password =
    reference.passwordFile === undefined
      ? readEnvironment(reference.passwordEnv ?? "ALTLAYER_KEYSTORE_PASSWORD")
      : (await readSecret(reference.passwordFile)).replace(/\r?\n$/, "");
  return fromText(decryptKeystore(text, password, reference.path), `keystore ${reference.path}`);
}

/**
 * viem's account of a key, which hashes and signs in native code: a sequencer signs hundreds of slices a second, and a
 * deployment has a hundred transactions of up to 24 KB.
 */
export function localAccount(privateKey: `0x${string}`): PrivateKeyAccount {
  const secret = hexToBytes(privateKey);
  return {
    ...privateKeyToAccount(privateKey),
    sign: async ({ hash }) => {
      const signature = Buffer.from(secp256k1.sign(secret, Buffer.from(hash.slice(2), "hex")));
      // As wallets write it: 27 and 28 for the recovery ids.
      signature.writeUInt8(signature.readUInt8(64) + 27, 64);
      return `0x${signature.toString("hex")}`;
    },
    signTransaction: async (transaction, options = {}) => {
      const serializer = options.serializer ?? serializeTransaction;
      // Blobs are beside what is signed (EIP-4844, "Networking").
      const unsigned = transaction.type === "eip4844" ? { ...transaction, sidecars: false as const } : transaction;
      const digest = nativeKeccak256(hexToBytes(await serializer(unsigned)));
      const signature = Buffer.from(secp256k1.sign(secret, digest)).toString("hex");
      const yParity = Number.parseInt(signature.slice(128), 16);
      const parity = { yParity, v: BigInt(27 + yParity) };
      return await serializer(transaction, {
        ...parity,
        r: `0x${signature.slice(0, 64)}`,
        s: `0x${signature.slice(64, 128)}`,
      });
    },
  } as PrivateKeyAccount;
}

function decryptKeystore(text: string, password: string, path: string): string {
  const invalid = (problem: string) =>
    new RollupError("KEY_INVALID", `keystore ${path} ${problem}`, { severity: "critical", data: { path } });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid("is not JSON");
  }
  // Some tools write `Crypto`.
  const record =
    typeof json === "object" && json !== null && "Crypto" in json ? { ...json, crypto: json.Crypto } : json;
  const parsed = keystoreSchema.safeParse(record);
  if (!parsed.success) throw invalid("is not a version 3 keystore");
  const { crypto } = parsed.data;
  const { dklen, n, r, p, c } = crypto.kdfparams;
  const salt = bytes(crypto.kdfparams.salt);
  const key =
    crypto.kdf === "scrypt"
      ? scryptSync(password, salt, dklen, { N: n ?? 262_144, r: r ?? 8, p: p ?? 1, maxmem: 2 ** 31 })
      : pbkdf2Sync(password, salt, c ?? 262_144, dklen, "sha256");
  const ciphertext = bytes(crypto.ciphertext);
  const mac = keccak256(Buffer.concat([key.subarray(16, 32), ciphertext]), "bytes");
  const expected = bytes(crypto.mac);
  if (expected.length !== mac.length || !timingSafeEqual(mac, expected))
    throw invalid("does not open with that password");
  const decipher = createDecipheriv("aes-128-ctr", key.subarray(0, 16), bytes(crypto.cipherparams.iv));
  return bytesToHex(Buffer.concat([decipher.update(ciphertext), decipher.final()]));
}

function fromText(text: string, place: string): PrivateKeyAccount {
  const key = text.trim();
  const hex = key.startsWith("0x") ? key : `0x${key}`;
  if (/^0x[0-9a-fA-F]{64}$/.test(hex)) {
    try {
      return localAccount(hex as `0x${string}`);
    } catch {
      // Out of the curve's range: told below without the cause, which could quote the key.
    }
  }
  throw new RollupError("KEY_INVALID", `the ${place} does not hold a private key of 32 bytes in hex`, {
    severity: "critical",
  });
}

function readEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") {
    throw new RollupError("KEY_UNAVAILABLE", `environment variable ${name} is not set`, {
      severity: "critical",
      data: { name },
    });
  }
  return value;
}

async function readSecret(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new RollupError("KEY_UNAVAILABLE", `cannot read ${path}`, { severity: "critical", data: { path }, cause });
  }
}

function bytes(hex: string): Uint8Array {
  return hexToBytes(hex.startsWith("0x") ? (hex as `0x${string}`) : `0x${hex}`);
}
