import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseNodeConfig } from "../src/config/node-config.ts";
import { loadNodeFiles } from "../src/index.ts";

const address = `0x${"11".repeat(20)}`;
const mach = { avs: address, table: address, verifier: address };
const keystore = { keystore: "operator.json", passwordFile: "password" };
const signer = { endpoint: "unix:/run/signer.sock", tokenFile: "secrets/token" };
const configOf = (operator: object) => ({
  dataDir: "data",
  genesisFile: "genesis.json",
  rollupFile: "rollup.json",
  l1: { url: "http://127.0.0.1:8545" },
  mach: { ...mach, operator: { address, ...operator } },
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "altlayer-mach-config-"));
});
afterAll(() => rm(folder, { recursive: true }));

test.each([
  ["a keystore", keystore, true],
  ["a signer of its own", { signer }, true],
  ["neither", {}, false],
  ["both", { ...keystore, signer }, false],
  ["a keystore without its password", { keystore: "operator.json" }, false],
  ["a signer nowhere", { signer: { ...signer, endpoint: "signer.sock" } }, false],
] as const)("an operator with %s: taken %#", (_what, operator, taken) => {
  const parse = () => parseNodeConfig(configOf(operator));
  if (taken) expect(parse().mach?.operator).toMatchObject({ address, ...operator });
  else expect(parse).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
});

test("an operator's files are relative to the configuration, as all others", async () => {
  for (const [operator, expected] of [
    [keystore, { keystore: join(folder, "operator.json"), passwordFile: join(folder, "password") }],
    [{ signer }, { signer: { ...signer, tokenFile: join(folder, "secrets/token") } }],
  ] as const) {
    await writeFile(join(folder, "node.json"), JSON.stringify(configOf(operator)));
    await writeFile(join(folder, "genesis.json"), "{}");
    await writeFile(join(folder, "rollup.json"), JSON.stringify(ROLLUP));
    const { config } = await loadNodeFiles(join(folder, "node.json"));
    expect(config.mach?.operator).toMatchObject(expected);
  }
});

const hash = `0x${"22".repeat(32)}`;
const ROLLUP = {
  genesis: {
    l1: { hash, number: 1 },
    l2: { hash: `0x${"33".repeat(32)}`, number: 0 },
    l2_time: 1_700_000_000,
    system_config: {
      batcherAddr: address,
      overhead: `0x${"00".repeat(32)}`,
      scalar: `0x01${"00".repeat(31)}`,
      gasLimit: 30_000_000,
    },
  },
  block_time: 2,
  max_sequencer_drift: 600,
  seq_window_size: 40,
  channel_timeout: 50,
  l1_chain_id: 31337,
  l2_chain_id: 902,
  regolith_time: 0,
  canyon_time: 0,
  delta_time: 0,
  ecotone_time: 0,
  fjord_time: 0,
  granite_time: 0,
  holocene_time: 0,
  batch_inbox_address: address,
  deposit_contract_address: address,
  l1_system_config_address: address,
};
