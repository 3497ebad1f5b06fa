import { bn254 } from "@altlayer/engine";
import {
  ALERT_REASONS,
  type Alert,
  attributesHash,
  type Base,
  bytesToHex,
  type EqualHeightProof,
  encodeCertificate,
  encodeMessage,
  encodeShares,
  type Hex,
  hexToBytes,
  historyLeaf,
  isQuorum,
  isSlashable,
  type Keccak256,
  MachDigests,
  type MachDomain,
  type Message,
  MountainRange,
  type OperatorEntry,
  rollupId,
  type SlashingProof,
  sumWeights,
  type TableHeader,
  TableTree,
  tableCommitment,
  tableLeaf,
} from "@altlayer/protocol";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { blockMessage, type ExampleBlock, ExampleChain, named, sliceMessage } from "./chain.ts";
import { wireVectors } from "./wire-vectors.ts";

export const keccak256: Keccak256 = (data) => keccak_256(data);

const ROLLUP = {
  systemConfig: "0x1111111111111111111111111111111111111111",
  l2ChainId: 901,
  l2GenesisHash: named("genesis"),
} as const;

export const DOMAIN: MachDomain = {
  l1ChainId: 31_337,
  avs: "0x2222222222222222222222222222222222222222",
  operatorSetId: 0,
  rollupId: rollupId(ROLLUP, keccak256),
};

/** The schedule that the examples' origins and epochs fit: origin 100 to 103 is epoch 0, 104 to 107 epoch 1. */
export const SCHEDULE = { startBlock: 99, depth: 1, epochLength: 4 } as const;

export const digests = new MachDigests(DOMAIN, { keccak256 });

const BASE_0: Base = { epoch: 0, l1Hash: named("L1 99"), height: 0, blockHash: named("genesis") };

/** Everything under test/vectors/mach: what TypeScript, Rust and Solidity must agree on. */
export function makeVectors(): Readonly<Record<string, unknown>> {
  return {
    "messages.json": messages(),
    "ranges.json": ranges(),
    "slashing.json": slashing(),
    "table.json": table(),
    "certificates.json": certificates(),
    "bn254.json": curve(),
    "reports.json": reports(),
    "wire.json": wireVectors(wireMessage(), certificates().certificates[0]?.encoded as Hex, digests),
  };
}

/** As the files are written: stable, and bigints as decimal strings. */
export function vectorText(vector: unknown): string {
  const plain = (_key: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
  return `${JSON.stringify(vector, plain, 1)}\n`;
}

/** Two branches that part at height 10; base at height 0. */
function twoBranches() {
  const left = new ExampleChain(BASE_0, { digests, keccak256 });
  for (let height = 1; height <= 9; height++) left.add(["l1", `a${height}`]);
  const right = left.fork(9);
  for (let height = 10; height <= 13; height++) {
    left.add(["l1", "b", "c", "d", "e", `left ${height}`]);
    right.add(["l1", "b", "x", `right ${height}`]);
  }
  return { left, right };
}

const at = (chain: ExampleChain, height: number) => chain.blocks[height - 1] as ExampleBlock;

function reports() {
  const operators: Hex[] = [1, 2, 3].map((i) => `0x${`0${i}`.repeat(20)}` as Hex);
  const all = [
    { firstEpoch: 0, lastEpoch: 0, operators: operators.slice(0, 1), points: [1n] },
    { firstEpoch: 1, lastEpoch: 7, operators, points: [600n, 1n, 2n ** 64n - 1n] },
  ];
  return {
    domain: { ...DOMAIN, domainSeparator: digests.domainSeparator },
    reports: all.map((report) => ({
      ...report,
      sharesHash: bytesToHex(keccak256(encodeShares(report))),
      digest: digests.report(report),
    })),
  };
}

function messages() {
  const { left } = twoBranches();
  const attributes = {
    gasLimit: 30_000_000,
    prevRandao: named("randao"),
    parentBeaconBlockRoot: named("beacon"),
    suggestedFeeRecipient: "0x4200000000000000000000000000000000000011",
    eip1559Params: "0x000000fa00000006",
    deposits: ["0x7e01", "0x7e0203"],
  } as const;
  const alert: Alert = {
    epoch: 3,
    height: 10,
    blockHash: named("bad block"),
    reason: ALERT_REASONS.stateRoot,
    transactionIndex: 7,
  };
  const all = [
    blockMessage(at(left, 1), BASE_0),
    sliceMessage(at(left, 10), 3, BASE_0),
    blockMessage(at(left, 10), { epoch: 1, l1Hash: named("L1 103"), height: 8, blockHash: at(left, 8).core.blockHash }),
  ];
  return {
    rollup: { ...ROLLUP, rollupId: DOMAIN.rollupId },
    domain: { ...DOMAIN, domainSeparator: digests.domainSeparator },
    attributes: { ...attributes, attributesHash: attributesHash(attributes, keccak256) },
    alert: { ...alert, digest: digests.alert(alert) },
    messages: all.map((message) => ({
      message,
      encoded: bytesToHex(encodeMessage(message)),
      coreHash: digests.core(message.core),
      digest: digests.message(message),
    })),
  };
}

function wireMessage(): Message {
  return sliceMessage(at(twoBranches().left, 10), 3, BASE_0);
}

function ranges() {
  const size = 11;
  const range = new MountainRange({ keccak256 });
  const leaves = Array.from({ length: size }, (_, i) => historyLeaf(named(`leaf ${i}`), keccak256));
  for (const leaf of leaves) range.append(leaf);
  const inclusions = [0, 4, 7, 8, 10].flatMap((index) =>
    [11, 9].filter((of) => index < of).map((of) => ({ index, size: of, ...range.inclusion(index, of) })),
  );
  const prefixes = [];
  for (let of = 2; of <= size; of++)
    for (let count = 1; count < of; count++) prefixes.push({ count, size: of, nodes: range.prefix(count, of) });
  return { leaves, roots: Array.from({ length: size + 1 }, (_, of) => range.root(of)), inclusions, prefixes };
}

interface SlashingVector {
  readonly name: string;
  readonly a: Message;
  readonly b: Message;
  readonly proof: SlashingProof;
}

function historyProof(higher: ExampleBlock, height: number, proof: EqualHeightProof): SlashingProof {
  const size = higher.core.height - 1;
  const core = at(higher.chain, height).core;
  return { form: "HISTORY", core, inclusion: higher.history.inclusion(height - 1, size), at: proof };
}

/** Pairs by name. `slashable` is frozen beside what the predicate says of them. */
function slashing() {
  const { left, right } = twoBranches();
  const base8: Base = { epoch: 1, l1Hash: named("L1 103"), height: 8, blockHash: at(left, 8).core.blockHash };
  const base10: Base = { epoch: 2, l1Hash: named("L1 107"), height: 10, blockHash: at(right, 10).core.blockHash };
  const l10 = blockMessage(at(left, 10), base8);
  const r10 = blockMessage(at(right, 10), base8);
  const r11 = blockMessage(at(right, 11), base8);
  const l13 = blockMessage(at(left, 13), base8);
  const r13 = blockMessage(at(right, 13), base8);
  const slice = (chain: ExampleChain, height: number, count: number) => sliceMessage(at(chain, height), count, base8);
  const prefix = (block: ExampleBlock, count: number, size: number): EqualHeightProof => ({
    form: "PREFIX",
    nodes: block.transactions.prefix(count, size),
  });
  const pairs: SlashingVector[] = [
    { name: "two blocks of one height", a: l10, b: r10, proof: { form: "CONTENT" } },
    { name: "the two-height fork, by parent", a: l10, b: r11, proof: { form: "PARENT" } },
    {
      name: "the two-height fork, by history",
      a: r11,
      b: l10,
      proof: historyProof(at(right, 11), 10, { form: "CONTENT" }),
    },
    {
      name: "a block and a later one of another branch",
      a: l10,
      b: r13,
      proof: historyProof(at(right, 13), 10, { form: "CONTENT" }),
    },
    { name: "heights above a fork stand in different places", a: l13, b: r13, proof: { form: "PLACE" } },
    {
      name: "slices that part at the third transaction",
      a: slice(left, 10, 5),
      b: slice(right, 10, 3),
      proof: prefix(at(left, 10), 3, 5),
    },
    {
      name: "a slice that is no prefix of a later block's ancestor",
      a: slice(left, 10, 3),
      b: r13,
      proof: historyProof(at(right, 13), 10, prefix(at(right, 10), 3, 4)),
    },
    { name: "a block shorter than a slice", a: slice(left, 10, 5), b: r10, proof: { form: "CONTENT" } },
    { name: "one L1 block, two bases", a: l10, b: { ...r13, base: { ...base8, height: 7 } }, proof: { form: "BASE" } },
    { name: "not: the same message twice", a: l10, b: l10, proof: { form: "CONTENT" } },
    { name: "not: a prefix", a: slice(left, 10, 2), b: slice(right, 10, 3), proof: prefix(at(right, 10), 2, 3) },
    { name: "not: a block and its child", a: l10, b: blockMessage(at(left, 11), base8), proof: { form: "PARENT" } },
    {
      name: "not: a block and its descendant",
      a: l10,
      b: l13,
      proof: historyProof(at(left, 13), 10, { form: "CONTENT" }),
    },
    {
      name: "not: released by the later base",
      a: l10,
      b: blockMessage(at(right, 11), base10),
      proof: { form: "PARENT" },
    },
    {
      name: "not: released by the later base, the other way round",
      a: blockMessage(at(right, 13), base10),
      b: l10,
      proof: historyProof(at(right, 13), 10, { form: "CONTENT" }),
    },
    {
      name: "not: a core of another history",
      a: l10,
      b: l13,
      proof: historyProof(at(right, 13), 10, { form: "CONTENT" }),
    },
    { name: "not: the right pair under the wrong form", a: l10, b: r10, proof: { form: "PLACE" } },
    { name: "not: equal bases", a: l10, b: r13, proof: { form: "BASE" } },
  ];
  return pairs.map(({ name, a, b, proof }) => ({
    name,
    a: bytesToHex(encodeMessage(a)),
    b: bytesToHex(encodeMessage(b)),
    proof,
    slashable: isSlashable([a, b], proof, { digests, keccak256 }),
  }));
}

interface Signer {
  readonly secret: Uint8Array;
  readonly g2: Uint8Array;
  readonly entry: OperatorEntry;
}

/** Six operators of two asset classes; index 5 is a hole that somebody left. */
function operators(): ReadonlyMap<number, Signer> {
  const weights: readonly (readonly [bigint, bigint])[] = [
    [40n, 10n],
    [25n, 25n],
    [15n, 30n],
    [10n, 15n],
    [5n, 10n],
    [5n, 10n],
  ];
  return new Map(
    weights.map((pair, i) => {
      const secret = bn254.deriveSecret(new Uint8Array(32).fill(i + 1), Buffer.from(`operator ${i}`));
      const keys = bn254.publicKeys(secret);
      const operator = `0x${(i + 1).toString(16).padStart(2, "0").repeat(20)}` as Hex;
      const entry = { operator, key: bytesToHex(keys.g1), weights: pair.map((weight) => weight * 10n ** 18n) };
      return [i < 5 ? i : 6, { secret, g2: keys.g2, entry }] as const;
    }),
  );
}

function tableOf(signers: ReadonlyMap<number, Signer>) {
  const entries = new Map([...signers].map(([index, { entry }]) => [index, entry]));
  const tree = new TableTree(entries, { depth: 3, keccak256 });
  const active = sumWeights(2, entries.values());
  const aggregate = bn254.sumG1([...entries.values()].map(({ key }) => hexToBytes(key)));
  const header: TableHeader = {
    epoch: 1,
    depth: 3,
    root: tree.root,
    aggregateKey: bytesToHex(aggregate ?? new Uint8Array(64)),
    active,
    // Something left within the undecided window.
    total: active.map((weight, i) => weight + (i === 0 ? 2n * 10n ** 18n : 0n)),
  };
  return { entries, tree, header };
}

function table() {
  const { entries, tree, header } = tableOf(operators());
  return {
    entries: [...entries].map(([index, entry]) => ({
      index,
      ...entry,
      leaf: tableLeaf(entry, keccak256),
      path: tree.path(index),
    })),
    header,
    commitment: tableCommitment(header, keccak256),
  };
}

function certificates() {
  const signers = operators();
  const { entries, tree, header } = tableOf(signers);
  const { left } = twoBranches();
  // An origin of epoch 1, so that the message is well formed under SCHEDULE.
  const chain = left.fork(9);
  const block = chain.add(["l1", "b", "c"], { originNumber: 105 });
  const base: Base = { epoch: 1, l1Hash: named("L1 103"), height: 8, blockHash: at(left, 8).core.blockHash };
  const message = blockMessage(block, base);
  const digest = hexToBytes(digests.message(message));
  const one = (name: string, indices: readonly number[]) => {
    const chosen = indices.map((index) => signers.get(index) as Signer);
    const signature = bn254.sumG1(chosen.map(({ secret }) => bn254.sign(secret, digest))) as Uint8Array;
    const aggregateKey = bn254.sumG2(chosen.map(({ g2 }) => g2)) as Uint8Array;
    const certificate = {
      message,
      tableCommitment: tableCommitment(header, keccak256),
      signature: bytesToHex(signature),
      aggregateKey: bytesToHex(aggregateKey),
      signers: indices,
      depth: 3,
    };
    const signed = sumWeights(
      2,
      chosen.map(({ entry }) => entry),
    );
    return {
      name,
      encoded: bytesToHex(encodeCertificate(certificate)),
      signers: indices,
      signature: certificate.signature,
      aggregateKey: certificate.aggregateKey,
      absent: [...entries]
        .filter(([index]) => !indices.includes(index))
        .map(([index, entry]) => ({ index, ...entry, path: tree.path(index) })),
      signed,
      quorum: isQuorum(signed, header.total),
    };
  };
  return {
    schedule: SCHEDULE,
    message: bytesToHex(encodeMessage(message)),
    digest: bytesToHex(digest),
    header,
    certificates: [
      one("everybody", [0, 1, 2, 3, 4, 6]),
      one("one absent", [0, 1, 2, 3, 6]),
      one("two absent", [0, 1, 2, 3]),
      one("enough of the first class only", [0, 1, 3]),
      one("enough of the second class only", [1, 2, 3]),
      one("one", [0]),
    ],
  };
}

function curve() {
  const signatures = Array.from({ length: 8 }, (_, i) => {
    const seed = keccak256(Buffer.from(`seed ${i}`));
    const info = Buffer.from(`altlayer/mach/${i}`);
    const secret = bn254.deriveSecret(seed, info);
    const digest = i === 0 ? new Uint8Array(32).fill(0xff) : keccak256(Buffer.from(`digest ${i}`));
    const keys = bn254.publicKeys(secret);
    return {
      seed: bytesToHex(seed),
      info: bytesToHex(info),
      secret: bytesToHex(secret),
      keyG1: bytesToHex(keys.g1),
      keyG2: bytesToHex(keys.g2),
      digest: bytesToHex(digest),
      hash: bytesToHex(bn254.hashToCurve(digest)),
      signature: bytesToHex(bn254.sign(secret, digest)),
    };
  });
  const [{ keyG2, digest, signature }] = signatures as [(typeof signatures)[0]];
  const changed = (hex: Hex, change: (bytes: Uint8Array) => void): Hex => {
    const bytes = hexToBytes(hex);
    change(bytes);
    return bytesToHex(bytes);
  };
  const last = (bytes: Uint8Array) => {
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
  };
  const zero = (bytes: Uint8Array) => void bytes.fill(0);
  const ones = (bytes: Uint8Array) => void bytes.fill(0xff, 0, 32);
  return {
    signatures,
    invalid: [
      {
        what: "signature off the curve",
        error: "BN254_NOT_ON_CURVE",
        keyG2,
        digest,
        signature: changed(signature, last),
      },
      { what: "signature at infinity", error: "BN254_INFINITY", keyG2, digest, signature: changed(signature, zero) },
      { what: "coordinate above p", error: "BN254_NOT_CANONICAL", keyG2, digest, signature: changed(signature, ones) },
      { what: "key off the curve", error: "BN254_NOT_ON_CURVE", keyG2: changed(keyG2, last), digest, signature },
      { what: "key at infinity", error: "BN254_INFINITY", keyG2: changed(keyG2, zero), digest, signature },
      { what: "key outside the subgroup", error: "BN254_NOT_IN_SUBGROUP", keyG2: OUTSIDE_SUBGROUP, digest, signature },
    ],
  };
}

/** A point of the twist with x = 2 + i, found with @noble/curves: on the curve, not of the group's order. */
const OUTSIDE_SUBGROUP: Hex = `0x${[
  "0000000000000000000000000000000000000000000000000000000000000001",
  "0000000000000000000000000000000000000000000000000000000000000002",
  "2b76c179599bb92a963dac85546a005a777f7c13f6a7b75d5918b6b5808f5fde",
  "101f7278419308b95099eca02dcee0c5381f4d26d1d62313f057167f064101ce",
].join("")}`;
