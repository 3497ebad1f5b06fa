import { createMerkleProof, MerklePatriciaTrie } from "@ethereumjs/mpt";
import fc from "fast-check";
import { bytesToHex, type Hex, hexToBytes, keccak256, numberToHex } from "viem";
import { expect, test } from "vitest";
import { isSdkError } from "../src/index.ts";
import { provenValue } from "../src/light-client/trie.ts";

const codeOf = (run: () => unknown): string => {
  try {
    run();
    return "none";
  } catch (error) {
    return isSdkError(error) ? error.code : String(error);
  }
};

/** A trie as the L1 has it, from keys to values, and the proof of any key. */
async function trieOf(entries: ReadonlyMap<Hex, Hex>) {
  const trie = new MerklePatriciaTrie({ useKeyHashing: true });
  for (const [key, value] of entries) await trie.put(hexToBytes(key), hexToBytes(value));
  const proof = async (key: Hex) => (await createMerkleProof(trie, hexToBytes(key))).map((n) => bytesToHex(n));
  return { root: bytesToHex(trie.root()), proof };
}

const key = fc.integer({ min: 0, max: 400 }).map((n) => numberToHex(n, { size: 32 }));
// From values that make inline nodes to values that fill a slot.
const value = fc.uint8Array({ minLength: 1, maxLength: 33 }).map((bytes) => bytesToHex(bytes));

test("agrees with @ethereumjs/mpt on what is in a trie and what is not", async () => {
  const seen = { present: 0, absent: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(key, value), { maxLength: 60 }),
      fc.array(key, { maxLength: 10 }),
      async (e, k) => {
        const entries = new Map(e);
        const trie = await trieOf(entries);
        for (const asked of [...entries.keys(), ...k]) {
          const found = provenValue(trie.root, { key: asked, proof: await trie.proof(asked) });
          expect(found).toBe(entries.get(asked) ?? null);
          seen[found === null ? "absent" : "present"]++;
        }
      },
    ),
    { numRuns: 40 },
  );
  expect(Math.min(seen.present, seen.absent)).toBeGreaterThan(10);
});

test("a proof that is changed anywhere, cut, or of another root proves nothing", async () => {
  const entries = new Map(
    Array.from({ length: 50 }, (_, i) => [numberToHex(i, { size: 32 }), numberToHex(i + 1)] as const),
  );
  const evened = new Map([...entries].map(([k, v]) => [k, (v.length % 2 === 0 ? v : `0x0${v.slice(2)}`) as Hex]));
  const trie = await trieOf(evened);
  const asked = numberToHex(7, { size: 32 });
  const proof = await trie.proof(asked);
  expect(provenValue(trie.root, { key: asked, proof })).toBe("0x08");
  for (const [at, node] of proof.entries()) {
    for (let position = 2; position < node.length; position += 7) {
      const digit = node[position] === "0" ? "1" : "0";
      const changed = proof.with(at, `${node.slice(0, position)}${digit}${node.slice(position + 1)}` as Hex);
      expect(codeOf(() => provenValue(trie.root, { key: asked, proof: changed }))).toBe("L1_LIED");
    }
    expect(codeOf(() => provenValue(trie.root, { key: asked, proof: proof.slice(0, at) }))).toBe("L1_LIED");
  }
  expect(codeOf(() => provenValue(keccak256("0x01"), { key: asked, proof }))).toBe("L1_LIED");
});

test("another key's proof shows neither presence nor absence of a key that is there", async () => {
  const entries = new Map<Hex, Hex>(Array.from({ length: 300 }, (_, i) => [numberToHex(i, { size: 32 }), "0x2a"]));
  const trie = await trieOf(entries);
  const proof = await trie.proof(numberToHex(1, { size: 32 }));
  const other = [...entries.keys()].find((k) => keccak256(k)[2] !== keccak256(numberToHex(1, { size: 32 }))[2]) as Hex;
  expect(codeOf(() => provenValue(trie.root, { key: other, proof }))).toBe("L1_LIED");
});
