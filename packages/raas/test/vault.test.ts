import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openVault } from "../src/secrets/vault.ts";
import { removeDir } from "./harness.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "altlayer-vault-"));
});
afterAll(() => removeDir(directory));

const unreadable = expect.objectContaining({ code: "SECRET_UNREADABLE" });

test("a secret opens in its own place only, whole, and under its own key", async () => {
  const vault = await openVault({ file: join(directory, "one.json") });
  const sealed = vault.seal("a secret", "rollup/batcher");
  expect(vault.open(sealed, "rollup/batcher")).toBe("a secret");
  expect((await openVault({ file: join(directory, "one.json") })).open(sealed, "rollup/batcher")).toBe("a secret");
  expect(() => vault.open(sealed, "rollup/proposer")).toThrow(unreadable);
  const other = await openVault({ file: join(directory, "other.json") });
  expect(() => other.open(sealed, "rollup/batcher")).toThrow(unreadable);
  const bytes = Buffer.from(sealed.slice(3), "base64url");
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => vault.open(`v1.${changed.toString("base64url")}`, "rollup/batcher")).toThrow(unreadable);
  }
  // Shorter ones would leave a shorter tag to check, which is the easier guessed.
  for (let length = 0; length < bytes.length; length++) {
    expect(() => vault.open(`v1.${bytes.subarray(0, length).toString("base64url")}`, "rollup/batcher")).toThrow(
      unreadable,
    );
  }
});

test("a master key under a password lies in no file, and no other password opens it", async () => {
  const file = join(directory, "guarded.json");
  const sealed = (await openVault({ file, password: "right" })).seal("a secret", "place");
  expect((await openVault({ file, password: "right" })).open(sealed, "place")).toBe("a secret");
  expect(JSON.parse(readFileSync(file, "utf8"))).not.toHaveProperty("key");
  const refused = { code: "MASTER_KEY_INVALID" };
  await expect(openVault({ file, password: "wrong" })).rejects.toMatchObject(refused);
  await expect(openVault({ file })).rejects.toMatchObject(refused);
  writeFileSync(file, "{}");
  await expect(openVault({ file, password: "right" })).rejects.toMatchObject(refused);
});
