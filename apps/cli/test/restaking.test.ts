import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bn254 } from "@altlayer/engine";
import { machDomainOf, remoteSigner } from "@altlayer/mach";
import { MachDigests } from "@altlayer/protocol";
import { ensureRestaking, parseServiceFile } from "@altlayer/restaking";
import { createPublicClient, createTestClient, type Hex, http, keccak256, parseEther, toHex } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { anvil as chain } from "viem/chains";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Anvil, startAnvil } from "../../../packages/deployer/test/anvil.ts";
import { main } from "../src/cli.ts";
import { type Answer, rollupJson, runner, SEQUENCING_WINDOW } from "./support/restaking.ts";

const MNEMONIC = "test test test test test test test test test test test junk";
const account = (addressIndex: number) => mnemonicToAccount(MNEMONIC, { addressIndex });
const key = (index: number): Hex => toHex(account(index).getHdKey().privateKey!);
/** None of anvil's own: without ether. */
const POOR = 30;
const SYSTEM_CONFIG: Hex = "0x00000000000000000000000000000000000000c5";
const L1 = { url: "http://127.0.0.1:1" };
const keccak = (bytes: Uint8Array) => keccak256(bytes, "bytes");

let l1: Anvil;
let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  l1 = await startAnvil(["--gas-limit", "1000000000"]);
  folder = await mkdtemp(join(tmpdir(), "restaking-cli-"));
  await ensureRestaking(
    {
      directory: folder,
      rollup: { systemConfig: SYSTEM_CONFIG, l2ChainId: 901n, l2GenesisHash: keccak256("0x01") },
      timing: { sequencingWindow: SEQUENCING_WINDOW, maxSequencerDrift: 0, l1BlockTime: 1 },
      delays: { weightLife: 20 },
      deployerKey: key(0),
      operatorKeys: [1, 2, 3, 4].map(key),
      holders: [5, 6].map((index) => account(index).address),
    },
    { publicClient: createPublicClient({ chain, transport: http(l1.url), pollingInterval: 20, cacheTime: 0 }), bn254 },
  );
  await writeFile(at("rollup.json"), JSON.stringify(rollupJson({})));
  process.env.ALTLAYER_BLS_PASSWORD = "correct horse";
  for (const index of [0, 5, 6, POOR]) process.env[`RESTAKING_KEY_${index}`] = key(index);
}, 60_000);
afterAll(async () => {
  await l1.stop();
  await rm(folder, { recursive: true });
});

const { altlayer, succeeds } = runner((signer) => [
  ...(signer === null ? [] : ["--key-env", `RESTAKING_KEY_${signer}`]),
  ...["--l1-rpc", l1.url],
]);

test("a person restakes a rollup, runs an operator of it, and another stakes with that operator", async () => {
  const dev = parseServiceFile(await readFile(at("mach.json"), "utf8"));
  const [weth, alt] = [0, 1].map((c) => dev.strategies.find((each) => each.class === c)!.strategy);
  const strategies = `--strategy ${weth}:0 ${alt}:1`;
  const create = `restake create --rollup ${at("rollup.json")} --deployment ${at("mach.json")} --network development ${strategies} --allow-short-delay --out ${at("new.json")}`;

  const created = await succeeds(0, create);
  expect(created.created).toBe(true);
  expect(Number(created.gasUsed)).toBeLessThan(5_000_000);
  // A retry finds what is there.
  expect(await succeeds(0, create)).toMatchObject({ created: false, suite: created.suite });
  // Other terms are another suite, and not this one.
  const testnet = create.replace("--network development", "--network testnet");
  const counted = create.replace(`${weth}:0`, `${weth}:0:2`);
  for (const [line, other] of [
    [testnet, "evidenceWindow"],
    [counted, "strategies"],
  ] as const) {
    const refused = await altlayer(0, line);
    expect(refused).toMatchObject({ exitCode: 2, answer: { error: { code: "USAGE" } } });
    expect(refused.answer.error.data.other).toContain(other);
  }
  const service = `--service ${at("new.json")}`;

  // The operator: keystore, registration, stake in both classes, allocation, and the service.
  const keystore = `--bls-keystore ${at("seed.json")}`;
  const early = await altlayer(5, `operator join ${service}`);
  expect(early).toMatchObject({ exitCode: 1, answer: { error: { code: "OPERATOR_NOT_READY" } } });
  const { publicKey } = await succeeds(null, `operator keys ${service} ${keystore} --create`);
  expect(publicKey).toMatch(/^0x[0-9a-f]{384}$/);
  expect((await succeeds(5, `operator register ${service} ${keystore}`)).transactions).toHaveLength(2);
  expect((await succeeds(5, `operator register ${service} ${keystore}`)).transactions).toEqual([]);
  expect(await altlayer(5, `operator join ${service}`)).toMatchObject({
    exitCode: 1,
    answer: { error: { code: "REFUSED", data: { error: "BelowMinimum" } } },
  });
  await succeeds(5, `operator deposit ${service} --token WETH --up-to 50 --wrap`);
  const repeated = await succeeds(5, `operator deposit ${service} --token WETH --up-to 50 --wrap`);
  expect(repeated).toMatchObject({ deposited: parseEther("50").toString(), transactions: [] });
  await succeeds(5, `operator deposit ${service} --token ALT --amount 1000`);
  await succeeds(5, `operator allocate ${service} --percent 50`);
  await succeeds(5, `operator join ${service}`);
  const status = await succeeds(5, `operator status ${service}`);
  expect(status).toMatchObject({ registered: true, keyRegistered: true, member: true, convictedBy: null });
  expect(status.table.weight).toEqual([parseEther("25").toString(), parseEther("500").toString()]);

  await succeeds(0, `restake start ${service}`);
  expect((await succeeds(0, `restake start ${service}`)).transactions).toEqual([]);
  const watched = await succeeds(null, `restake status ${service}`);
  expect(watched.active).toEqual([parseEther("25").toString(), parseEther("500").toString()]);
  expect(watched.members).toHaveLength(1);

  // The staker.
  await succeeds(6, `stake deposit ${service} --token WETH --amount 10 --wrap`);
  await succeeds(6, `stake delegate ${service} --to ${account(5).address}`);
  expect((await succeeds(6, `stake delegate ${service} --to ${account(5).address}`)).transactions).toEqual([]);
  expect(await altlayer(6, `stake delegate ${service} --to ${account(1).address}`)).toMatchObject({
    answer: { error: { code: "CONFLICT" } },
  });
  const { shares } = await succeeds(null, `operator status ${service} --operator ${account(5).address}`);
  expect(shares.find(({ symbol }: Answer) => symbol === "WETH").shares).toBe(parseEther("60").toString());
  await succeeds(6, `stake withdraw ${service} --token WETH --shares ${parseEther("4")}`);
  expect((await succeeds(6, `stake withdraw ${service} --complete`)).transactions).toEqual([]);
  const { withdrawalDelay } = await succeeds(6, `stake status ${service}`);
  await createTestClient({ mode: "anvil", chain, transport: http(l1.url) }).mine({ blocks: withdrawalDelay + 1 });
  expect((await succeeds(6, `stake withdraw ${service} --complete`)).transactions).toHaveLength(1);
  const after = await succeeds(6, `stake status ${service}`);
  expect(after.deposits[0].withdrawable).toBe(parseEther("6").toString());
  expect(after.withdrawals).toEqual([]);
  expect((await succeeds(6, `stake claim ${service}`)).transactions).toEqual([]);

  expect(await succeeds(5, `operator leave ${service}`)).toMatchObject({ member: false, slashable: true });

  // Another BLS key: the old one is taken off when it can be slashed no more, and never comes back.
  expect(await altlayer(5, `operator deregister-key ${service}`)).toMatchObject({
    answer: { error: { code: "CONFLICT" } },
  });
  for (let mined = 0; (await succeeds(5, `operator status ${service}`)).slashable; mined += 100) {
    expect(mined, "blocks after leaving").toBeLessThan(20_000);
    await createTestClient({ mode: "anvil", chain, transport: http(l1.url) }).mine({ blocks: 100 });
  }
  expect((await succeeds(5, `operator deregister-key ${service}`)).transactions).toHaveLength(1);
  expect((await succeeds(5, `operator deregister-key ${service}`)).transactions).toEqual([]);
  expect(await altlayer(5, `operator register ${service} ${keystore}`)).toMatchObject({
    answer: { error: { code: "REFUSED", data: { error: "KeyAlreadyRegistered" } } },
  });
  const next = `--bls-keystore ${at("next.json")}`;
  await succeeds(null, `operator keys ${service} ${next} --create`);
  expect((await succeeds(5, `operator register ${service} ${next}`)).transactions).toHaveLength(1);
  await succeeds(5, `operator join ${service}`);
  expect(await succeeds(5, `operator status ${service}`)).toMatchObject({ keyRegistered: true, member: true });
}, 300_000);

test("what the engine cannot execute, another L1, and a silent one are told apart", async () => {
  const options = `--deployment ${at("mach.json")} --network development --strategy ${SYSTEM_CONFIG}:0 --out ${at("x.json")}`;
  await writeFile(at("later.json"), JSON.stringify(rollupJson({ jovian_time: 2_000_000_000 })));
  expect(await altlayer(0, `restake create --rollup ${at("later.json")} ${options}`)).toMatchObject({
    answer: { error: { code: "ROLLUP_UNSUPPORTED" } },
  });
  await writeFile(at("elsewhere.json"), JSON.stringify(rollupJson({ l1_chain_id: 5 })));
  expect(await altlayer(0, `restake create --rollup ${at("elsewhere.json")} ${options}`)).toMatchObject({
    answer: { error: { code: "ROLLUP_UNSUPPORTED" } },
  });
  expect(await altlayer(0, `restake create --rollup ${SYSTEM_CONFIG} ${options}`)).toMatchObject({
    exitCode: 2,
    answer: { error: { code: "USAGE" } },
  });
  const silent = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const line = `restake status --service ${at("mach.json")} --l1-rpc http://127.0.0.1:1 --json`;
  expect(await main(line.split(" "))).toBe(3);
  silent.mockRestore();
}, 60_000);

test("what is wrong is said before anything is sent, and is no defect of ours", async () => {
  const service = `--service ${at("mach.json")}`;
  const error = async (signer: number | null, line: string) => {
    const { exitCode, answer } = await altlayer(signer, line);
    return [exitCode, answer.error?.code];
  };
  // An account without ether: neither a first transaction nor ether to wrap.
  const funded = `operator register ${service} --bls-keystore ${at("poor.json")}`;
  await succeeds(null, `operator keys ${service} --bls-keystore ${at("poor.json")} --create`);
  expect(await error(POOR, funded)).toEqual([3, "INSUFFICIENT_FUNDS"]);
  expect(await error(6, `stake deposit ${service} --token WETH --amount 123456789 --wrap`)).toEqual([
    3,
    "INSUFFICIENT_FUNDS",
  ]);
  expect(await error(6, `operator register ${service} --bls-keystore ${at("none.json")}`)).toEqual([
    2,
    "KEY_UNAVAILABLE",
  ]);
  vi.stubEnv("ALTLAYER_BLS_PASSWORD", "another");
  expect(await error(6, funded)).toEqual([2, "KEYSTORE_PASSWORD"]);
  vi.unstubAllEnvs();
  const create = `restake create --rollup ${at("rollup.json")} --deployment ${at("mach.json")} --network development --strategy ${SYSTEM_CONFIG}:0 --out ${at("x.json")}`;
  for (const option of ["--minimum 1,all", "--rate ten", "--bounty -1"]) {
    expect(await error(0, `${create} ${option}`), option).toEqual([2, "USAGE"]);
  }
  expect(await error(0, `restake deploy --development --alt-supply much`)).toEqual([2, "USAGE"]);

  // The keystore comes first in an operator's life, when there may be no service yet; a wrong L1 leaves none behind.
  const dev = JSON.parse(await readFile(at("mach.json"), "utf8"));
  await writeFile(at("other-l1.json"), JSON.stringify({ ...dev, l1ChainId: 5 }));
  const keys = `operator keys --bls-keystore ${at("first.json")}`;
  expect(await error(null, `${keys} --create --service ${at("other-l1.json")}`)).toEqual([3, "L1_OTHER_CHAIN"]);
  // A proxy with an L1 that is not the service's would serve nothing for ever.
  expect(await error(null, `proxy --port 0 --service ${at("other-l1.json")}`)).toEqual([3, "L1_OTHER_CHAIN"]);
  expect(await succeeds(null, `${keys} --create --service ${at("later.mach.json")}`)).toEqual({
    keystore: at("first.json"),
  });
  expect(await error(null, `${keys} --service ${at("later.mach.json")}`)).toEqual([2, "CONFIG_NOT_FOUND"]);
}, 180_000);

test("an operator's node has to be told to sign, and for the service that its keeper keeps", async () => {
  const { suite } = parseServiceFile(await readFile(at("mach.json"), "utf8"));
  const mach = {
    ...{ avs: suite.registrar, table: suite.table, verifier: suite.verifier },
    operator: { address: account(5).address, keystore: at("seed.json"), passwordFile: at("password") },
  };
  await writeFile(at("genesis.json"), "{}");
  const run = async (config: object) => {
    const node = { dataDir: at("node"), genesisFile: at("genesis.json"), rollupFile: at("rollup.json"), l1: L1 };
    await writeFile(at("node.json"), JSON.stringify({ ...node, ...config }));
    return (await altlayer(5, `operator run --config ${at("node.json")} --service ${at("mach.json")}`)).answer.error;
  };
  const silent = await run({});
  expect(silent).toMatchObject({ code: "CONFIG_INVALID" });
  expect(silent.message).toContain("mach.operator");
  expect(await run({ mach: { ...mach, table: suite.slasher } })).toMatchObject({
    code: "CONFIG_INVALID",
    data: { name: "table", expected: suite.table },
  });
});

test("a signer in a process of its own: key and journal of the service, until it is told to stop", async () => {
  const service = `--service ${at("mach.json")}`;
  const keystore = `--bls-keystore ${at("signer-seed.json")}`;
  const { publicKey } = await succeeds(null, `operator keys ${service} ${keystore} --create`);
  await writeFile(at("token"), "a secret of both sides\n");
  const operator = account(1).address;
  const socket = at("signer.sock");
  const line = `operator signer ${service} ${keystore} --operator ${operator} --journal ${at("signing.journal")} --token-file ${at("token")} --listen unix:${socket}`;
  // A journal that is not there is never made by itself.
  expect(await altlayer(null, line)).toMatchObject({ exitCode: 1, answer: { error: { code: "JOURNAL_MISSING" } } });

  const running = altlayer(null, `${line} --create-journal`);
  const { rollup, l1ChainId, suite } = parseServiceFile(await readFile(at("mach.json"), "utf8"));
  const identity = { ...rollup, l2ChainId: Number(rollup.l2ChainId), l1ChainId, operatorSetId: 0 };
  const domain = machDomainOf({ ...identity, ...suite, avs: suite.registrar }, keccak);
  const { domainSeparator } = new MachDigests(domain, { keccak256: keccak });
  const connect = () =>
    remoteSigner({ endpoint: `unix:${socket}`, token: "a secret of both sides" }, { domainSeparator });
  const signer = await vi.waitFor(connect, { timeout: 20_000, interval: 50 });
  expect(signer.operator).toBe(operator.toLowerCase());
  expect(`${signer.publicKeys.g1}${signer.publicKeys.g2.slice(2)}`).toBe(publicKey);
  expect(await signer.journal?.read()).toEqual({ tip: null, quarantineHeight: null });
  process.emit("SIGTERM");
  expect(await running).toMatchObject({ exitCode: 0, answer: { endpoint: `unix:${socket}` } });
  await expect(connect()).rejects.toMatchObject({ code: "SIGNER_UNREACHABLE" });
}, 60_000);

test.each(["restake", "operator", "stake"])("%s names its commands", async (group) => {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  expect(await main([group, "--help"])).toBe(0);
  const help = write.mock.calls.map(([text]) => String(text)).join("");
  write.mockRestore();
  expect(help).toContain("status");
});
