import { createCipheriv, createDecipheriv, createHash, pbkdf2, randomBytes, randomUUID, scrypt } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { bytesToHex, type Hex, hexToBytes } from "@altlayer/protocol";
import { z } from "zod";
import { MachError } from "../errors.ts";
import { syncFolder } from "./sync-folder.ts";

/**
 * An operator's seed under a password, in EIP-2335's crypto format. What deviates: the secret is the seed that the keys
 * of all sets are derived from (`deriveSetSecret`), so `path` is empty and `pubkey` absent; `curve` says what for.
 */
export type Keystore = z.infer<typeof keystoreSchema>;

/** How dear a guess at the password is made. */
export type KeyDerivation =
  | { readonly function: "scrypt"; readonly n: number }
  | { readonly function: "pbkdf2"; readonly c: number };

/** EIP-2335's own example: 256 MiB and about a second a guess. */
export const KEYSTORE_DERIVATION: KeyDerivation = { function: "scrypt", n: 262_144 };

const SEED_BYTES = 32;
const KEY_BYTES = 32;
const SCRYPT = { r: 8, p: 1 } as const;
/** What a file may ask of this machine: 1 GiB, or some seconds. */
const MAX_SCRYPT_N = 1_048_576;
const MAX_PBKDF2_C = 10_000_000;
const MIN_SCRYPT_N = 16_384;
const MIN_PBKDF2_C = 100_000;
const MAX_FILE_BYTES = 16 * 1024;

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`, "i"));
const salt = z.string().regex(/^(?:[0-9a-f]{2}){8,128}$/i);
const powerOfTwo = (n: number) => Number.isInteger(Math.log2(n));

const kdfSchema = z.discriminatedUnion("function", [
  z.object({
    function: z.literal("scrypt"),
    params: z.object({
      dklen: z.literal(KEY_BYTES),
      n: z.int().min(MIN_SCRYPT_N).max(MAX_SCRYPT_N).refine(powerOfTwo),
      p: z.literal(SCRYPT.p),
      r: z.literal(SCRYPT.r),
      salt,
    }),
    message: z.literal(""),
  }),
  z.object({
    function: z.literal("pbkdf2"),
    params: z.object({
      dklen: z.literal(KEY_BYTES),
      c: z.int().min(MIN_PBKDF2_C).max(MAX_PBKDF2_C),
      prf: z.literal("hmac-sha256"),
      salt,
    }),
    message: z.literal(""),
  }),
]);

const cryptoSchema = z.object({
  kdf: kdfSchema,
  checksum: z.object({ function: z.literal("sha256"), params: z.object({}), message: hex(32) }),
  cipher: z.object({
    function: z.literal("aes-128-ctr"),
    params: z.object({ iv: hex(16) }),
    message: hex(SEED_BYTES),
  }),
});

const keystoreSchema = z.object({
  crypto: cryptoSchema,
  curve: z.literal("bn254"),
  description: z.string().max(1_000).optional(),
  path: z.literal(""),
  uuid: z.uuid(),
  version: z.literal(4),
});

/** @returns 32 random bytes to derive an operator's keys from. */
export function newSeed(): Uint8Array {
  return new Uint8Array(randomBytes(SEED_BYTES));
}

/**
 * Encrypts a seed of 32 bytes.
 * @throws MachError `KEYSTORE_MALFORMED` for a seed of another size, or an empty password
 */
export async function createKeystore(
  options: { readonly seed: Uint8Array; readonly password: string; readonly description?: string },
  derivation: KeyDerivation = KEYSTORE_DERIVATION,
): Promise<Keystore> {
  if (options.seed.length !== SEED_BYTES) throw malformed(`a seed has ${SEED_BYTES} bytes`);
  const params = { dklen: KEY_BYTES, salt: randomBytes(32).toString("hex") };
  const kdf = kdfSchema.parse(
    derivation.function === "scrypt"
      ? { function: "scrypt", params: { ...params, ...SCRYPT, n: derivation.n }, message: "" }
      : { function: "pbkdf2", params: { ...params, c: derivation.c, prf: "hmac-sha256" }, message: "" },
  );
  const key = await stretched(options.password, kdf);
  const iv = randomBytes(16);
  const cipher = createCipheriv("aes-128-ctr", key.subarray(0, 16), iv);
  const message = Buffer.concat([cipher.update(options.seed), cipher.final()]);
  return {
    crypto: {
      kdf,
      checksum: { function: "sha256", params: {}, message: checksum(key, message).toString("hex") },
      cipher: { function: "aes-128-ctr", params: { iv: iv.toString("hex") }, message: message.toString("hex") },
    },
    curve: "bn254",
    ...(options.description === undefined ? {} : { description: options.description }),
    path: "",
    uuid: randomUUID(),
    version: 4,
  };
}

/**
 * The seed of a keystore, as JSON has it.
 * @throws MachError `KEYSTORE_MALFORMED`, `KEYSTORE_PASSWORD`
 */
export async function openKeystore(content: unknown, password: string): Promise<Uint8Array> {
  const keystore = keystoreSchema.safeParse(content);
  if (!keystore.success) throw malformed(z.prettifyError(keystore.error));
  return decryptSecret(keystore.data.crypto, password);
}

/** The part that is EIP-2335's: its vectors pass here. @throws MachError `KEYSTORE_MALFORMED`, `KEYSTORE_PASSWORD` */
export async function decryptSecret(content: unknown, password: string): Promise<Uint8Array> {
  const parsed = cryptoSchema.safeParse(content);
  if (!parsed.success) throw malformed(z.prettifyError(parsed.error));
  const { kdf, cipher, checksum: expected } = parsed.data;
  const key = await stretched(password, kdf);
  const message = Buffer.from(cipher.message, "hex");
  if (!checksum(key, message).equals(Buffer.from(expected.message, "hex"))) {
    throw new MachError("KEYSTORE_PASSWORD", "the password does not open the keystore");
  }
  const decipher = createDecipheriv("aes-128-ctr", key.subarray(0, 16), Buffer.from(cipher.params.iv, "hex"));
  return new Uint8Array(Buffer.concat([decipher.update(message), decipher.final()]));
}

/** Writes a new file that only its owner reads. @throws MachError `KEYSTORE_EXISTS` */
export async function writeKeystore(file: string, keystore: Keystore): Promise<void> {
  const handle = await open(file, "wx", 0o600).catch((cause) => {
    throw cause.code === "EEXIST"
      ? new MachError("KEYSTORE_EXISTS", "there is a keystore already: choose another file", { file })
      : cause;
  });
  try {
    await handle.writeFile(`${JSON.stringify(keystore, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncFolder(path.dirname(file));
}

/** The seed in a keystore file. @throws MachError `KEYSTORE_MALFORMED`, `KEYSTORE_PASSWORD`; the system's if unreadable */
export async function readKeystore(file: string, password: string): Promise<Uint8Array> {
  const content = await readFile(file);
  if (content.length > MAX_FILE_BYTES) throw malformed("a keystore is not that large", { file });
  let json: unknown;
  try {
    json = JSON.parse(content.toString("utf8"));
  } catch {
    throw malformed("the keystore is no JSON", { file });
  }
  return openKeystore(json, password);
}

/** What a key is for: KeyRegistrar burns keys, so each operator set gets its own. */
export interface KeySet {
  readonly l1ChainId: number;
  readonly avs: Hex;
  readonly operatorSetId: number;
}

/**
 * The secret by which the operator signs in one set (docs/spec/mach.md, section 7). 32 bytes.
 * @param seed the operator's, 32 bytes
 */
export function deriveSetSecret(
  { seed, set }: { readonly seed: Uint8Array; readonly set: KeySet },
  { bn254 }: { readonly bn254: { deriveSecret(seed: Uint8Array, info: Uint8Array): Uint8Array } },
): Uint8Array {
  const avs = bytesToHex(hexToBytes(set.avs));
  return bn254.deriveSecret(seed, Buffer.from(`altlayer/mach/${set.l1ChainId}/${avs}/${set.operatorSetId}`));
}

async function stretched(password: string, kdf: z.infer<typeof kdfSchema>): Promise<Buffer> {
  const secret = normalized(password);
  if (secret.length === 0) throw malformed("the password is empty");
  const bytes = Buffer.from(kdf.params.salt, "hex");
  if (kdf.function === "pbkdf2") return promisify(pbkdf2)(secret, bytes, kdf.params.c, KEY_BYTES, "sha256");
  const { n, r, p } = kdf.params;
  return stretchedByScrypt(secret, bytes, { N: n, r, p, maxmem: 256 * n * r });
}

const stretchedByScrypt = (secret: Buffer, salted: Buffer, cost: { N: number; r: number; p: number; maxmem: number }) =>
  new Promise<Buffer>((resolve, reject) => {
    scrypt(secret, salted, KEY_BYTES, cost, (error, key) => (error === null ? resolve(key) : reject(error)));
  });

/** EIP-2335, "password requirements": NFKD, without control codes. */
function normalized(password: string): Buffer {
  return Buffer.from(password.normalize("NFKD").replace(/\p{Cc}/gu, ""), "utf8");
}

function checksum(key: Buffer, message: Buffer): Buffer {
  return createHash("sha256").update(key.subarray(16, 32)).update(message).digest();
}

function malformed(problem: string, details: Readonly<Record<string, string>> = {}): MachError {
  return new MachError("KEYSTORE_MALFORMED", problem, details);
}
