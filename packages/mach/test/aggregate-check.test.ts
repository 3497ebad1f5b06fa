import { bn254 } from "@altlayer/engine";
import { type Base, bytesToHex, type Certificate, type Hex, hexToBytes, MachDigests } from "@altlayer/protocol";
import { expect, test } from "vitest";
import { AggregateCheck } from "../src/node/certificates/check.ts";
import { blockMessage, ExampleChain, named } from "./support/chain.ts";
import { keccak256 } from "./support/vectors.ts";

const digests = new MachDigests(
  { l1ChainId: 1, avs: `0x${"11".repeat(20)}`, operatorSetId: 0, rollupId: named("rollup") },
  { keccak256 },
);
const base: Base = { epoch: 0, l1Hash: named("l1"), height: 0, blockHash: named("base") };
const secrets = [1, 2].map((i) => bn254.deriveSecret(new Uint8Array(32).fill(i), Buffer.from("check")));
const [one, two] = secrets.map((secret) => bn254.publicKeys(secret)) as [Keys, Keys];
type Keys = ReturnType<typeof bn254.publicKeys>;

/** A check over a table whose members' key is that one, and how often keys were compared. */
function checkOf(key: Keys) {
  let compared = 0;
  const verifyAggregate: typeof bn254.verifyAggregate = (...args) => {
    compared++;
    return bn254.verifyAggregate(...args);
  };
  const check = new AggregateCheck({ digests, bn254: { ...bn254, verifyAggregate } });
  const isSigned = (certificate: Certificate) => check.isSigned(certificate, { keyOf: () => key.g1 });
  return { isSigned, compared: () => compared };
}

const chain = new ExampleChain(base, { digests, keccak256 });
const blocks = ["a", "b", "c"].map((label) => chain.add([label]));

function certificate(block: number, { signer = 0, key = one }: { signer?: number; key?: Keys } = {}): Certificate {
  const message = blockMessage(blocks[block] as (typeof blocks)[number], base);
  const digest = hexToBytes(digests.message(message));
  return {
    message,
    tableCommitment: named("table"),
    signature: bytesToHex(bn254.sign(secrets[signer] as Uint8Array, digest)),
    aggregateKey: bytesToHex(key.g2),
    signers: [0],
    depth: 1,
  };
}

test("the halves of a key are compared once; each signature is checked", async () => {
  const { isSigned, compared } = checkOf(one);
  expect(await isSigned(certificate(0))).toBe(true);
  expect(await isSigned(certificate(1))).toBe(true);
  expect(compared()).toBe(1);
  expect(await isSigned(certificate(2, { signer: 1 }))).toBe(false);
  expect(await isSigned({ ...certificate(2), signature: certificate(1).signature })).toBe(false);
  expect(await isSigned({ ...certificate(2), signature: `0x${"00".repeat(64)}` as Hex })).toBe(false);
  expect(await isSigned(certificate(2))).toBe(true);
  expect(compared()).toBe(1);
});

test("a key that was signed with wrongly, or whose halves differ, is not remembered", async () => {
  const { isSigned, compared } = checkOf(one);
  expect(await isSigned(certificate(0, { signer: 1 }))).toBe(false);
  // The signature is that of the half in G2, which is not the table's.
  expect(await isSigned(certificate(0, { signer: 1, key: two }))).toBe(false);
  expect(await isSigned(certificate(0))).toBe(true);
  expect(await isSigned(certificate(1, { signer: 1, key: two }))).toBe(false);
  expect(compared()).toBe(4);
});
