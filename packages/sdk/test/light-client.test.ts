import { abiOf } from "@altlayer/restaking";
import { type Client, createClient, type Hex, http, keccak256, numberToHex, toHex } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type CertificateRecord,
  contractCertificate,
  isSdkError,
  type L1Trust,
  machVerifierAbi,
  type VerifiedCertificate,
  verifyCertificate,
} from "../src/index.ts";
import { L1View } from "../src/light-client/l1-view.ts";
import { proveService } from "../src/light-client/service.ts";
import { parse } from "../src/rpc/call.ts";
import { certificateRecordSchema } from "../src/rpc/schemas.ts";
import { tamperedClient } from "./support/tampered-client.ts";
import { type CertificateJson, startWorld, type World } from "./support/world.ts";

type Signed = ReturnType<typeof contractCertificate>;

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 60_000);
afterAll(() => world?.stop());

const record = (json: CertificateJson | Record<string, unknown>): CertificateRecord =>
  parse(certificateRecordSchema, json, "test");

const pin = () => ({ l1ChainId: 31_337, avs: world.suite.registrar, rollupId: world.rollupId });

interface Check {
  readonly certificate: CertificateRecord;
  readonly l1?: L1Trust;
  readonly l1Client?: Client;
  readonly service?: Partial<ReturnType<typeof pin>>;
}
const check = ({ certificate, l1 = { kind: "rpc" }, l1Client = world.l1, service = {} }: Check) =>
  verifyCertificate({ certificate, l1Client, trust: { service: { ...pin(), ...service }, l1 } });

/** The code with which the light client refuses. */
async function refusal(options: Check): Promise<string> {
  try {
    await check(options);
    return "accepted";
  } catch (error) {
    return isSdkError(error) ? error.code : `untyped: ${String(error)}`;
  }
}

/** What the contract says of the same certificate. */
const contract = async (certificate: CertificateRecord): Promise<string> => {
  const args = [contractCertificate(certificate)] as const;
  try {
    return await world.l1.readContract({
      address: world.suite.verifier,
      abi: machVerifierAbi,
      functionName: "verify",
      args,
    });
  } catch (error) {
    return /error: (\w+)\(|reverted/.exec(String(error))?.[1] ?? "reverted";
  }
};

const tampered = (change: (method: string, answer: unknown) => unknown) => tamperedClient(world.l1, change);

describe("accepted", () => {
  test("by client and contract alike: eight ninths of the weight, and what it rests on", async () => {
    const message = await world.message();
    const certificate = record(world.certify(message, [0, 1, 2]));
    const verified: VerifiedCertificate = await check({ certificate });
    expect(await contract(certificate)).toBe(verified.digest);
    expect(verified).toMatchObject({
      kind: "block",
      height: 10,
      blockHash: message.core.blockHash,
      signed: [80n * 10n ** 18n],
      total: [90n * 10n ** 18n],
      signers: [0, 1, 2],
      jailed: [],
      trusts: ["l1-rpc", "certificate-node-for-names"],
      warnings: [],
    });
    const head = await world.l1.getBlock();
    expect(verified.l1).toEqual({ number: Number(head.number), hash: head.hash });
    expect(verified.lastL1Block).toBe(world.startBlock + 4 * message.base.epoch + 32);
  });

  test("a slice, and everybody's signature", async () => {
    const certificate = record(world.certify(await world.message({ kind: 1 }), [0, 1, 2, 3]));
    expect(await check({ certificate })).toMatchObject({ kind: "slice", blockHash: null });
    expect(await contract(certificate)).toBe(certificate.digest);
  });

  test("from a block hash that is trusted, although the RPC is not", async () => {
    const certificate = record(world.certify(await world.message(), [0, 1, 2]));
    const { hash } = await world.l1.getBlock();
    const verified = await check({ certificate, l1: { kind: "blockHash", hash } });
    expect(verified.trusts).toContain("l1-block-hash");
    expect(verified.l1.hash).toBe(hash);
  });

  test("by a quorum of L1 nodes of which one lies and one is down", async () => {
    const certificate = record(world.certify(await world.message(), [0, 1, 2]));
    const liar = tampered((method, answer) =>
      method === "eth_getBlockByNumber" ? { ...(answer as object), stateRoot: keccak256("0x01") } : answer,
    );
    const down = createClient({ transport: http("http://127.0.0.1:1", { retryCount: 0 }) });
    const clients = [liar, down, createClient({ transport: http(world.anvil.url) })];
    const verified = await check({ certificate, l1: { kind: "quorum", clients, agreeing: 2 } });
    expect(verified.trusts).toContain("l1-quorum");
    expect(await refusal({ certificate, l1: { kind: "quorum", clients, agreeing: 3 } })).toBe("L1_NO_QUORUM");
  });

  test("storage slots say what the contracts say", async () => {
    const message = await world.message();
    const view = await L1View.open({ l1ChainId: 31_337, trust: { kind: "rpc" } }, { client: world.l1 });
    const facts = await proveService({ pin: pin(), epoch: message.base.epoch }, { view });
    const read = (
      name: "OperatorTable" | "MachRegistrar" | "CertificateVerifier",
      functionName: string,
      args: unknown[] = [],
    ) => {
      const { table, registrar, verifier } = world.suite;
      const address = { OperatorTable: table, MachRegistrar: registrar, CertificateVerifier: verifier }[name];
      return world.l1.readContract({ address, abi: abiOf(name), functionName, args });
    };
    const windows = (await read("OperatorTable", "windows")) as Record<string, number>;
    expect(facts).toEqual({
      table: world.suite.table.toLowerCase(),
      verifier: world.suite.verifier.toLowerCase(),
      slasher: world.suite.slasher.toLowerCase(),
      slashableInTime: await read("MachRegistrar", "slashableInTime"),
      startBlock: Number(await read("OperatorTable", "startBlock")),
      windows: { k: windows.k, epochLength: windows.epochLength, certificateAge: windows.certificateAge },
      threshold: Object.fromEntries(
        ((await read("CertificateVerifier", "threshold")) as bigint[]).map((v, i) => [
          ["numerator", "denominator"][i],
          v,
        ]),
      ),
      commitment: await read("OperatorTable", "commitments", [BigInt(message.base.epoch)]),
    });
  });
});

describe("refused, by the contract too", () => {
  test("exactly two thirds do not suffice, and less does not either", async () => {
    const message = await world.message();
    for (const signers of [[0, 1], [0], [3]]) {
      const certificate = record(world.certify(message, signers));
      expect(await refusal({ certificate })).toBe("BELOW_THRESHOLD");
      expect(await contract(certificate)).not.toBe(certificate.digest);
    }
  });

  test("a forged signature, another message's, and one of fewer signers than claimed", async () => {
    const message = await world.message();
    const good = world.certify(message, [0, 1, 2]);
    const other = world.certify({ ...message, core: { ...message.core, height: 11 } }, [0, 1, 2]);
    const fewer = world.certify(message, [0, 1]);
    // After message (1 + 512) and commitment (32): 64 bytes of signature, 128 of key.
    const [from, to, end] = [2 + 2 * 545, 2 + 2 * 609, 2 + 2 * 737];
    const splice = (donor: CertificateJson, upTo: number) =>
      `${good.certificate.slice(0, from)}${donor.certificate.slice(from, upTo)}${good.certificate.slice(upTo)}`;
    for (const certificate of [splice(other, to), splice(fewer, to), splice(fewer, end)]) {
      const forged = record({ ...good, certificate });
      expect(await refusal({ certificate: forged })).toBe("SIGNATURE_INVALID");
      expect(await contract(forged)).not.toBe(good.digest);
    }
  });

  test("an inflated table, a table without leavers, a foreign absent, an absent twice", async () => {
    const json = world.certify(await world.message(), [0, 1]);
    const heavy = { ...json.table, active: [numberToHex(10n ** 30n)], total: [numberToHex(10n ** 30n)] };
    const light = { ...json.table, total: [numberToHex(60n * 10n ** 18n)] };
    const [first, second] = json.absent as [Record<string, unknown>, Record<string, unknown>];
    const cases: [string, Record<string, unknown>][] = [
      ["TABLE_MISMATCH", { ...json, table: heavy }],
      ["TABLE_MISMATCH", { ...json, table: light }],
      ["ABSENT_INVALID", { ...json, absent: [{ ...first, weight: ["0x1"] }, second] }],
      ["ABSENT_INVALID", { ...json, absent: [{ ...first, g1x: "0x1", g1y: "0x2" }, second] }],
      ["ABSENT_INVALID", { ...json, absent: [first, first] }],
      ["ABSENT_INVALID", { ...json, absent: [second, first] }],
      ["ABSENT_INVALID", { ...json, absent: [{ ...first, index: "0x7" }] }],
    ];
    for (const [code, changed] of cases) {
      const certificate = record(changed);
      expect(await refusal({ certificate })).toBe(code);
      expect(await contract(certificate)).not.toBe(json.digest);
    }
  });

  test("messages that are not well formed, however well signed", async () => {
    const good = await world.message();
    const bad = [
      { ...good, core: { ...good.core, transactionCount: 0 } },
      { ...good, core: { ...good.core, blockHash: `0x${"00".repeat(32)}` as Hex } },
      { ...good, core: { ...good.core, height: 5 } },
      { ...good, core: { ...good.core, height: 6 } },
      { ...good, core: { ...good.core, originNumber: good.core.originNumber + 40 } },
    ];
    for (const message of bad) {
      const certificate = record(world.certify(message, [0, 1, 2, 3]));
      expect(await refusal({ certificate })).toBe("MESSAGE_MALFORMED");
      expect(await contract(certificate)).not.toBe(certificate.digest);
    }
  });
});

describe("refused where a light client sees more", () => {
  test("truncated bytes, and a record that tells another story than its bytes", async () => {
    const json = world.certify(await world.message(), [0, 1, 2]);
    const cases = [
      { ...json, certificate: json.certificate.slice(0, -2) },
      { ...json, certificate: `${json.certificate}00` },
      { ...json, certificate: `0x02${json.certificate.slice(4)}` },
      { ...json, height: "0xb" },
      { ...json, blockHash: keccak256("0x01") },
      { ...json, digest: keccak256("0x01") },
      { ...json, signers: (json.signers as unknown[]).slice(1) },
    ];
    for (const changed of cases) expect(await refusal({ certificate: record(changed) })).toBe("CERTIFICATE_MALFORMED");
  });

  test("replayed: another chain, rollup or service pinned", async () => {
    const certificate = record(world.certify(await world.message(), [0, 1, 2]));
    expect(await refusal({ certificate, service: { rollupId: keccak256("0x01") } })).toBe("CERTIFICATE_MALFORMED");
    expect(await refusal({ certificate, service: { avs: world.suite.table } })).toBe("CERTIFICATE_MALFORMED");
    expect(await refusal({ certificate, service: { l1ChainId: 1 } })).toBe("CERTIFICATE_MALFORMED");
    const foreign = tampered((method, answer) => (method === "eth_chainId" ? "0x1" : answer));
    expect(await refusal({ certificate, l1Client: foreign })).toBe("L1_OTHER_CHAIN");
  });

  test("an origin or a base that the L1 does not have", async () => {
    const message = await world.message();
    const origin = { ...message, core: { ...message.core, originHash: keccak256("0x01") } };
    expect(await refusal({ certificate: record(world.certify(origin, [0, 1, 2])) })).toBe("ORIGIN_NOT_CANONICAL");
    const base = { ...message, base: { ...message.base, l1Hash: keccak256("0x01") } };
    expect(await refusal({ certificate: record(world.certify(base, [0, 1, 2])) })).toBe("BASE_NOT_CANONICAL");
  });

  test("an L1 that lies about headers, proofs or the believed block", async () => {
    const certificate = record(world.certify(await world.message(), [0, 1, 2]));
    const header = tampered((method, answer) =>
      method === "eth_getBlockByNumber" ? { ...(answer as object), stateRoot: keccak256("0x01") } : answer,
    );
    expect(await refusal({ certificate, l1Client: header })).toBe("L1_LIED");
    // Real proofs, of other slots than those asked for.
    const proofs = tampered((method, answer) => {
      if (method !== "eth_getProof") return answer;
      const { storageProof, ...account } = answer as { storageProof: unknown[] };
      return { ...account, storageProof: [...storageProof].reverse() };
    });
    expect(await refusal({ certificate, l1Client: proofs })).toMatch(/^(L1_LIED|SERVICE_UNKNOWN)$/);
    const { hash } = await world.l1.getBlock({ blockNumber: 2n });
    expect(await refusal({ certificate, l1: { kind: "blockHash", hash: keccak256(hash) } })).toBe("L1_BEHIND");
    // A true block from before the service began.
    expect(await refusal({ certificate, l1: { kind: "blockHash", hash } })).not.toBe("accepted");
  });

  test("a table that nobody has committed yet is a temporary refusal", async () => {
    const message = await world.message();
    await world.mine(8);
    const origin = await world.l1.getBlock();
    const epoch = Math.floor((Number(origin.number) - world.startBlock - 1) / 4);
    const base = await world.l1.getBlock({ blockNumber: BigInt(world.startBlock + 4 * epoch) });
    const later = {
      ...message,
      core: { ...message.core, originNumber: Number(origin.number), originHash: origin.hash },
      base: { ...message.base, epoch, l1Hash: base.hash },
    };
    const error = await check({ certificate: record(world.certify(later, [0, 1, 2])) }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "TABLE_NOT_COMMITTED", severity: "temporary" });
  });

  test("a void certificate and an old view of the L1 are warned of; too old a certificate is refused", async () => {
    const message = await world.message();
    const json = world.certify(message, [0, 1, 2]);
    const voided = record({ ...json, void: { reason: "another block was derived", at: "0x1" } });
    const trust = { service: pin(), l1: { kind: "rpc" } as const };
    const now = Date.now() + 86_400_000;
    const verified = await verifyCertificate({ certificate: voided, l1Client: world.l1, trust, now });
    expect(verified.warnings).toEqual(expect.arrayContaining(["void", "l1-stale"]));
    await world.mine(40);
    expect(await refusal({ certificate: record(json) })).toBe("CERTIFICATE_TOO_OLD");
    expect(await contract(record(json))).not.toBe(json.digest);
  });

  test("convicted operators among the signers are named", async () => {
    const message = await world.message();
    const twin = { ...message, core: { ...message.core, blockHash: keccak256(toHex("twin")) } };
    const [a, b] = [message, twin].map((m) => contractCertificate(record(world.certify(m, [2])))) as [Signed, Signed];
    const operator = world.operators[2];
    if (operator === undefined) throw new TypeError("no operator");
    const core = { ...message.core, height: 0, transactionCount: 0 };
    const proof = { form: 2, inner: 0, past: core, directions: 0n, inclusion: [], prefix: [] };
    await world.send(operator.account, world.suite.slasher, abiOf("MachSlasher"), "proveBySignatures", [
      operator.account.address,
      a.aggregateKey,
      a.message,
      a.signature,
      b.message,
      b.signature,
      proof,
    ]);
    const certificate = record(world.certify(message, [0, 1, 2]));
    const verified = await check({ certificate });
    expect(verified.warnings).toContain("jailed-signers");
    expect(verified.jailed).toEqual([{ index: 2, operator: operator.account.address }]);
  });
});

test("a service whose faults cannot be slashed in time says so", async () => {
  const short = await startWorld({ stakes: [10n], deallocationDelay: 50 });
  try {
    const certificate = record(short.certify(await short.message(), [0]));
    const service = { l1ChainId: 31_337, avs: short.suite.registrar, rollupId: short.rollupId };
    const verified = await verifyCertificate({
      certificate,
      l1Client: short.l1,
      trust: { service, l1: { kind: "rpc" } },
    });
    expect(verified.warnings).toContain("not-slashable-in-time");
  } finally {
    await short.stop();
  }
}, 60_000);
