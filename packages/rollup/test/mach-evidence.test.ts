import { open } from "node:fs/promises";
import { join } from "node:path";
import { bn254 } from "@altlayer/engine";
import type { Executed } from "@altlayer/mach";
import {
  type Base,
  BLOCK,
  bytesToHex,
  type Certificate,
  type Core,
  epochOf,
  type Hex,
  hexToBytes,
  MachDigests,
  type Message,
  tableCommitment,
} from "@altlayer/protocol";
import {
  ContradictionFinder,
  type EpochTable,
  epochTable,
  type RangeProver,
  recordEvidence,
} from "@altlayer/restaking";
import { createPublicClient, createWalletClient, getAddress, http, keccak256, type PublicClient, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, expect, it } from "vitest";
import type { RollupNode } from "../src/node/node.ts";
import { type Devnet, keyOf, ROLES, sequencing, startDevnet } from "./support/devnet.ts";
import { type MachDevnet, startMachDevnet } from "./support/mach.ts";
import { until } from "./support/until.ts";

const keccakBytes = (bytes: Uint8Array) => keccak256(bytes, "bytes");
/** Blocks between the two: no short cut by the parent's hash. */
const GAP = 3;

let devnet: Devnet;
let mach: MachDevnet;
afterEach(async () => {
  await mach?.close();
  await devnet?.close();
}, 60_000);

interface Seen {
  readonly blocks: Map<number, Executed>;
  readonly bases: Map<number, Base>;
}

function watch(node: RollupNode): Seen {
  const seen: Seen = { blocks: new Map(), bases: new Map() };
  node.mach?.chain.follow((event) => {
    if (event.type === "base") seen.bases.set(event.base.epoch, event.base);
    if (event.type === "executed" && event.executed.kind === BLOCK)
      seen.blocks.set(event.executed.core.height, event.executed);
  });
  return seen;
}

/** The certificate that these operators make together. */
async function certify(message: Message, signers: readonly number[], table: EpochTable): Promise<Certificate> {
  const operators = signers.map((i) => mach.operator(i));
  const indexOf = (operator: Hex) =>
    [...table.entries].find(([, entry]) => entry.operator.toLowerCase() === operator)?.[0] ?? -1;
  const signatures = await Promise.all(operators.map(({ signer }) => signer.sign(message)));
  const keys = operators.map(({ signer }) => hexToBytes(signer.publicKeys.g2));
  const { epoch, depth, root, aggregateX, aggregateY, active, total } = table.header;
  const aggregateKey: Hex = `0x${[aggregateX, aggregateY].map((x) => x.toString(16).padStart(64, "0")).join("")}`;
  return {
    message,
    tableCommitment: tableCommitment({ epoch: Number(epoch), depth, root, aggregateKey, active, total }, keccakBytes),
    signature: bytesToHex(bn254.sumG1(signatures.map((signature) => hexToBytes(signature))) as Uint8Array),
    aggregateKey: bytesToHex(bn254.sumG2(keys) as Uint8Array),
    signers: operators.map(({ address }) => indexOf(address)).sort((a, b) => a - b),
    depth,
  };
}

it("convicts who certified a block on one fork and a later one on another, from both certificates and the history", async () => {
  devnet = await startDevnet({ blockTime: 1 });
  mach = await startMachDevnet(devnet);
  const { sequencer: settings, batcher } = sequencing();
  const config = {
    sequencer: { ...settings, signer: keyOf("owner") },
    batcher,
    mach: mach.config,
    l1: { ...devnet.l1, finality: { kind: "blocks", safeBlocks: 1, finalizedBlocks: 1 } as const },
  };
  const node = await devnet.node("sequencer", config);
  const { blocks, bases } = watch(node);
  const { schedule } = (node.mach as NonNullable<RollupNode["mach"]>).service.terms;
  const messageOf = (core: Core): Message => {
    const base = bases.get(epochOf(core.originNumber, schedule)) as Base;
    return { kind: BLOCK, core, base };
  };
  const chain = createPublicClient({ transport: http(devnet.anvil.url), pollingInterval: 50, cacheTime: 0 });
  const publicClient = chain as PublicClient;
  const newest = () => Math.max(-1, ...blocks.keys());
  const tableOf = (message: Message) =>
    epochTable(mach.service, message.base.epoch, publicClient).catch(() => undefined);

  // A block above its own base and that of the later one, so that neither base has settled it.
  let pair: readonly [Core, Message] | null = null;
  let tables: readonly [EpochTable | undefined, EpochTable | undefined] = [undefined, undefined];
  await until(async () => {
    const [low, high] = [blocks.get(newest() - GAP)?.core, blocks.get(newest())?.core];
    if (!low || !high || !bases.has(epochOf(high.originNumber, schedule))) return false;
    const later = messageOf(high);
    if (!bases.has(epochOf(low.originNumber, schedule)) || low.height <= later.base.height) return false;
    tables = await Promise.all([tableOf(messageOf(low)), tableOf(later)]);
    pair = [low, later];
    return tables.every((table) => table !== undefined);
  }, 90_000);
  // From here on the L1 makes a block for each transaction, and no evidence grows too old.
  await devnet.anvil.call("evm_setIntervalMining", [0]);
  await devnet.anvil.call("evm_setAutomine", [true]);
  const [low, high] = pair as unknown as readonly [Core, Message];
  const [lowTable, highTable] = tables as unknown as readonly [EpochTable, EpochTable];
  const invented = { ...low, blockHash: keccak256(toHex("another block")), outputRoot: keccak256(toHex("its state")) };
  const fork = messageOf(invented);

  const prover: RangeProver = {
    prefix: async () => undefined,
    history: async (later, { core }) =>
      (await (again ?? node).mach?.chain.history.proof(later.core, core.height)) ?? undefined,
  };
  let again: RollupNode | null = null;
  const identity = { l1ChainId: devnet.rollup.l1ChainId, operatorSetId: 0, rollupId: mach.service.suite.rollupId };
  const digests = new MachDigests(
    { ...identity, avs: mach.service.suite.registrar.toLowerCase() as Hex },
    { keccak256: keccakBytes },
  );
  const finder = new ContradictionFinder({ digests, prover });
  // Whoever sees the higher one first finds it, too. Of the chain's own block nobody complains.
  expect(await finder.observeCertificate(await certify(high, [0, 1, 2], highTable))).toEqual([]);
  expect(await finder.observeCertificate(await certify(messageOf(low), [0, 1, 3], lowTable))).toEqual([]);
  const [evidence] = await finder.observeCertificate(await certify(fork, [1, 2, 3], lowTable));
  expect(evidence).toMatchObject({ kind: "certificates", proof: { form: "CONTENT" } });
  const other = new ContradictionFinder({ digests, prover });
  await other.observeCertificate(await certify(high, [0, 1, 2], highTable));
  const [across] = await other.observeCertificate(await certify(fork, [1, 2, 3], lowTable));
  expect(across).toMatchObject({ kind: "certificates", proof: { form: "HISTORY", at: { form: "CONTENT" } } });

  const account = privateKeyToAccount(ROLES.challenger);
  const walletClient = createWalletClient({ account, transport: http(devnet.anvil.url) });
  const recorded = await recordEvidence({ context: mach.service, evidence: across as NonNullable<typeof across> }, {
    publicClient,
    walletClient,
  } as never);
  // Who signed both, and nobody else.
  expect([...recorded.convicted].sort()).toEqual([1, 2].map((i) => getAddress(mach.operator(i).address)).sort());

  // The proof stays the same when finalised L1 data have settled both, after a restart, and after the nodes were damaged.
  await devnet.anvil.call("evm_setIntervalMining", [1]);
  const proofOf = (of: RollupNode) => of.mach?.chain.history.proof(high.core, low.height);
  const proof = await proofOf(node);
  expect(proof?.core).toEqual(low);
  await until(() => (node.mach?.chain.floor?.height ?? 0) > high.core.height, 90_000);
  expect(await proofOf(node)).toEqual(proof);
  await node.close();
  again = await devnet.node("sequencer", config);
  const restarted = again;
  await until(async () => (await proofOf(restarted)) !== null, 60_000);
  expect(await proofOf(restarted)).toEqual(proof);
  const file = await open(join(devnet.directory, "sequencer", "mach-history.tree"), "r+");
  const { size } = await file.stat();
  // All but the newest nodes, where the record's peaks are.
  await file.write(Buffer.alloc(Math.floor(size / 2)), 0, Math.floor(size / 2), 0);
  await file.close();
  expect(await proofOf(restarted)).toBeNull();
  await until(async () => (await proofOf(restarted)) !== null, 60_000);
  expect(await proofOf(restarted)).toEqual(proof);
}, 240_000);
