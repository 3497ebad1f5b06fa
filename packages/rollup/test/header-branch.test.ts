import fc from "fast-check";
import { expect, test } from "vitest";
import { HeaderBranch } from "../src/l1/header-branch.ts";
import type { L1Header } from "../src/l1/schemas.ts";

type Hex = `0x${string}`;

const nameOf = (branch: number, number: number): Hex =>
  `0x${branch.toString(16).padStart(2, "0")}${number.toString(16).padStart(62, "0")}`;

/** Headers of a tree: each branch leaves another one at some height. */
class Tree {
  readonly headers = new Map<Hex, L1Header>();

  add(hash: Hex, parentHash: Hex, number: number): void {
    this.headers.set(hash, { hash, parentHash, number } as L1Header);
  }

  /** Step by step from the head: what the branch is a memory of. */
  ancestor(head: Hex, number: number): L1Header | null {
    let header = this.headers.get(head);
    while (header !== undefined && header.number > number) header = this.headers.get(header.parentHash);
    return header?.number === number ? header : null;
  }
}

const step = fc.record({
  /** Blocks below the head at which the next branch leaves: a reorg of that depth. */
  depth: fc.nat({ max: 6 }),
  length: fc.integer({ min: 1, max: 8 }),
  asked: fc.array(fc.nat({ max: 60 }), { maxLength: 6 }),
  /** Which of the branch's headers nobody has fetched. */
  missing: fc.option(fc.nat({ max: 7 }), { freq: 4 }),
});

test("finds what a walk from the head finds, through reorgs, gaps and heads that come back", () => {
  const counted = { found: 0, none: 0, reorgs: 0, gaps: 0 };
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), fc.nat({ max: 100 }), (steps, seed) => {
      const tree = new Tree();
      tree.add(nameOf(0, 0), nameOf(0, 0), 0);
      const branch = new HeaderBranch({ maxHeaders: 1_000 }, { at: (hash) => tree.headers.get(hash) });
      let chain: Hex[] = [nameOf(0, 0)];
      const heads: Hex[] = [];
      for (const [index, { depth, length, asked, missing }] of steps.entries()) {
        const from = Math.max(0, chain.length - 1 - depth);
        if (from < chain.length - 1) counted.reorgs++;
        chain = chain.slice(0, from + 1);
        for (let at = 0; at < length; at++) {
          const number = chain.length;
          const hash = nameOf(index + 1, number);
          if (at !== missing || at === length - 1) tree.add(hash, chain[number - 1]!, number);
          else counted.gaps++;
          chain.push(hash);
        }
        heads.push(chain.at(-1)!);
        const head = asked.length % 3 === 2 ? heads[seed % heads.length]! : chain.at(-1)!;
        for (const number of asked) {
          const wanted = tree.ancestor(head, number);
          expect(branch.ancestor(head, number)).toBe(wanted);
          counted[wanted === null ? "none" : "found"]++;
        }
      }
    }),
    { numRuns: 500 },
  );
  for (const count of Object.values(counted)) expect(count).toBeGreaterThan(100);
});

test("asks for each header once, however many ask for its descendants' ancestors", () => {
  const tree = new Tree();
  for (let number = 0; number <= 500; number++) tree.add(nameOf(1, number), nameOf(1, Math.max(0, number - 1)), number);
  let asked = 0;
  const branch = new HeaderBranch(
    { maxHeaders: 1_000 },
    {
      at: (hash) => {
        asked++;
        return tree.headers.get(hash);
      },
    },
  );
  for (let node = 0; node < 200; node++) {
    for (let number = 0; number <= 500; number += 50)
      expect(branch.ancestor(nameOf(1, 500), number)?.number).toBe(number);
  }
  expect(asked).toBeLessThanOrEqual(501);
});

test("keeps so many headers and no more, and still finds lower ones", () => {
  const tree = new Tree();
  for (let number = 0; number <= 300; number++) tree.add(nameOf(1, number), nameOf(1, Math.max(0, number - 1)), number);
  const branch = new HeaderBranch({ maxHeaders: 100 }, { at: (hash) => tree.headers.get(hash) });
  for (const number of [5, 250, 5, 299, 0, 5]) expect(branch.ancestor(nameOf(1, 300), number)?.number).toBe(number);
});
