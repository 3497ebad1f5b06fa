import { beforeAll, describe, expect, test } from "vitest";
import { compileFiles, compileOwnContracts, OWN_CONTRACTS, ownContract, packageContract } from "../src/index.ts";

beforeAll(() => {
  compileOwnContracts();
}, 240_000);

describe("the extensions", () => {
  test.each(OWN_CONTRACTS)("%s fits the size limit of EIP-170", (name) => {
    expect((ownContract(name).deployedBytecode.length - 2) / 2).toBeLessThanOrEqual(24_576);
  });

  test.each(OWN_CONTRACTS)("%s keeps every function and event of the package's contract", (name) => {
    const signatures = (abi: readonly unknown[]) =>
      (abi as { type: string; name?: string; inputs?: { type: string }[] }[])
        .filter(({ type }) => type !== "constructor")
        .map(
          ({ type, name: entry, inputs }) => `${type} ${entry}(${(inputs ?? []).map((input) => input.type).join()})`,
        );
    const own = signatures(ownContract(name).abi);
    for (const signature of signatures(packageContract(name).abi)) expect(own).toContain(signature);
  });

  test.each(["FaultDisputeGame", "PermissionedDisputeGame"] as const)("%s adds l2SequenceNumber alone", (name) => {
    const names = (abi: readonly unknown[]) =>
      (abi as { type: string; name?: string }[]).filter(({ type }) => type === "function").map((entry) => entry.name);
    const added = names(ownContract(name).abi).filter((entry) => !names(packageContract(name).abi).includes(entry));
    expect(added).toEqual(["l2SequenceNumber"]);
  });
});

test("the package's own sources compile here to the package's own code", () => {
  const files = ["src/dispute/PermissionedDisputeGame.sol", "src/L1/SystemConfig.sol"];
  const compiled = compileFiles(files);
  expect(compiled.get(files[0]!)?.deployedBytecode).toBe(packageContract("PermissionedDisputeGame").deployedBytecode);
  expect(compiled.get(files[1]!)?.bytecode).toBe(packageContract("SystemConfig").bytecode);
}, 240_000);

test("a mistake in Solidity is a typed error with the compiler's words", () => {
  expect(() => compileFiles(["src/L1/DoesNotExist.sol"])).toThrowError(
    expect.objectContaining({ code: "COMPILATION_FAILED" }),
  );
});
