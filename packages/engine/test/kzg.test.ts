import { expect, test } from "vitest";
import { kzg } from "../src/index.ts";

const blob = Uint8Array.from({ length: 131_072 }, (_, index) => (index % 32 === 0 ? 0 : index & 0xff));

test("commits and proves blobs, off and on the calling thread", async () => {
  const commitment = await kzg.commit(blob);
  expect(commitment).toHaveLength(48);
  expect(kzg.blobToKzgCommitment(blob)).toEqual(commitment);
  const proof = await kzg.prove(blob, commitment);
  expect(kzg.computeBlobKzgProof(blob, commitment)).toEqual(proof);
  expect(kzg.verify(blob, commitment, proof)).toBe(true);
  expect(kzg.versionedHash(commitment)[0]).toBe(1);
  const cells = await kzg.proveCells(blob);
  expect(cells).toHaveLength(128 * 48);
  expect(kzg.verifyCells(blob, commitment, cells)).toBe(true);
});

test("knows the zero blob", async () => {
  const commitment = await kzg.commit(new Uint8Array(131_072));
  expect(Buffer.from(kzg.versionedHash(commitment)).toString("hex")).toBe(
    "010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014",
  );
});

test("refuses what is no blob", async () => {
  await expect(kzg.commit(new Uint8Array(3))).rejects.toMatchObject({ code: "KZG_LENGTH" });
  await expect(kzg.commit(new Uint8Array(131_072).fill(0xff))).rejects.toMatchObject({ code: "KZG_INVALID" });
  expect(() => kzg.verify(blob, new Uint8Array(2), new Uint8Array(48))).toThrow(/commitment must have 48 bytes/);
});
