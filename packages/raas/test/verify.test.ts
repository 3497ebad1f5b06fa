import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COMPILER_LIMITS, Compiler } from "../src/verify/compiler.ts";
import { COMPILERS } from "../src/verify/compilers.ts";
import type { CompiledContract } from "../src/verify/match.ts";
import { matchRuntime } from "../src/verify/match.ts";
import { contractName, singleFileSchema, standardJsonOf, standardJsonSchema } from "../src/verify/standard-json.ts";

const TIMEOUT_MS = 120_000;
const ADDRESS = "0x00000000000000000000000000000000000c0de5" as const;
const COUNTER = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;
contract Counter {
  uint256 public immutable start;
  uint256 public count;
  constructor(uint256 start_) { start = start_; count = start_; }
  function add(uint256 by) external returns (uint256) { count += by; return count; }
}`;
/** Holds the creation code of another contract, and so two descriptions of sources. */
const FACTORY = `${COUNTER}
contract Factory { function make(uint256 start) external returns (address) { return address(new Counter(start)); } }`;
const LIBRARY = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;
library Sums { function sum(uint256 a, uint256 b) external pure returns (uint256) { return a + b; } }
contract Adder { function add(uint256 a) external pure returns (uint256) { return Sums.sum(a, 1); } }`;

const compiler = new Compiler();
const inputOf = (content: string, over: object = {}) => standardJsonOf(singleFileSchema.parse({ content, ...over }));
const compile = async (content: string, name: string, over: object = {}) => {
  const found = await compiler.compile(COMPILERS[0], inputOf(content, over), null);
  return found.find((contract) => contract.name === name)!;
};
/** The code as a deployment leaves it: each immutable and library with this byte. */
const deployed = ({ runtime, immutables, libraries }: CompiledContract, byte = "00") => {
  let code = runtime;
  for (const { start, length } of [...Object.values(immutables), ...Object.values(libraries)].flat())
    code = code.slice(0, start * 2) + byte.repeat(length) + code.slice((start + length) * 2);
  return { address: ADDRESS, code: `0x${code}` } as const;
};
const changed = (code: `0x${string}`, at: number): `0x${string}` =>
  `${code.slice(0, at)}${code[at] === "0" ? "1" : "0"}${code.slice(at + 1)}` as `0x${string}`;

describe("a source and the code on the chain", () => {
  test(
    "match in full, whatever the deployment put into the immutables",
    async () => {
      const counter = await compile(COUNTER, "Counter");
      expect(matchRuntime(counter, deployed(counter, "ab"))).toEqual({
        kind: "full",
        immutables: { [Object.keys(counter.immutables)[0]!]: `0x${"ab".repeat(32)}` },
        libraries: {},
      });
    },
    TIMEOUT_MS,
  );

  test(
    "match in part where only comments differ, in the contracts that a factory makes, too",
    async () => {
      const [factory, commented] = [
        await compile(FACTORY, "Factory"),
        await compile(`${FACTORY}\n// the same by another name`, "Factory"),
      ];
      expect(factory.auxdata.length).toBeGreaterThan(1);
      expect(factory.runtime).not.toBe(commented.runtime);
      expect(matchRuntime(commented, deployed(factory))).toMatchObject({ kind: "partial" });
      expect(matchRuntime(factory, deployed(factory))).toMatchObject({ kind: "full" });
    },
    TIMEOUT_MS,
  );

  test(
    "match in part at most where the compiler wrote no hash",
    async () => {
      const input = { ...inputOf(COUNTER), settings: { metadata: { bytecodeHash: "none" as const } } };
      const [counter] = await compiler.compile(COMPILERS[0], input, contractName("Contract.sol:Counter"));
      expect(matchRuntime(counter!, deployed(counter!))).toMatchObject({ kind: "partial" });
    },
    TIMEOUT_MS,
  );

  test(
    "do not match with any digit of the code changed, or with immutables that contradict each other",
    async () => {
      const counter = await compile(COUNTER, "Counter");
      const { code } = deployed(counter, "07");
      const hash = counter.auxdata[0]!.length;
      fc.assert(
        fc.property(fc.integer({ min: 2, max: code.length - hash - 1 }), (at) => {
          const match = matchRuntime(counter, { address: ADDRESS, code: changed(code, at) });
          const place = Object.values(counter.immutables)
            .flat()
            .some(({ start, length }) => (at - 2) / 2 >= start && (at - 2) / 2 < start + length);
          // A contract with one place for its immutable may have any value there.
          const single = Object.values(counter.immutables).every((places) => places.length === 1);
          expect(match.kind).toBe(place && single ? "full" : "none");
        }),
        { numRuns: 300 },
      );
      expect(matchRuntime(counter, { address: ADDRESS, code: `${code}00` }).kind).toBe("none");
      const twice = {
        ...counter,
        immutables: { "1": Object.values(counter.immutables)[0]!.concat({ start: 0, length: 32 }) },
      };
      expect(matchRuntime(twice, { address: ADDRESS, code })).toMatchObject({ kind: "none" });
    },
    TIMEOUT_MS,
  );

  test(
    "match with libraries that were linked later, and a library only at its own address",
    async () => {
      const adder = await compile(LIBRARY, "Adder");
      expect(matchRuntime(adder, deployed(adder, "cd"))).toMatchObject({
        kind: "full",
        libraries: { "Contract.sol:Sums": `0x${"cd".repeat(20)}` },
      });
      const sums = await compile(LIBRARY, "Sums");
      const at = (address: string): Parameters<typeof matchRuntime>[1] => ({
        address: ADDRESS,
        code: `0x73${address}${sums.runtime.slice(42)}` as const,
      });
      expect(matchRuntime(sums, at(ADDRESS.slice(2)))).toMatchObject({ kind: "full" });
      expect(matchRuntime(sums, at("11".repeat(20)))).toMatchObject({ kind: "none" });
    },
    TIMEOUT_MS,
  );

  test(
    "a constant that looks like metadata opens no hole",
    async () => {
      const counter = await compile(COUNTER, "Counter");
      const [aux] = counter.auxdata as [string];
      const twice = { ...counter, runtime: `${aux}${counter.runtime}`, immutables: {} };
      const forged = changed(`0x${twice.runtime}`, 20);
      expect(matchRuntime(twice, { address: ADDRESS, code: forged }).kind).toBe("none");
    },
    TIMEOUT_MS,
  );
});

describe("the compiler", () => {
  test.each(COMPILERS)(
    "%s compiles, by way of Yul as well",
    async (version) => {
      const found = await compiler.compile(version, inputOf(COUNTER, { optimizerRuns: 200, viaIR: true }), null);
      expect(found.map(({ name }) => name)).toEqual(["Counter"]);
      expect(found[0]!.abi.length).toBeGreaterThan(2);
      expect(found[0]!.auxdata).toHaveLength(1);
    },
    TIMEOUT_MS,
  );

  test(
    "says what is wrong with a source",
    async () => {
      const wrong = compiler.compile(COMPILERS[0], inputOf("contract A { uint x = ; }"), null);
      await expect(wrong).rejects.toMatchObject({ code: "COMPILATION_FAILED", details: { errors: 1 } });
    },
    TIMEOUT_MS,
  );

  test(
    "reads no file and reaches no network for an import",
    async () => {
      for (const path of ["/etc/passwd", "../../../../package.json", "https://example.org/a.sol"]) {
        const read = compiler.compile(COMPILERS[0], inputOf(`import "${path}";\ncontract A {}`), null);
        await expect(read).rejects.toMatchObject({ code: "COMPILATION_FAILED" });
      }
    },
    TIMEOUT_MS,
  );

  test(
    "is ended when it takes too long or needs too much, and the next one is served",
    async () => {
      const impatient = new Compiler({ limits: { ...COMPILER_LIMITS, timeMs: 1 } });
      const narrow = new Compiler({ limits: { ...COMPILER_LIMITS, memoryMib: 16 } });
      const terse = new Compiler({ limits: { ...COMPILER_LIMITS, outputBytes: 100 } });
      for (const limited of [impatient, narrow, terse]) {
        const all = [
          limited.compile(COMPILERS[0], inputOf(COUNTER), null),
          limited.compile(COMPILERS[0], inputOf(COUNTER), null),
        ];
        for (const each of all) await expect(each).rejects.toMatchObject({ code: "COMPILATION_LIMIT" });
      }
      await expect(compile(COUNTER, "Counter")).resolves.toBeDefined();
    },
    TIMEOUT_MS,
  );

  test(
    "lets only some wait",
    async () => {
      const small = new Compiler({ limits: { ...COMPILER_LIMITS, waiting: 1 } });
      const all = [1, 2, 3].map(() => small.compile(COMPILERS[0], inputOf(COUNTER), null));
      const outcomes = await Promise.allSettled(all);
      expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
      await expect(all[2]).rejects.toMatchObject({ code: "RATE_LIMITED" });
    },
    TIMEOUT_MS,
  );

  test(
    "is ended with the control plane, and those that wait are refused",
    async () => {
      const closing = new Compiler();
      const all = [1, 2].map(() => closing.compile(COMPILERS[0], inputOf(COUNTER), null));
      const outcomes = Promise.allSettled(all);
      await closing.close();
      for (const each of all) await expect(each).rejects.toMatchObject({ code: "CLOSED" });
      await outcomes;
      await expect(closing.compile(COMPILERS[0], inputOf(COUNTER), null)).rejects.toMatchObject({ code: "CLOSED" });
    },
    TIMEOUT_MS,
  );
});

describe("standard JSON input", () => {
  const sources = { "a.sol": { content: COUNTER } };
  const ok = (value: unknown) => standardJsonSchema.safeParse(value).success;

  test("is taken as build tools write it, without what they wanted written", () => {
    const settings = {
      optimizer: { enabled: true, runs: 1 },
      outputSelection: { "*": {} },
      modelChecker: { engine: "all" },
    };
    const parsed = standardJsonSchema.parse({ language: "Solidity", sources, settings });
    expect(parsed.settings).toEqual({ optimizer: { enabled: true, runs: 1 } });
  });

  test("is refused with anything but sources by their content", () => {
    expect(ok({ language: "Solidity", sources })).toBe(true);
    expect(ok({ language: "Yul", sources })).toBe(false);
    expect(ok({ language: "Solidity", sources: {} })).toBe(false);
    expect(ok({ language: "Solidity", sources: { "a.sol": { urls: ["file:///etc/passwd"] } } })).toBe(false);
    expect(ok({ language: "Solidity", sources, settings: { outputPath: "/tmp" } })).toBe(false);
    expect(ok({ language: "Solidity", sources, settings: { evmVersion: "../x" } })).toBe(false);
  });
});

test("the compilers that are offered are those that are installed", () => {
  const { dependencies } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    dependencies: Record<string, string>;
  };
  expect(COMPILERS.map((version) => dependencies[`solc-${version}`])).toEqual(
    COMPILERS.map((version) => `npm:solc@${version}`),
  );
});
