import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { keccak_256 } from "@noble/hashes/sha3.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  applyConfigUpdate,
  blobBaseFee,
  bytesToHex,
  CONFIG_UPDATE_TOPIC,
  configUpdateFromLog,
  type DepositTransaction,
  decodeDepositTransaction,
  decodeScalar,
  depositFromLog,
  deriveDeposits,
  encodeDepositTransaction,
  encodeScalar,
  type Hex,
  hexToBytes,
  l1AttributesDeposit,
  l1InfoFromPayload,
  l2BlockRefFromPayload,
  outputRoot,
  type PayloadView,
  ProtocolError,
  parseL1Attributes,
  type SystemConfig,
  systemConfigAsRecorded,
  systemConfigFromPayload,
  TRANSACTION_DEPOSITED_TOPIC,
  upgradeSourceHash,
} from "../src/index.ts";
import { PORTAL, testConfig } from "./support/simulation.ts";

const topic = (signature: string) => bytesToHex(keccak_256(new TextEncoder().encode(signature)));
const word = (value: bigint | number): string => value.toString(16).padStart(64, "0");
const hex = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(bytesToHex);
const uint = (bits: number) => fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n });

test("event topics and selectors are the hashes of their signatures", () => {
  expect(topic("TransactionDeposited(address,address,uint256,bytes)")).toBe(TRANSACTION_DEPOSITED_TOPIC);
  expect(topic("ConfigUpdate(uint256,uint8,bytes)")).toBe(CONFIG_UPDATE_TOPIC);
  const bedrock = "setL1BlockValues(uint64,uint64,uint256,bytes32,uint64,bytes32,uint256,uint256)";
  expect(topic(bedrock).slice(0, 10)).toBe("0x015d8eb9");
  expect(topic("setL1BlockValuesEcotone()").slice(0, 10)).toBe("0x440a5e20");
});

describe("blocks of OP Sepolia", () => {
  const dir = new URL("../../../test/vectors/op-sepolia-blocks/", import.meta.url);
  const names = readdirSync(dir).filter((name) => name.endsWith(".json.gz"));
  const sepolia = {
    ...testConfig({ holocene: 0 }),
    genesis: { ...testConfig().genesis, l2: { hash: topic("x"), number: 0 } },
  };

  test.each(names)("%s: its deposits and L1 attributes encode to the same bytes", (name) => {
    const file = JSON.parse(gunzipSync(readFileSync(new URL(name, dir))).toString());
    const attributes = file.executing_payload;
    const payload: PayloadView = {
      blockHash: file.expected_block_hash,
      parentHash: topic("parent"),
      blockNumber: `0x${(Number(file.parent_header.number) + 1).toString(16)}`,
      timestamp: attributes.timestamp,
      gasLimit: attributes.gasLimit,
      extraData: `0x00${attributes.eip1559Params.slice(2)}`,
      transactions: attributes.transactions,
    };
    for (const raw of payload.transactions.filter((transaction) => transaction.startsWith("0x7e"))) {
      expect(bytesToHex(encodeDepositTransaction(decodeDepositTransaction(hexToBytes(raw))))).toBe(raw);
    }
    const info = l1InfoFromPayload(sepolia, payload);
    const ref = l2BlockRefFromPayload(sepolia, payload);
    expect(ref.l1Origin).toEqual({ hash: info.blockHash, number: info.number });
    const systemConfig = systemConfigFromPayload(sepolia, payload);
    expect(systemConfig.eip1559Params).toBe("0x000000fa00000006");
    expect(systemConfigAsRecorded(sepolia, systemConfig, ref.timestamp)).toEqual(systemConfig);
    const l1 = {
      hash: info.blockHash,
      number: info.number,
      parentHash: topic("l1 parent"),
      timestamp: info.timestamp,
      prevRandao: topic("randao"),
      baseFeePerGas: info.baseFee,
      blobBaseFee: info.blobBaseFee,
    };
    const { sequenceNumber, timestamp } = ref;
    const deposit = l1AttributesDeposit(sepolia, { l1, systemConfig, sequenceNumber, timestamp }, keccak_256);
    // The same bytes, source hash included, as the chain's own first transaction.
    expect(bytesToHex(encodeDepositTransaction(deposit))).toBe(payload.transactions[0]);
  });
});

describe("deposit transactions", () => {
  const deposit: fc.Arbitrary<DepositTransaction> = fc.record({
    sourceHash: hex(32),
    from: hex(20),
    to: fc.option(hex(20)),
    mint: uint(256),
    value: uint(256),
    gas: uint(64),
    isSystemTransaction: fc.boolean(),
    data: fc.uint8Array({ maxLength: 300 }).map(bytesToHex),
  });

  test("decode to what was encoded", () => {
    fc.assert(
      fc.property(deposit, (it) => {
        expect(decodeDepositTransaction(encodeDepositTransaction(it))).toEqual(it);
      }),
    );
  });

  test("are refused with a code when cut off or followed by more", () => {
    fc.assert(
      fc.property(deposit, fc.nat(400), (it, cut) => {
        const raw = encodeDepositTransaction(it);
        const bad = cut < raw.length ? raw.subarray(0, cut) : Uint8Array.of(...raw, 0);
        expect(() => decodeDepositTransaction(bad)).toThrow(ProtocolError);
      }),
    );
  });

  const log = (opaque: string, overrides: { data?: Hex; topics?: Hex[] } = {}) => ({
    address: PORTAL,
    topics: [TRANSACTION_DEPOSITED_TOPIC, `0x${word(0xaan)}`, `0x${word(0xbbn)}`, `0x${word(0)}`] as Hex[],
    data: `0x${word(32)}${word(opaque.length / 2)}${opaque.padEnd(Math.ceil(opaque.length / 64) * 64, "0")}` as Hex,
    logIndex: 5,
    ...overrides,
  });
  const opaque = `${word(7)}${word(9)}${(21000).toString(16).padStart(16, "0")}00c0ffee`;

  test("come out of the portal's event", () => {
    const found = depositFromLog(log(opaque), topic("l1"), keccak_256);
    expect(found).toMatchObject({ mint: 7n, value: 9n, gas: 21000n, data: "0xc0ffee", isSystemTransaction: false });
    expect(found.from).toBe(`0x${"00".repeat(19)}aa`);
    expect(found.to).toBe(`0x${"00".repeat(19)}bb`);
    const id = keccak_256(hexToBytes(`${topic("l1")}${word(5)}`));
    expect(found.sourceHash).toBe(bytesToHex(keccak_256(hexToBytes(`0x${word(0)}${bytesToHex(id).slice(2)}`))));
    const creation = `${opaque.slice(0, 144)}01${opaque.slice(146)}`;
    expect(depositFromLog(log(creation), topic("l1"), keccak_256).to).toBeNull();
  });

  test.each([
    ["a missing topic", log(opaque, { topics: log(opaque).topics.slice(0, 3) })],
    ["an unknown version", log(opaque, { topics: [...log(opaque).topics.slice(0, 3), `0x${word(1)}`] })],
    ["too little data", log(opaque, { data: `0x${word(32)}` })],
    ["an odd size", log(opaque, { data: `${log(opaque).data}00` })],
    ["a wrong offset", log(opaque, { data: `0x${word(64)}${log(opaque).data.slice(66)}` })],
    ["a length past the end", log(opaque, { data: `0x${word(32)}${word(2n ** 255n)}${log(opaque).data.slice(130)}` })],
    ["padding of a whole word", log(opaque, { data: `${log(opaque).data}${word(0)}` })],
    ["short opaque data", log("00".repeat(72))],
  ])("with %s stop derivation", (_, bad) => {
    expect(() => depositFromLog(bad, topic("l1"), keccak_256)).toThrow(
      expect.objectContaining({ code: "MALFORMED_DEPOSIT_LOG", severity: "critical" }),
    );
  });

  test("of failed transactions, other contracts and other events do not count", () => {
    const good = log(opaque);
    const receipts = [
      { success: false, logs: [good] },
      {
        success: true,
        logs: [{ ...good, address: topic("x").slice(0, 42) as Hex }, { ...good, topics: [topic("y")] }, good],
      },
    ];
    expect(deriveDeposits(testConfig(), topic("l1"), receipts, keccak_256)).toHaveLength(1);
  });
});

test("an upgrade's source hash is the published one", () => {
  // specs/protocol/ecotone/derivation.md, "L1Block Deployment".
  expect(upgradeSourceHash("Ecotone: L1 Block Deployment", keccak_256)).toBe(
    "0x877a6077205782ea15a6dc8699fa5ebcec5e0f4389f09cb8eda09488231346f8",
  );
});

describe("L1 attributes", () => {
  const systemConfig: SystemConfig = {
    batcherAddress: `0x${"ba".repeat(20)}`,
    overhead: `0x${word(188)}`,
    scalar: `0x${word(684000)}`,
    gasLimit: 30_000_000,
    eip1559Params: "0x0000000000000000",
  };
  const l1 = {
    hash: topic("l1"),
    number: 77,
    parentHash: topic("parent"),
    timestamp: 1234,
    prevRandao: topic("randao"),
    baseFeePerGas: 99n,
    blobBaseFee: 3n,
  };
  const at = (forkTimes: Record<string, number>) => ({ forkTimes, blockTime: 2 });

  test.each([
    ["before Regolith", at({}), { gas: 150_000_000n, isSystemTransaction: true }, 260],
    ["before Ecotone", at({ regolith: 0 }), { gas: 1_000_000n, isSystemTransaction: false }, 260],
    ["in Ecotone's first block", at({ regolith: 0, ecotone: 2000 }), {}, 260],
    ["from Ecotone on", at({ regolith: 0, ecotone: 1998 }), {}, 164],
    ["with Ecotone since genesis", at({ regolith: 0, ecotone: 0 }), {}, 164],
  ])("%s", (_, config, fields, size) => {
    const deposit = l1AttributesDeposit(config, { l1, systemConfig, sequenceNumber: 4, timestamp: 2000 }, keccak_256);
    expect(deposit).toMatchObject({ ...fields, from: "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001" });
    expect(hexToBytes(deposit.data)).toHaveLength(size);
    const info = parseL1Attributes(config, 2000, deposit.data);
    expect(info).toMatchObject({ number: 77, timestamp: 1234, baseFee: 99n, blockHash: l1.hash, sequenceNumber: 4 });
    if (size === 164) expect(info).toMatchObject({ blobBaseFee: 3n, baseFeeScalar: 684000, blobBaseFeeScalar: 0 });
    else expect(info).toMatchObject({ scalar: systemConfig.scalar, overhead: systemConfig.overhead });
    expect(() => parseL1Attributes(config, 2000, `${deposit.data}00`)).toThrow(ProtocolError);
  });
});

describe("system config updates", () => {
  const log = (type: number, ...words: (bigint | number)[]) => ({
    address: `0x${"5c".repeat(20)}` as Hex,
    topics: [CONFIG_UPDATE_TOPIC, `0x${word(0)}`, `0x${word(type)}`] as Hex[],
    data: `0x${word(32)}${word(words.length * 32)}${words.map(word).join("")}` as Hex,
    logIndex: 0,
  });
  const config = testConfig();
  const base = config.genesis.systemConfig;
  const apply = (it: ReturnType<typeof log>, time = 2_000_000, forks: Pick<typeof config, "forkTimes"> = config) =>
    applyConfigUpdate(forks, base, configUpdateFromLog(it), time);

  test("change what they name", () => {
    expect(apply(log(0, 0xabcn)).batcherAddress).toBe(`0x${"0".repeat(37)}abc`);
    expect(apply(log(2, 60_000_000)).gasLimit).toBe(60_000_000);
    expect(apply(log(4, 0x000000fa00000006n)).eip1559Params).toBe("0x000000fa00000006");
    expect(apply(log(3, 0xddn))).toEqual(base);
    expect(configUpdateFromLog(log(3, 0xddn))).toEqual({
      kind: "unsafeBlockSigner",
      unsafeBlockSigner: `0x${"0".repeat(38)}dd`,
    });
    expect(apply(log(5, 1))).toEqual(base);
  });

  test("of fee scalars follow the fork", () => {
    const ecotone = BigInt(encodeScalar({ baseFeeScalar: 5, blobBaseFeeScalar: 6 }));
    expect(apply(log(1, 188, ecotone))).toMatchObject({ overhead: `0x${word(0)}`, scalar: `0x${word(ecotone)}` });
    expect(apply(log(1, 188, 684000), 2_000_000, { forkTimes: {} })).toMatchObject({
      overhead: `0x${word(188)}`,
      scalar: `0x${word(684000)}`,
    });
    // Forms that Ecotone does not know leave the old one in force.
    expect(apply(log(1, 0, 2n ** 249n))).toEqual(base);
    expect(apply(log(1, 0, ecotone | (1n << 200n)))).toEqual(base);
  });

  test.each([
    ["an unknown type", log(9, 1)],
    ["a batcher that is no address", log(0, 2n ** 200n)],
    ["too many words", log(2, 1, 2)],
    ["a gas limit beyond 64 bits", log(2, 2n ** 64n)],
    ["an unknown version", { ...log(2, 1), topics: [CONFIG_UPDATE_TOPIC, `0x${word(1)}`, `0x${word(2)}`] as Hex[] }],
  ])("with %s stop derivation", (_, bad) => {
    expect(() => configUpdateFromLog(bad)).toThrow(expect.objectContaining({ code: "MALFORMED_CONFIG_LOG" }));
  });

  test("scalars decode to what was encoded; old ones with high bits read as the maximum", () => {
    const scalar = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(scalar, scalar, (baseFeeScalar, blobBaseFeeScalar) => {
        const scalars = { baseFeeScalar, blobBaseFeeScalar };
        expect(decodeScalar(encodeScalar(scalars))).toEqual(scalars);
      }),
    );
    expect(decodeScalar(`0x${word(2n ** 40n)}`)).toEqual({ baseFeeScalar: 0xffffffff, blobBaseFeeScalar: 0 });
  });
});

test("the blob base fee grows exponentially from one", () => {
  expect(blobBaseFee(0n, 3338477n)).toBe(1n);
  expect(blobBaseFee(2314057n, 3338477n)).toBe(1n);
  // EIP-4844's reference function at the edge.
  expect(blobBaseFee(2314058n, 3338477n)).toBe(2n);
  expect(blobBaseFee(10n * 1024n * 1024n, 3338477n)).toBe(23n);
});

test("an output root commits to its three parts", () => {
  const parts = { stateRoot: topic("s"), messagePasserStorageRoot: topic("m"), blockHash: topic("b") };
  const preimage = `0x${word(0)}${topic("s").slice(2)}${topic("m").slice(2)}${topic("b").slice(2)}`;
  expect(outputRoot(parts, keccak_256)).toBe(bytesToHex(keccak_256(hexToBytes(preimage))));
});
