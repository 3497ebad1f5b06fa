import type { ExecutionPayload } from "@altlayer/engine";
import { ALERT_REASONS, type Alert, NO_TRANSACTION } from "@altlayer/protocol";
import { createPublicClient, createWalletClient, type Hex, keccak256, webSocket } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, expect, it } from "vitest";
import { payloadHash } from "../src/gossip/payload-hash.ts";
import type { RollupNode } from "../src/node/node.ts";
import { type Devnet, ROLES, sequencing, startDevnet } from "./support/devnet.ts";
import { type Lie, type LyingSlices, startLyingSlices } from "./support/lying-slices.ts";
import { type MachDevnet, startMachDevnet } from "./support/mach.ts";
import { chain, fees, startNetwork } from "./support/mach-network.ts";
import { until } from "./support/until.ts";

const account = privateKeyToAccount(ROLES.owner);
/** Deeper than certificates lag behind the L1's head. */
const REORG_DEPTH = 5;
const LEVELS = ["pending", "slice", "sliceCertificate", "block", "blockCertificate", "safe", "finalized", "settled"];

interface Finality {
  readonly blockNumber: Hex;
  readonly transactionIndex: Hex;
  readonly level: string;
  readonly levels: readonly {
    readonly level: string;
    readonly reached: boolean;
    readonly at: Hex | null;
    readonly by: Readonly<Record<string, unknown>> | null;
  }[];
}
interface Suspect {
  readonly blockHash: Hex;
  readonly heldBack: boolean;
  readonly alerts: readonly { readonly reason: Hex; readonly transactionIndex: Hex }[];
}
interface Certificate {
  readonly digest: Hex;
  readonly kind: string;
  readonly height: Hex;
  readonly blockHash: Hex | null;
  readonly signers: readonly { readonly operator: Hex }[];
  readonly absent: readonly object[];
  readonly void: { readonly reason: string } | null;
}

let devnet: Devnet;
let mach: MachDevnet;
let lying: LyingSlices | null = null;
const sockets: { close(): void }[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await mach?.close();
  await devnet?.close();
  await lying?.close();
  lying = null;
}, 60_000);

/** Two blocks beside the one of that hash, made by the node's own engine; the second is returned. */
async function branchBeside({ engine }: RollupNode, hash: Hex): Promise<ExecutionPayload> {
  const block = (await engine.payloadByHash(hash, { brief: true })) as ExecutionPayload;
  const attributes = {
    prevRandao: keccak256("0x02"),
    suggestedFeeRecipient: block.feeRecipient,
    parentBeaconBlockRoot: block.parentBeaconBlockRoot,
    transactions: block.transactions,
    noTxPool: true,
    gasLimit: Number(block.gasLimit),
    eip1559Params: `0x${block.extraData.slice(4, 20)}` as const,
  };
  let parentHash = block.parentHash;
  let sealed = block;
  for (const timestamp of [Number(block.timestamp), Number(block.timestamp) + 2]) {
    const { candidate } = await engine.open(parentHash, { ...attributes, timestamp });
    sealed = await engine.seal(candidate);
    parentHash = sealed.blockHash;
  }
  return sealed;
}

it("certifies slices and blocks by operators that execute them, and says of a transaction how final it is", async () => {
  devnet = await startDevnet({ blockTime: 2 });
  mach = await startMachDevnet(devnet);
  const { sequencer, operators, transport, ask, certified } = await startNetwork({ devnet, mach }, sequencing());
  await until(async () => (await certified()) !== null, 60_000);
  const subscriber = createPublicClient({ chain, transport: webSocket(sequencer.rpc?.wsUrl, { reconnect: false }) });
  sockets.push(await subscriber.transport.getRpcClient());
  const told: Certificate[] = [];
  await subscriber.transport.subscribe({
    params: ["machCertificates"] as unknown as ["newHeads"],
    onData: (data) => told.push(data.result as unknown as Certificate),
  });

  const wallet = createWalletClient({ account, chain, transport });
  const raw = await wallet.signTransaction({ to: account.address, value: 1n, nonce: 0, type: "eip1559", ...fees });
  const hash = keccak256(raw);
  const finality = () => ask<Finality>("mach_getFinality", hash);
  expect((await finality()).levels.some(({ reached }) => reached)).toBe(false);
  await ask("eth_sendRawTransactionSync", raw);
  await until(async () => LEVELS.indexOf((await finality()).level) >= LEVELS.indexOf("sliceCertificate"), 10_000);
  await until(async () => (await finality()).level === "blockCertificate", 10_000);
  const rungs = new Map((await finality()).levels.map((rung) => [rung.level, rung]));
  for (const level of LEVELS) expect([level, rungs.get(level)?.reached]).toEqual([level, LEVELS.indexOf(level) <= 4]);
  const times = LEVELS.slice(1, 5).map((level) => Number(rungs.get(level)?.at));
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(rungs.get("slice")?.by).toEqual({ sequencer: account.address.toLowerCase() });
  for (const level of ["sliceCertificate", "blockCertificate"]) {
    const { operators, signedWeight, totalWeight } = (rungs.get(level)?.by ?? {}) as Record<string, Hex[]>;
    expect(operators?.length).toBeGreaterThanOrEqual(3);
    for (const [i, weight] of signedWeight?.entries() ?? []) {
      expect(BigInt(weight) * 3n > BigInt(totalWeight?.[i] ?? 0) * 2n).toBe(true);
    }
  }
  const { blockNumber, transactionIndex } = await finality();
  const { hash: blockHash } = await createPublicClient({ chain, transport }).getBlock({
    blockNumber: BigInt(blockNumber),
  });
  expect(transactionIndex).toBe("0x1");

  // By any of its names; the table holds all that an L1 contract asks.
  const certificate = await ask<Certificate>("mach_getCertificate", hash);
  expect(certificate).toMatchObject({ kind: "block", height: blockNumber, blockHash, void: null });
  expect(certificate.signers.length + certificate.absent.length).toBe(4);
  for (const id of [blockNumber, blockHash, certificate.digest]) {
    expect((await ask<Certificate>("mach_getCertificate", id)).digest).toBe(certificate.digest);
  }
  expect(told.map(({ kind, height }) => `${kind} ${height}`)).toContain(`slice ${blockNumber}`);
  expect(told.map(({ digest }) => digest)).toContain(certificate.digest);
  expect(await ask("mach_getAlerts")).toEqual([]);
  expect(await ask("mach_getService")).toMatchObject({ avs: mach.config.avs, slashableInTime: true });

  // A longer branch without a certified block does not become the head, whoever signed it.
  await sequencer.control?.stop();
  const observer = operators[1] as RollupNode;
  const top = sequencer.engine.heads().unsafe;
  await until(
    async () => (await certified())?.hash === top.hash && observer.engine.heads().unsafe.hash === top.hash,
    20_000,
  );
  await until(() => observer.mach?.branch.required?.hash === top.hash, 10_000);
  const rival = await branchBeside(observer, top.hash);
  expect((await observer.driver?.insertUnsafe(rival))?.status).toBe("VALID");
  expect(observer.engine.heads().unsafe.hash).toBe(top.hash);
  await sequencer.control?.start();

  // Three of four are enough; what is certified becomes safe, and stays certified.
  await operators[0]?.close();
  await until(async () => (await finality()).level === "finalized", 60_000);
  expect(Number((await certified())?.number)).toBeGreaterThan(Number(blockNumber));
}, 180_000);

it("tells of blocks that execution refutes, and of certificates that the L1 made void, and goes on", async () => {
  devnet = await startDevnet({ blockTime: 1 });
  mach = await startMachDevnet(devnet);
  const { sequencer, transport, ask, certified } = await startNetwork({ devnet, mach }, sequencing(), {
    finalizedBlocks: REORG_DEPTH + 1,
    slices: async (url) => {
      lying = await startLyingSlices(url, { chainId: 901, key: ROLES.owner });
      return lying.url;
    },
  });
  await until(async () => (await certified()) !== null, 60_000);

  // The sequencer signs a slice that execution does not give.
  const { service } = sequencer.mach as NonNullable<RollupNode["mach"]>;
  const heldBack = new Map<Hex, readonly Alert[]>();
  service.onAlert((event) => {
    if (event.type === "heldBack") heldBack.set(event.blockHash, event.alerts);
  });
  const wallet = createWalletClient({ account, chain, transport });
  let nonce = 0;
  // A block that a follower does not follow from its beginning shows it nothing.
  const lieUntil = async (kind: Lie, isFound: () => boolean) => {
    for (let attempt = 0; attempt < 12 && !isFound(); attempt++, nonce++) {
      lying?.lie(kind);
      await wallet.sendTransaction({ to: account.address, value: 1n, nonce, ...fees });
      await until(isFound, 10_000).catch(() => {});
    }
    expect(isFound()).toBe(true);
  };
  const told = (kind: Lie) => lying?.lies.filter((lie) => lie.kind === kind) ?? [];
  // Whoever relays slices can change them, and thereby accuse nobody.
  await lieUntil("changedOnTheWay", () => told("changedOnTheWay").length > 0);
  for (const [kind, transactionIndex] of [
    ["receipt", NO_TRANSACTION],
    ["attributes", 0],
  ] as const) {
    const found = () => told(kind).find(({ id }) => heldBack.has(id));
    await lieUntil(kind, () => found() !== undefined);
    const { id = "0x", height } = found() ?? {};
    const alerts = heldBack.get(id) ?? [];
    for (const alert of alerts) expect(alert).toMatchObject({ height, reason: ALERT_REASONS.slice, transactionIndex });
    expect(alerts.length).toBeGreaterThan(1);
  }
  for (const { id } of told("changedOnTheWay")) expect(heldBack.has(id)).toBe(false);

  // The sequencer signs a block with a state root of its own invention.
  const head = await sequencer.engine.payloadByHash(sequencer.engine.heads().unsafe.hash);
  const invented = { ...(head as ExecutionPayload), stateRoot: keccak256("0x01") };
  const bad = { ...invented, blockHash: payloadHash(invented) };
  await sequencer.gossip?.node.publish(bad);
  // A slice of that height may be accused, too.
  const suspects = () => ask<Suspect[]>("mach_getAlerts", bad.blockNumber);
  const accused = async () => (await suspects()).find(({ blockHash }) => blockHash === bad.blockHash);
  await until(async () => (await accused())?.heldBack === true, 60_000);
  const suspect = await accused();
  for (const alert of suspect?.alerts ?? [])
    expect(alert).toMatchObject({ reason: "0x3", transactionIndex: "0xffffffff" });

  // The L1 drops the origin of a block that is certified: other blocks come in its place.
  const voided: Hex[] = [];
  service.onVoid(({ certificate }) => voided.push(certificate.message.core.blockHash));
  const l1Head = async () => Number(await devnet.anvil.call("eth_blockNumber"));
  const newestOrigin = () => service.certificate("latest")?.certificate.message.core.originNumber;
  // What was signed and is gone holds operators back until a base has passed it: K, an epoch and the L1's finality.
  for (let attempt = 0; attempt < 5 && voided.length === 0; attempt++) {
    await until(async () => (newestOrigin() ?? 0) > (await l1Head()) - REORG_DEPTH, 90_000);
    await devnet.anvil.call("anvil_reorg", [REORG_DEPTH, []]);
    await until(() => voided.length > 0, 30_000).catch(() => {});
  }
  const [lost] = voided as [Hex];
  expect(await ask<Certificate>("mach_getCertificate", lost)).toMatchObject({ void: { reason: "derivedOtherwise" } });
  const { level } = await ask<Finality>("mach_getFinality", lost);
  expect(LEVELS.indexOf(level)).toBeLessThan(LEVELS.indexOf("block"));
  // Without anybody's help, blocks of the chain that the L1 decided are certified.
  const from = sequencer.engine.heads().unsafe.number;
  await until(async () => Number((await certified())?.number ?? 0) > from, 120_000);
}, 480_000);
