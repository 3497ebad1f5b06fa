import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { chmod, readFile } from "node:fs/promises";
import { createDurably } from "@altlayer/rollup";
import { z } from "zod";
import { RaasError } from "../errors.ts";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** 64 MiB and a tenth of a second: paid once at start. */
const SCRYPT = { N: 65_536, r: 8, p: 1, maxmem: 128 * 1024 * 1024 };

const fileSchema = z.discriminatedUnion("kind", [
  z.strictObject({ version: z.literal(1), kind: z.literal("plain"), key: z.string().regex(/^[0-9a-f]{64}$/) }),
  z.strictObject({
    version: z.literal(1),
    kind: z.literal("password"),
    salt: z.string().regex(/^[0-9a-f]{32}$/),
    /** An encryption of a known text, which tells a wrong password at once. */
    check: z.string().max(200),
  }),
]);

const CHECK = "altlayer master key";

/** Encrypts what must not lie in the store as it is. AES-256-GCM; the context binds a ciphertext to its place. */
export class Vault {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** Returns `v1.` and base64url of nonce, ciphertext and tag. */
  seal(plain: string, context: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([nonce, cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `v1.${sealed.toString("base64url")}`;
  }

  /** @throws RaasError `SECRET_UNREADABLE` for another master key, another context or changed bytes. */
  open(sealed: string, context: string): string {
    const bytes = Buffer.from(sealed.replace(/^v1\./, ""), "base64url");
    try {
      const decipher = createDecipheriv("aes-256-gcm", this.#key, bytes.subarray(0, NONCE_BYTES), {
        // Else a shorter tag would do, and is the easier guessed.
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES));
      const body = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
    } catch {
      // Without the cause: nothing of a secret may reach a log.
      throw new RaasError("SECRET_UNREADABLE", `the secret of ${context} does not open: was the master key replaced?`);
    }
  }
}

/**
 * Opens the vault whose master key the file holds, or makes a new one. With a password the file holds no key, and all
 * that it protects is lost with the password.
 * @throws RaasError `MASTER_KEY_INVALID`
 */
export async function openVault(options: { readonly file: string; readonly password?: string }): Promise<Vault> {
  const { file, password } = options;
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new RaasError("MASTER_KEY_INVALID", `cannot read the master key's file ${file}`, { cause: error });
  });
  if (text === undefined) return await createVault(file, password);
  const parsed = fileSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new RaasError("MASTER_KEY_INVALID", `${file} does not hold a master key`);
  await chmod(file, 0o600);
  if (parsed.data.kind === "plain") return new Vault(Buffer.from(parsed.data.key, "hex"));
  if (password === undefined) {
    throw new RaasError("MASTER_KEY_INVALID", `${file} is protected by a password: set ALTLAYER_MASTER_PASSWORD`);
  }
  const vault = new Vault(derive(password, parsed.data.salt));
  try {
    vault.open(parsed.data.check, CHECK);
  } catch {
    throw new RaasError("MASTER_KEY_INVALID", `the password does not open ${file}`);
  }
  return vault;
}

async function createVault(file: string, password: string | undefined): Promise<Vault> {
  if (password === undefined) {
    const key = randomBytes(KEY_BYTES);
    await createDurably(file, `${JSON.stringify({ version: 1, kind: "plain", key: key.toString("hex") })}\n`);
    return new Vault(key);
  }
  const salt = randomBytes(16).toString("hex");
  const vault = new Vault(derive(password, salt));
  const check = vault.seal(CHECK, CHECK);
  await createDurably(file, `${JSON.stringify({ version: 1, kind: "password", salt, check })}\n`);
  return vault;
}

const derive = (password: string, salt: string): Buffer =>
  scryptSync(password, Buffer.from(salt, "hex"), KEY_BYTES, SCRYPT);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
