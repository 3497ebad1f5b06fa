import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openEngine } from "../src/index.ts";
import { engineOptions, genesisJson, temporaryDirectory } from "./support/chain.ts";

async function home() {
  const made = await temporaryDirectory();
  return {
    data: join(made.dir, "data"),
    file: join(made.dir, "genesis.json"),
    other: join(made.dir, "other.json"),
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
}

async function genesisOf(dataDir: string, genesis: string | { readonly file: string }): Promise<string> {
  const engine = await openEngine({ ...engineOptions(dataDir, ""), genesisJson: genesis });
  const { hash } = engine.genesis;
  await engine.close();
  return hash;
}

test("a genesis in a file is that of its text, at the first start and at later ones", async () => {
  await using at = await home();
  const { data, file } = at;
  writeFileSync(file, genesisJson());
  const first = await genesisOf(data, { file });
  expect(await genesisOf(data, { file })).toBe(first);
  expect(await genesisOf(data, genesisJson())).toBe(first);
  await using fresh = await home();
  expect(await genesisOf(fresh.data, genesisJson())).toBe(first);
});

test("a file that is replaced is read again, and another genesis is refused", async () => {
  await using at = await home();
  const { data, file, other } = at;
  writeFileSync(file, genesisJson());
  const first = await genesisOf(data, { file });
  writeFileSync(other, genesisJson({ accounts: 1 }));
  renameSync(other, file);
  await expect(genesisOf(data, { file })).rejects.toMatchObject({ code: "STATE_GENESIS_MISMATCH" });
  writeFileSync(file, genesisJson());
  expect(await genesisOf(data, { file })).toBe(first);
});

test("a file that is not there, or holds no genesis, is told by its code", async () => {
  await using at = await home();
  const { data, file } = at;
  const invalid = { code: "ENGINE_INVALID_GENESIS" };
  await expect(genesisOf(data, { file })).rejects.toMatchObject(invalid);
  writeFileSync(file, "no genesis");
  await expect(genesisOf(data, { file })).rejects.toMatchObject(invalid);
});
