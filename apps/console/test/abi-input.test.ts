import fc from "fast-check";
import { encodeAbiParameters } from "viem";
import { describe, expect, test } from "vitest";
import { readArgument } from "../src/chain/abi-input.ts";

const read = (type: string, text: string, components?: { name: string; type: string }[]) =>
  readArgument({ name: "x", type, ...(components === undefined ? {} : { components }) }, text);
const isValue = (given: object) => "value" in given;

describe("an argument that a person types", () => {
  test("is read by its type", () => {
    expect(read("uint256", " 12 ")).toEqual({ value: 12n });
    expect(read("int8", "-128")).toEqual({ value: -128n });
    expect(read("uint", "0x1f")).toEqual({ value: 31n });
    expect(read("bool", "true")).toEqual({ value: true });
    expect(read("string", " spaces stay ")).toEqual({ value: " spaces stay " });
    expect(read("bytes4", "0xdeadbeef")).toEqual({ value: "0xdeadbeef" });
    expect(read("address", `0x${"Ab".repeat(20)}`)).toEqual({ value: `0x${"ab".repeat(20)}` });
    expect(read("uint256[]", '["1", 2]')).toEqual({ value: [1n, 2n] });
    expect(read("uint8[2][]", "[[1, 2], [3, 4]]")).toEqual({
      value: [
        [1n, 2n],
        [3n, 4n],
      ],
    });
    const pair = [
      { name: "who", type: "address" },
      { name: "amount", type: "uint256" },
    ];
    const who = `0x${"11".repeat(20)}`;
    expect(read("tuple", JSON.stringify({ who, amount: "7" }), pair)).toEqual({ value: { who, amount: 7n } });
    expect(read("tuple[]", JSON.stringify([{ who, amount: 7 }]), pair)).toEqual({ value: [{ who, amount: 7n }] });
  });

  test("is refused where it does not fit", () => {
    const wrong: readonly (readonly [string, string])[] = [
      ["uint8", "256"],
      ["uint256", "-1"],
      ["int8", "128"],
      ["uint256", "1.5"],
      ["uint256", ""],
      ["bool", "yes"],
      ["address", "0x12"],
      ["bytes", "0x123"],
      ["bytes4", "0xdead"],
      ["uint256[]", "1, 2"],
      ["uint256[2]", "[1]"],
      ["uint256[]", "[90071992547409931]"],
      ["function", "0x"],
    ];
    for (const [type, text] of wrong) expect([type, text, isValue(read(type, text))]).toEqual([type, text, false]);
    expect(isValue(read("tuple", "{}", [{ name: "who", type: "address" }]))).toBe(false);
    expect(isValue(read("tuple", "[]", [{ name: "who", type: "address" }]))).toBe(false);
  });

  test("is encoded, or was refused: nothing that is taken fails later", () => {
    const types = ["uint8", "int256", "address", "bool", "bytes", "bytes32", "string", "uint16[]", "address[2]"];
    let taken = 0;
    const text = fc.oneof(
      fc.string(),
      fc.integer().map(String),
      fc.json(),
      fc.constantFrom("0x", `0x${"00".repeat(32)}`),
    );
    fc.assert(
      fc.property(fc.constantFrom(...types), text, (type, typed) => {
        const given = read(type, typed);
        if (!("value" in given)) return;
        taken++;
        encodeAbiParameters([{ type }], [given.value] as never);
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(100);
  });
});
