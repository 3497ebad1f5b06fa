import { keccak_256 } from "@noble/hashes/sha3.js";
import fc from "fast-check";
import { encodeAbiParameters, hashTypedData, keccak256 as viemKeccak256 } from "viem";
import { describe, expect, test } from "vitest";
import {
  attributesHash,
  BLOCK,
  bytesToHex,
  type Certificate,
  decodeCertificate,
  decodeMessage,
  encodeCertificate,
  encodeMessage,
  epochBlock,
  epochOf,
  exceedsThird,
  isQuorum,
  MACH_PARAMETERS,
  MachDigests,
  type Message,
  messageFault,
  rollupId,
  SLICE,
  slashingHorizon,
  tableCommitment,
  undecidedBlocks,
  ZERO_HASH,
} from "../../src/index.ts";

const keccak256 = (data: Uint8Array) => keccak_256(data);
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(bytesToHex);
const number = fc.oneof(fc.nat(), fc.maxSafeNat());

const messages: fc.Arbitrary<Message> = fc.record({
  kind: fc.constantFrom(SLICE, BLOCK),
  core: fc.record({
    height: number,
    timestamp: number,
    originNumber: number,
    originHash: bytes(32),
    parentHash: bytes(32),
    attributesHash: bytes(32),
    historyRoot: bytes(32),
    transactionCount: fc.integer({ min: 0, max: 0xffffffff }),
    transactionRoot: bytes(32),
    blockHash: bytes(32),
    outputRoot: bytes(32),
  }),
  base: fc.record({ epoch: number, l1Hash: bytes(32), height: number, blockHash: bytes(32) }),
});

const domain = fc.record({
  l1ChainId: fc.integer({ min: 1, max: 2 ** 40 }),
  avs: bytes(20),
  operatorSetId: fc.integer({ min: 0, max: 0xffffffff }),
  rollupId: bytes(32),
});

const CORE_FIELDS = [
  { name: "height", type: "uint64" },
  { name: "timestamp", type: "uint64" },
  { name: "originNumber", type: "uint64" },
  { name: "originHash", type: "bytes32" },
  { name: "parentHash", type: "bytes32" },
  { name: "attributesHash", type: "bytes32" },
  { name: "historyRoot", type: "bytes32" },
  { name: "transactionCount", type: "uint32" },
  { name: "transactionRoot", type: "bytes32" },
  { name: "blockHash", type: "bytes32" },
  { name: "outputRoot", type: "bytes32" },
] as const;
const BASE_FIELDS = [
  { name: "epoch", type: "uint64" },
  { name: "l1Hash", type: "bytes32" },
  { name: "height", type: "uint64" },
  { name: "blockHash", type: "bytes32" },
] as const;

const big = (message: Message) => ({
  kind: message.kind,
  core: {
    ...message.core,
    height: BigInt(message.core.height),
    timestamp: BigInt(message.core.timestamp),
    originNumber: BigInt(message.core.originNumber),
  },
  base: { ...message.base, epoch: BigInt(message.base.epoch), height: BigInt(message.base.height) },
});

test("messages are Solidity's abi.encode, and come back", () => {
  const tuple = {
    type: "tuple",
    components: [
      { name: "kind", type: "uint8" },
      { name: "core", type: "tuple", components: CORE_FIELDS },
      { name: "base", type: "tuple", components: BASE_FIELDS },
    ],
  } as const;
  fc.assert(
    fc.property(messages, (message) => {
      const encoded = encodeMessage(message);
      expect(bytesToHex(encoded)).toBe(encodeAbiParameters([tuple], [big(message)]));
      expect(decodeMessage(encoded)).toEqual(message);
    }),
  );
});

test("digests are EIP-712, as viem computes them", () => {
  const types = {
    Message: [
      { name: "kind", type: "uint8" },
      { name: "core", type: "Core" },
      { name: "base", type: "Base" },
    ],
    Core: CORE_FIELDS,
    Base: BASE_FIELDS,
    Alert: [
      { name: "epoch", type: "uint64" },
      { name: "height", type: "uint64" },
      { name: "blockHash", type: "bytes32" },
      { name: "reason", type: "uint8" },
      { name: "transactionIndex", type: "uint32" },
    ],
  } as const;
  fc.assert(
    fc.property(domain, messages, (machDomain, message) => {
      const digests = new MachDigests(machDomain, { keccak256 });
      const salt = viemKeccak256(
        encodeAbiParameters([{ type: "bytes32" }, { type: "uint32" }], [machDomain.rollupId, machDomain.operatorSetId]),
      );
      const typed = {
        domain: {
          name: "AltLayer MACH",
          version: "1",
          chainId: machDomain.l1ChainId,
          verifyingContract: machDomain.avs,
          salt,
        },
        types,
      } as const;
      expect(digests.message(message)).toBe(hashTypedData({ ...typed, primaryType: "Message", message: big(message) }));
      const { epoch, height, blockHash } = message.base;
      const alert = { epoch, height, blockHash, reason: 3, transactionIndex: message.core.transactionCount } as const;
      expect(digests.alert(alert)).toBe(
        hashTypedData({
          ...typed,
          primaryType: "Alert",
          message: { ...alert, epoch: BigInt(epoch), height: BigInt(height) },
        }),
      );
    }),
    { numRuns: 50 },
  );
});

test("the digest changes with every part of domain and message", () => {
  fc.assert(
    fc.property(domain, domain, messages, messages, (d1, d2, m1, m2) => {
      const digest = (d: typeof d1, m: Message) => new MachDigests(d, { keccak256 }).message(m);
      const reference = digest(d1, m1);
      for (const key of ["l1ChainId", "avs", "operatorSetId", "rollupId"] as const) {
        if (d1[key] !== d2[key]) expect(digest({ ...d1, [key]: d2[key] }, m1)).not.toBe(reference);
      }
      if (m1.kind !== m2.kind) expect(digest(d1, { ...m1, kind: m2.kind })).not.toBe(reference);
      for (const { name } of CORE_FIELDS) {
        if (m1.core[name] === m2.core[name]) continue;
        expect(digest(d1, { ...m1, core: { ...m1.core, [name]: m2.core[name] } })).not.toBe(reference);
      }
      for (const { name } of BASE_FIELDS) {
        if (m1.base[name] === m2.base[name]) continue;
        expect(digest(d1, { ...m1, base: { ...m1.base, [name]: m2.base[name] } })).not.toBe(reference);
      }
    }),
    { numRuns: 30 },
  );
});

test("rollup id, attributes and table commitment are abi.encode hashed", () => {
  fc.assert(
    fc.property(bytes(20), number, bytes(32), bytes(32), bytes(32), bytes(8), (address, n, a, b, c, params) => {
      expect(rollupId({ systemConfig: address, l2ChainId: n, l2GenesisHash: a }, keccak256)).toBe(
        viemKeccak256(
          encodeAbiParameters([{ type: "address" }, { type: "uint256" }, { type: "bytes32" }], [address, BigInt(n), a]),
        ),
      );
      const deposits = ["0x7e01", "0x7e"] as const;
      const depositsHash = viemKeccak256(`0x${deposits.map((each) => viemKeccak256(each).slice(2)).join("")}`);
      expect(
        attributesHash(
          {
            gasLimit: n,
            prevRandao: b,
            parentBeaconBlockRoot: c,
            suggestedFeeRecipient: address,
            eip1559Params: params,
            deposits,
          },
          keccak256,
        ),
      ).toBe(
        viemKeccak256(
          encodeAbiParameters(
            (["uint64", "bytes32", "bytes32", "address", "bytes8", "bytes32"] as const).map((type) => ({ type })),
            [BigInt(n), b, c, address, params, depositsHash],
          ),
        ),
      );
      const header = { epoch: n, depth: 4, root: a, aggregateKey: `0x${b.slice(2)}${c.slice(2)}` } as const;
      const weights = { active: [1n, 2n], total: [3n, BigInt(n)] };
      expect(tableCommitment({ ...header, ...weights }, keccak256)).toBe(
        viemKeccak256(
          encodeAbiParameters(
            [
              {
                type: "tuple",
                components: [
                  { name: "epoch", type: "uint64" },
                  { name: "depth", type: "uint32" },
                  { name: "root", type: "bytes32" },
                  { name: "x", type: "uint256" },
                  { name: "y", type: "uint256" },
                  { name: "active", type: "uint256[]" },
                  { name: "total", type: "uint256[]" },
                ],
              },
            ],
            [{ epoch: BigInt(n), depth: 4, root: a, x: BigInt(b), y: BigInt(c), ...weights }],
          ),
        ),
      );
    }),
  );
});

test("one message, one encoding: other bytes give a code or another message", () => {
  fc.assert(
    fc.property(messages, fc.nat({ max: 511 }), fc.integer({ min: 1, max: 255 }), (message, at, change) => {
      const encoded = Uint8Array.from(encodeMessage(message));
      encoded[at] = (encoded[at] as number) ^ change;
      try {
        expect(encodeMessage(decodeMessage(encoded))).toEqual(encoded);
      } catch (error) {
        expect(error).toMatchObject({ code: "MALFORMED_MESSAGE" });
      }
    }),
  );
  for (const length of [0, 511, 513]) {
    expect(() => decodeMessage(new Uint8Array(length))).toThrow(expect.objectContaining({ code: "MALFORMED_MESSAGE" }));
  }
});

const certificates: fc.Arbitrary<Certificate> = fc.integer({ min: 0, max: 10 }).chain((depth) =>
  fc.record({
    message: messages,
    tableCommitment: bytes(32),
    signature: bytes(64),
    aggregateKey: bytes(128),
    signers: fc.uniqueArray(fc.nat({ max: 2 ** depth - 1 })).map((indices) => indices.sort((a, b) => a - b)),
    depth: fc.constant(depth),
  }),
);

test("certificates come back; truncated, longer and padded ones are refused", () => {
  fc.assert(
    fc.property(certificates, fc.nat(), (certificate, cut) => {
      const encoded = encodeCertificate(certificate);
      expect(decodeCertificate(encoded, certificate.depth)).toEqual(certificate);
      const coded = { code: expect.stringMatching(/^MALFORMED_(CERTIFICATE|MESSAGE)$/) };
      const refused = (bytes: Uint8Array, depth = certificate.depth) =>
        expect(() => decodeCertificate(bytes, depth)).toThrow(expect.objectContaining(coded));
      refused(encoded.subarray(0, cut % encoded.length));
      refused(Uint8Array.from([...encoded, 0]));
      refused(Uint8Array.from([2, ...encoded.subarray(1)]));
      refused(encoded, certificate.depth < 4 ? 5 : certificate.depth - 1);
    }),
  );
  const one = fc.sample(certificates, { numRuns: 1, seed: 1 })[0] as Certificate;
  // A signer counted twice, out of order, or outside the table.
  for (const signers of [[1, 1], [2, 1], [8]]) {
    expect(() => encodeCertificate({ ...one, signers, depth: 3 })).toThrow(
      expect.objectContaining({ code: "MALFORMED_CERTIFICATE" }),
    );
  }
});

describe("epochs", () => {
  const schedule = { startBlock: 21_000_000, ...MACH_PARAMETERS.mainnet };

  test("the worked examples", () => {
    expect(epochOf(21_000_100, schedule)).toBe(0);
    expect(epochOf(21_000_192, schedule)).toBe(2);
    expect(epochBlock(2, schedule)).toBe(21_000_064);
    const rollup = { seqWindowSize: 3600, maxSequencerDriftSeconds: 1800, l1BlockSeconds: 12 };
    const undecided = undecidedBlocks(MACH_PARAMETERS.mainnet, rollup);
    expect(undecided).toBe(3910);
    expect(slashingHorizon(MACH_PARAMETERS.mainnet, undecided)).toBe(75_910);
    expect(undecidedBlocks(MACH_PARAMETERS.testnet, rollup)).toBe(3878);
  });

  test("an epoch's block is at least K below every origin of it, past the first", () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 ** 6 }), (past) => {
        const origin = schedule.startBlock + past;
        const epoch = epochOf(origin, schedule);
        if (epoch > 0) expect(origin - epochBlock(epoch, schedule)).toBeGreaterThanOrEqual(schedule.depth);
        expect(epochOf(origin + 1, schedule)).toBeGreaterThanOrEqual(epoch);
      }),
    );
  });

  test("each fault of a message has a name", () => {
    const hash = `0x${"11".repeat(32)}` as const;
    const base = { epoch: 2, l1Hash: hash, height: 9, blockHash: hash };
    const core = {
      height: 10,
      timestamp: 1,
      originNumber: 21_000_192,
      originHash: hash,
      parentHash: hash,
      attributesHash: hash,
      historyRoot: hash,
      transactionCount: 1,
      transactionRoot: hash,
      blockHash: hash,
      outputRoot: hash,
    };
    const good: Message = { kind: BLOCK, core, base };
    const open = { ...core, blockHash: ZERO_HASH, outputRoot: ZERO_HASH };
    expect(messageFault(good, schedule)).toBeNull();
    expect(messageFault({ ...good, kind: SLICE, core: open }, schedule)).toBeNull();
    expect(messageFault({ ...good, kind: 3 as 1 }, schedule)).toBe("KIND");
    expect(messageFault({ ...good, core: { ...core, transactionCount: 0 } }, schedule)).toBe("NO_TRANSACTIONS");
    expect(messageFault({ ...good, kind: SLICE }, schedule)).toBe("SLICE_SEALED");
    expect(messageFault({ ...good, core: { ...core, outputRoot: ZERO_HASH } }, schedule)).toBe("BLOCK_UNSEALED");
    expect(messageFault({ ...good, core: { ...core, height: 9 } }, schedule)).toBe("NOT_ABOVE_BASE");
    expect(messageFault({ ...good, core: { ...core, parentHash: ZERO_HASH } }, schedule)).toBe("NOT_ON_BASE");
    expect(messageFault({ ...good, core: { ...core, originNumber: 20_999_999 } }, schedule)).toBe(
      "ORIGIN_BEFORE_START",
    );
    expect(messageFault({ ...good, base: { ...base, epoch: 1 } }, schedule)).toBe("EPOCH");
  });
});

test("a quorum is strictly more than two thirds of every class", () => {
  expect(isQuorum([2n], [3n])).toBe(false);
  expect(isQuorum([3n], [3n])).toBe(true);
  expect(isQuorum([66n], [100n])).toBe(false);
  expect(isQuorum([67n], [100n])).toBe(true);
  expect(isQuorum([67n, 66n], [100n, 100n])).toBe(false);
  expect(isQuorum([67n], [100n, 0n])).toBe(false);
  expect(isQuorum([0n], [0n])).toBe(false);
  expect(isQuorum([], [])).toBe(false);
  expect(exceedsThird([1n], [3n])).toBe(false);
  expect(exceedsThird([34n, 0n], [100n, 100n])).toBe(true);
});
