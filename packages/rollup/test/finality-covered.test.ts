import type { CertificateRecord } from "@altlayer/mach";
import { BLOCK } from "@altlayer/protocol";
import { describe, expect, test } from "vitest";
import type { FinalityDependencies } from "../src/mach/finality.ts";
import { finalityOf } from "../src/mach/finality.ts";
import type { Located } from "../src/mach/located.ts";

const HASH = `0x${"ab".repeat(32)}` as const;
const place: Located = {
  isKnown: true,
  height: 10,
  blockHash: HASH,
  isCanonical: true,
  transactionHash: null,
  transactionIndex: null,
};

const record = (height: number, seenAtMs: number): CertificateRecord =>
  ({
    digest: HASH,
    certificate: { message: { kind: BLOCK, core: { height } }, signers: [] },
    table: { members: new Map(), header: { total: [] } },
    signedWeight: [],
    seenAtMs,
    void: null,
  }) as unknown as CertificateRecord;

/** When the block at height 10 got its certificate, by these certificates, of which the last is the head. */
async function certifiedAt(...records: readonly CertificateRecord[]): Promise<number | null> {
  const heights = new Map(records.map((each) => [each.certificate.message.core.height, [each]]));
  const dependencies = {
    engine: { heads: () => ({ safe: { number: 0 }, finalized: { number: 0 } }) },
    service: { certificatesAt: (height: number) => heights.get(height) ?? [], alerts: () => [] },
    branch: { head: records.at(-1) ?? null },
    slices: { covering: () => null },
    agrees: () => true,
    safeHeads: { entries: [] },
    settled: { get: async () => null },
    timeline: { slicedAtMs: () => null, sealedAtMs: () => 1_000, safeAtMs: () => null, finalizedAtMs: () => null },
    signer: () => null,
  } as unknown as FinalityDependencies;
  const { levels } = await finalityOf("0xa", place, dependencies);
  const rung = levels.find(({ level }) => level === "blockCertificate");
  expect(rung?.reached).toBe(true);
  return rung?.at == null ? null : Number(rung.at);
}

describe("the time of a block's certificate", () => {
  test("is that of its own", async () => {
    expect(await certifiedAt(record(10, 1_200), record(11, 1_900))).toBe(1_200);
  });

  test("is that of the first later one where it has none of its own, not of the newest", async () => {
    expect(await certifiedAt(record(12, 1_700), record(50, 41_000))).toBe(1_700);
  });

  test("is not known where only one from long after is left", async () => {
    expect(await certifiedAt(record(5_000, 9_000_000))).toBeNull();
  });
});
