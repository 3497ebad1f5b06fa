import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bn254 } from "@altlayer/engine";
import { deriveSetSecret, readKeystore } from "@altlayer/mach";
import { BLOCK, MachDigests, type Message, tableCommitment } from "@altlayer/protocol";
import {
  certificateStruct,
  epochTable,
  execute,
  executeAll,
  type MachServiceFile,
  parseServiceFile,
  proveContradiction,
  recordEvidence,
  registerKeyCalls,
  registerOperatorCalls,
} from "@altlayer/restaking";
import { machVerifierAbi } from "@altlayer/sdk";
import {
  bytesToHex,
  createPublicClient,
  createTestClient,
  createWalletClient,
  erc20Abi,
  type Hex,
  hexToBytes,
  http,
  keccak256,
  parseAbi,
  parseEther,
  toHex,
  zeroHash,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { anvil as chain } from "viem/chains";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Anvil, startAnvil } from "../../../packages/deployer/test/anvil.ts";
import { DELAYS, deployForeignCore, type ForeignCore } from "./support/foreign-core.ts";
import { rollupJson, runner } from "./support/restaking.ts";

const PROGRAM = fileURLToPath(new URL("../bin/altlayer.mjs", import.meta.url));
const MNEMONIC = "test test test test test test test test test test test junk";
const account = (addressIndex: number) => mnemonicToAccount(MNEMONIC, { addressIndex });
const key = (index: number): Hex => toHex(account(index).getHdKey().privateKey!);
/** Who is who, by account. */
const [CREATOR, HONEST, CULPRIT, STAKER, KEEPER, WITNESS, OWNER] = [0, 1, 2, 3, 4, 5, 9] as const;
const ALLOCATION_DELAY = 5;
const WAIT_MS = 120_000;
const L1_BLOCK_SECONDS = 12;
const hash = (bytes: Uint8Array) => keccak256(bytes, "bytes");

let l1: Anvil;
let folder: string;
let foreign: ForeignCore;
const at = (name: string) => join(folder, name);
const transport = () => http(l1.url);
const publicClient = () => createPublicClient({ chain, transport: transport(), pollingInterval: 20, cacheTime: 0 });
const clientsOf = (index: number) => ({
  publicClient: publicClient(),
  walletClient: createWalletClient({ chain, transport: transport(), account: account(index) }),
});
const mine = (blocks: number) =>
  createTestClient({ mode: "anvil", chain, transport: http(l1.url, { timeout: WAIT_MS, retryCount: 0 }) }).mine({
    blocks,
    interval: L1_BLOCK_SECONDS,
  });

beforeAll(async () => {
  l1 = await startAnvil(["--gas-limit", "1000000000"]);
  folder = await mkdtemp(join(tmpdir(), "foreign-core-"));
  // As far apart as Ethereum's: the service's windows follow from it.
  const tester = createTestClient({ mode: "anvil", chain, transport: transport() });
  await tester.setBlockTimestampInterval({ interval: L1_BLOCK_SECONDS });
  foreign = await deployForeignCore(l1.url, key(OWNER));
  await writeFile(at("core.json"), JSON.stringify({ l1ChainId: chain.id, core: foreign.core }));
  await writeFile(at("rollup.json"), JSON.stringify(rollupJson({})));
  process.env.ALTLAYER_BLS_PASSWORD = "correct horse";
  for (const index of [CREATOR, HONEST, CULPRIT, STAKER, KEEPER, WITNESS])
    process.env[`FOREIGN_KEY_${index}`] = key(index);
}, 60_000);
afterAll(async () => {
  await stopped();
  await l1?.stop();
  await rm(folder, { recursive: true, force: true });
});

const { altlayer, succeeds } = runner((signer) => [
  ...(signer === null ? [] : ["--key-env", `FOREIGN_KEY_${signer}`]),
  ...["--l1-rpc", l1.url],
]);

/** `altlayer restake keep` in a process of its own. */
let keeper: ChildProcess | undefined;
async function keep(file: string): Promise<void> {
  const args = ["restake", "keep", ...file.split(" "), "--key-env", `FOREIGN_KEY_${KEEPER}`, "--l1-rpc", l1.url];
  keeper = spawn(process.execPath, [PROGRAM, ...args, "--json", "--log-level", "error"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(keeper.stdout!, "data")) as [Buffer];
  expect(JSON.parse(line.toString()).keeper).toBe(account(KEEPER).address);
}
async function stopped(): Promise<number | null | undefined> {
  if (keeper === undefined || keeper.exitCode !== null) return keeper?.exitCode;
  const exit = once(keeper, "exit");
  keeper.kill("SIGTERM");
  return (await exit)[0] as number | null;
}

/** The core's owner pauses parts of one of its contracts, and ends that. */
const pausing = (address: Hex, functionName: "pause" | "unpause", bits: bigint) =>
  execute(
    {
      label: functionName,
      address,
      abi: parseAbi(["function pause(uint256)", "function unpause(uint256)"]),
      functionName,
      args: [bits],
    },
    clientsOf(OWNER),
  );

test("against a core of somebody else's: created, joined, certified, slashed when the core lets us, and left", async () => {
  const { core } = foreign;
  // The creator brings the service beside a core that a file names.
  const deployed = await succeeds(
    CREATOR,
    `restake deploy --core ${at("core.json")} --timelock-delay 0 --out ${at("restaking.json")}`,
  );
  const { strategy } = await succeeds(
    CREATOR,
    `restake strategy --core ${at("core.json")} --token ${deployed.services.alt}`,
  );
  await succeeds(
    CREATOR,
    `restake create --rollup ${at("rollup.json")} --deployment ${at("restaking.json")} --network development --strategy ${strategy}:0 --minimum 100 --out ${at("mach.json")}`,
  );
  const service: MachServiceFile = parseServiceFile(await readFile(at("mach.json"), "utf8"));
  expect(service.core).toEqual(core);
  const file = `--service ${at("mach.json")}`;
  const { slashableInTime } = await succeeds(null, `restake status ${file}`);
  expect(slashableInTime).toBe(true);

  // Two operators: four fifths and a fifth of the weight. A raised allocation counts after the operator's own delay.
  for (const [who, amount] of [
    [HONEST, 8_000],
    [CULPRIT, 2_000],
    [STAKER, 500],
  ]) {
    await succeeds(CREATOR, `stake transfer ${file} --token ALT --to ${account(who!).address} --amount ${amount}`);
  }
  const keystore = `--bls-keystore ${at("honest.json")}`;
  await succeeds(null, `operator keys ${file} ${keystore} --create`);
  await succeeds(HONEST, `operator register ${file} ${keystore} --allocation-delay ${ALLOCATION_DELAY}`);
  const set = { l1ChainId: chain.id, avs: service.suite.registrar, operatorSetId: 0 };
  const seed = await readKeystore(at("honest.json"), "correct horse");
  const honestSecret = deriveSetSecret({ seed, set }, { bn254 });
  const culpritSecret = bn254.deriveSecret(hexToBytes(keccak256("0x02")), hexToBytes("0x02"));
  const culprit = { ...service, operator: account(CULPRIT).address };
  await executeAll(
    [
      ...(await registerOperatorCalls({ ...culprit, allocationDelay: ALLOCATION_DELAY }, publicClient())),
      ...(await registerKeyCalls({ ...culprit, secret: culpritSecret }, { publicClient: publicClient(), bn254 })),
    ],
    clientsOf(CULPRIT),
  );
  for (const [who, amount] of [
    [HONEST, 8_000],
    [CULPRIT, 2_000],
  ]) {
    await succeeds(who!, `operator deposit ${file} --token ALT --amount ${amount}`);
    await succeeds(who!, `operator allocate ${file} --percent 100`);
  }
  expect(await altlayer(CULPRIT, `operator join ${file}`)).toMatchObject({
    answer: { error: { code: "REFUSED", data: { error: "BelowMinimum" } } },
  });
  await mine(ALLOCATION_DELAY + 1);
  for (const who of [HONEST, CULPRIT]) await succeeds(who, `operator join ${file}`);
  const { startBlock } = await succeeds(CREATOR, `restake start ${file}`);

  const committed = () =>
    publicClient().readContract({
      address: service.suite.table,
      abi: parseAbi(["function commitments(uint64) view returns (bytes32)"]),
      functionName: "commitments",
      args: [0n],
    });
  // A keeper without a node commits epoch 0's table, from its events.
  await keep(file);
  await mine(1);
  await expect.poll(committed, { timeout: WAIT_MS, interval: 200 }).not.toBe(zeroHash);
  expect((await succeeds(null, `restake status ${file}`)).committedEpoch).toBe(0);

  // Certified by the honest one alone: more than two thirds of the weight.
  const digests = new MachDigests({ ...set, rollupId: service.suite.rollupId }, { keccak256: hash });
  const message = await messageAt(startBlock);
  const signed = (of: Message, secret: Uint8Array) => bytesToHex(bn254.sign(secret, hexToBytes(digests.message(of))));
  const table = await epochTable(service, 0, publicClient());
  const { header } = table;
  const aggregateKey = bytesToHex(bn254.publicKeys(honestSecret).g2);
  const word = (value: bigint) => value.toString(16).padStart(64, "0");
  const certificate = {
    message,
    tableCommitment: tableCommitment(
      { ...header, epoch: 0, aggregateKey: `0x${word(header.aggregateX)}${word(header.aggregateY)}` },
      hash,
    ),
    signature: signed(message, honestSecret),
    aggregateKey,
    signers: [0],
    depth: header.depth,
  };
  const verified = await publicClient().readContract({
    address: service.suite.verifier,
    abi: machVerifierAbi,
    functionName: "verify",
    args: [certificateStruct(certificate, table) as never],
  });
  expect(verified).toBe(digests.message(message));

  // The core pauses deposits: what a staker is told has the contract's own name, and works once the pause is over.
  await pausing(core.strategyManager, "pause", 1n);
  expect(await altlayer(STAKER, `stake deposit ${file} --token ALT --amount 500`)).toMatchObject({
    exitCode: 1,
    answer: { error: { code: "REFUSED", data: { error: "CurrentlyPaused" } } },
  });
  await pausing(core.strategyManager, "unpause", 0n);
  await succeeds(STAKER, `stake deposit ${file} --token ALT --up-to 500`);
  await succeeds(STAKER, `stake delegate ${file} --to ${account(CULPRIT).address}`);

  // Slashing is paused while the other operator contradicts itself: it is convicted all the same, and out at once.
  await pausing(core.allocationManager, "pause", 2n);
  const other = { ...message, core: { ...message.core, blockHash: keccak256("0x0b"), outputRoot: keccak256("0x0c") } };
  const proof = await proveContradiction(message, other, { digests });
  if (proof === undefined || proof === null) throw new TypeError("no contradiction");
  const evidence = {
    kind: "signatures" as const,
    operator: account(CULPRIT).address,
    first: { message, signature: signed(message, culpritSecret) },
    second: { message: other, signature: signed(other, culpritSecret) },
    proof,
  };
  const { faultId } = await recordEvidence(
    { context: service, evidence, salt: keccak256(toHex("salt")) },
    clientsOf(WITNESS),
  );
  const witness = account(WITNESS).address;
  const { bounties } = await succeeds(WITNESS, `operator bounty ${file}`);
  expect(bounties).toMatchObject([{ faultId, reporter: witness, slashed: false, paid: false }]);
  const status = () => succeeds(null, `operator status ${file} --operator ${account(CULPRIT).address}`);
  const paused = await status();
  // Still a member: leaving begins the time after which nobody can slash it.
  expect(paused).toMatchObject({ slashed: false, member: true, table: { weight: ["0"] } });
  expect(paused.convictedBy).not.toBeNull();

  // The pause is over, and the young chain still panics at every slash. Whoever keeps the service tries again.
  await pausing(core.allocationManager, "unpause", 0n);
  const failures = async () =>
    publicClient().getContractEvents({
      address: service.suite.slasher,
      abi: parseAbi(["event SlashFailed(address indexed operator, bytes reason)"]),
      fromBlock: 0n,
    });
  const trapped = async () => {
    await mine(11);
    return (await failures()).some(({ args }) => args.reason?.startsWith("0x4e487b71") === true);
  };
  await expect.poll(trapped, { timeout: WAIT_MS, interval: 200 }).toBe(true);
  expect(await status()).toMatchObject({ slashed: false });
  await mine(DELAYS.deallocation);
  const slashed = () =>
    publicClient().readContract({
      address: service.suite.slasher,
      abi: parseAbi(["function isSlashed(address) view returns (bool)"]),
      functionName: "isSlashed",
      args: [account(CULPRIT).address],
    });
  await expect.poll(slashed, { timeout: WAIT_MS, interval: 200 }).toBe(true);
  expect(await status()).toMatchObject({ slashed: true, member: false, shares: [{ shares: "0" }] });
  const { slashCount } = await succeeds(null, `restake status ${file}`);
  expect(slashCount).toBe(1);

  // Who reported it collects the bounty: once, and only when there is something in the pool.
  expect(await altlayer(WITNESS, `operator bounty ${file}`)).toMatchObject({ exitCode: 1 });
  const pool = { address: service.suite.slasher, abi: parseAbi(["function fundBounties(uint256)"]) };
  const alt = { address: deployed.services.alt, abi: erc20Abi };
  const fund = parseEther("100");
  await executeAll(
    [
      { label: "approve", ...alt, functionName: "approve", args: [pool.address, fund] },
      { label: "fund", ...pool, functionName: "fundBounties", args: [fund] },
    ],
    clientsOf(CREATOR),
  );
  expect(await succeeds(HONEST, `operator bounty ${file}`)).toEqual({ bounties: [], transactions: [] });
  const collected = await succeeds(WITNESS, `operator bounty ${file}`);
  expect(collected).toMatchObject({
    bounties: [{ faultId, paid: true }],
    transactions: [{ done: "collect the bounty" }],
  });
  expect(await publicClient().readContract({ ...alt, functionName: "balanceOf", args: [witness] })).toBe(fund);
  expect(await succeeds(WITNESS, `operator bounty ${file}`)).toMatchObject({ transactions: [] });
  expect(await altlayer(WITNESS, `operator bounty ${file} --fault ${faultId}`)).toMatchObject({
    exitCode: 1,
    answer: { error: { code: "REFUSED", data: { error: "NothingToPay" } } },
  });
  expect(await stopped()).toBe(0);

  // What was slashed rests first: nothing of ours waits for it.
  const clear = {
    label: "clear",
    address: core.strategyManager,
    abi: parseAbi(["function clearBurnOrRedistributableShares((address avs, uint32 id) set, uint256 slashId)"]),
    functionName: "clearBurnOrRedistributableShares",
    args: [{ avs: service.suite.registrar, id: 0 }, 1n],
  };
  await expect(execute(clear, clientsOf(WITNESS))).rejects.toMatchObject({
    details: { error: "SlashResolutionDelayNotElapsed" },
  });
  await mine(DELAYS.slashResolution);
  await execute(clear, clientsOf(WITNESS));

  // The staker lost what its operator lost: all of it. The honest one keeps its stake, and leaves.
  const stake = await succeeds(STAKER, `stake status ${file}`);
  expect(stake.deposits).toMatchObject([{ withdrawable: "0" }]);
  expect(await succeeds(HONEST, `operator leave ${file}`)).toMatchObject({ member: false, slashable: true });
  await succeeds(HONEST, `stake withdraw ${file} --token ALT --shares ${parseEther("8000")}`);
  expect((await succeeds(HONEST, `stake withdraw ${file} --complete`)).transactions).toEqual([]);
  await mine(DELAYS.deallocation + 1);
  expect((await succeeds(HONEST, `stake withdraw ${file} --complete`)).transactions).toHaveLength(1);
}, 420_000);

/** A block of the rollup whose origin is the L1's head, with the base of epoch 0. */
async function messageAt(startBlock: number): Promise<Message> {
  const [origin, base] = await Promise.all([
    publicClient().getBlock(),
    publicClient().getBlock({ blockNumber: BigInt(startBlock) }),
  ]);
  const named = (name: string) => keccak256(toHex(name));
  return {
    kind: BLOCK,
    core: {
      height: 10,
      timestamp: 1_700_000_000,
      originNumber: Number(origin.number),
      originHash: origin.hash,
      parentHash: named("parent"),
      attributesHash: named("attributes"),
      historyRoot: named("history"),
      transactionCount: 1,
      transactionRoot: named("transactions"),
      blockHash: named("block"),
      outputRoot: named("output"),
    },
    base: { epoch: 0, l1Hash: base.hash, height: 5, blockHash: named("base") },
  };
}
