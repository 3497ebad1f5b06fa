import { abiOf } from "@altlayer/restaking";
import { type Abi, toFunctionSelector } from "viem";
import { expect, test } from "vitest";
import { machVerifierAbi } from "../src/index.ts";

test("the ABI handed out is that of the contract", () => {
  const compiled = abiOf("CertificateVerifier");
  const selectors = new Set(
    compiled.flatMap((item) =>
      item.type === "function" ? [toFunctionSelector(item)] : item.type === "error" ? [errorSelector(item)] : [],
    ),
  );
  for (const item of machVerifierAbi) {
    const selector = item.type === "function" ? toFunctionSelector(item) : errorSelector(item);
    expect(selectors, item.name).toContain(selector);
  }
  const outputs = (abi: readonly { readonly type: string }[], name: string) =>
    JSON.stringify(
      (abi as readonly { name?: string; outputs?: { type: string }[] }[])
        .find((i) => i.name === name)
        ?.outputs?.map(({ type }) => type),
    );
  for (const name of ["verify", "digestOf", "threshold"])
    expect(outputs(machVerifierAbi, name)).toBe(outputs(compiled, name));
});

function errorSelector(item: Extract<Abi[number], { readonly type: "error" }>): string {
  return toFunctionSelector({ ...item, type: "function", stateMutability: "view", outputs: [] });
}
