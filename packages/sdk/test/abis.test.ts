import { expect, test } from "vitest";
import { constantOf, takenAbis } from "./support/abis.ts";

test.each([...takenAbis()])("the generated ABI of %s is that of the compiled contracts", async (module, abi) => {
  const generated = (await import(`../src/staking/generated/${module}.ts`)) as Record<string, unknown>;
  expect(generated[constantOf(module)], "run node packages/sdk/test/support/abis.ts").toEqual(abi);
});
