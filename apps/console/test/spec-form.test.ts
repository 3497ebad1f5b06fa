import { describe, expect, test } from "vitest";
import { problemOf, problemsOf } from "../src/form/check.ts";
import type { JsonSchema } from "../src/form/schema.ts";
import { groupsOf, leavesOf, valueAt, withValue } from "../src/form/schema.ts";
import { textOf } from "../src/form/text.ts";
import { freshIdentity } from "../src/pages/launch/fresh-identity.ts";

const notes = (group: string, order: number) => ({ group, order, cost: "None.", trust: "Nobody new." });
const schema: JsonSchema = {
  type: "object",
  required: ["name", "chain"],
  properties: {
    name: { type: "string", title: "Name", pattern: "^[a-z]+$", "x-altlayer": notes("basics", 0) },
    chain: {
      type: "object",
      required: ["chainId"],
      properties: {
        chainId: { type: "integer", minimum: 1, maximum: 99, title: "Chain id", "x-altlayer": notes("basics", 1) },
        time: { $ref: "#/$defs/time" },
      },
    },
    owners: {
      type: "array",
      items: {
        type: "object",
        required: ["address"],
        properties: { address: { $ref: "#/$defs/address", type: "string", pattern: "^0x[0-9a-fA-F]{40}$" } },
      },
    },
  },
  $defs: {
    time: {
      type: "integer",
      default: 2,
      title: "Block time",
      "x-altlayer": { ...notes("basics", 2), unit: "seconds" },
    },
  },
};

describe("the form drawn from the schema", () => {
  test("has each field once, under its path, in order, references resolved", () => {
    expect(leavesOf(schema).map(({ path, title, required }) => [path, title, required])).toEqual([
      ["name", "Name", true],
      ["chain.chainId", "Chain id", true],
      ["chain.time", "Block time", false],
      ["owners", "owners", false],
    ]);
  });

  test("is grouped by the fields' own notes", () => {
    expect(groupsOf(schema).map(({ title, leaves }) => [title, leaves.length])).toEqual([
      ["Basics", 3],
      ["Other", 1],
    ]);
  });

  test("complains of what is missing, malformed or out of bounds, inside lists too", () => {
    const problems = problemsOf(leavesOf(schema), {
      name: "Arcade!",
      chain: { chainId: 100 },
      owners: [{ address: "0x1" }, {}],
    });
    expect([...problems.keys()]).toEqual(["name", "chain.chainId", "owners.0.address", "owners.1.address"]);
    expect([...problemsOf(leavesOf(schema), {}).keys()]).toEqual(["name", "chain.chainId"]);
    expect(problemsOf(leavesOf(schema), { name: "arcade", chain: { chainId: 5 } }).size).toBe(0);
  });

  test("takes no text for a number", () => {
    const integer: JsonSchema = { type: "integer", minimum: 0 };
    for (const value of ["5", 1.5, Number.NaN, -1]) expect(problemOf(integer, value, true)).toBeDefined();
    expect(problemOf(integer, 5, true)).toBeUndefined();
  });
});

test("a value is set at its path without touching the rest, and can be taken out", () => {
  const spec = { a: { b: 1, c: 2 }, d: [3] };
  expect(withValue(spec, "a.b", 9)).toEqual({ a: { b: 9, c: 2 }, d: [3] });
  expect(withValue(spec, "x.y.z", 1)).toEqual({ ...spec, x: { y: { z: 1 } } });
  expect(withValue(spec, "a.b", undefined)).toEqual({ a: { c: 2 }, d: [3] });
  expect(spec.a.b).toBe(1);
  expect(valueAt(spec, "a.b.c")).toBeUndefined();
});

test("values read as a person says them", () => {
  const [name, chainId, time] = leavesOf(schema);
  if (name === undefined || chainId === undefined || time === undefined) expect.unreachable();
  expect(textOf(time, undefined)).toBe("2 seconds");
  expect(textOf(chainId, 42_070)).toBe("42070");
  expect(textOf(name, undefined)).toBe("not set");
  const wei = { ...name, schema: { type: "string", "x-altlayer": { unit: "wei" } } };
  expect(textOf(wei, "1500000000000000000")).toBe("1.5 ETH");
});

test("a new rollup has a free name and a chain id of its own, the same from every preset", () => {
  const identity = freshIdentity(["my-rollup", "my-rollup-2"], () => 0.5);
  expect(identity({ name: "my-rollup" })).toEqual({ name: "my-rollup-3", chain: { chainId: 1_050_000_000 } });
  expect(identity({ name: "other", chain: { time: 1 } })).toEqual({
    name: "other",
    chain: { time: 1, chainId: 1_050_000_000 },
  });
});
