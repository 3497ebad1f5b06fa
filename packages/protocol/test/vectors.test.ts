import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { main } from "../conformance/batches.ts";

test("real batcher data decodes and encodes to the same bytes", () => {
  const dir = fileURLToPath(new URL("../../../test/vectors/op-batches/", import.meta.url));
  expect(main(dir)).toEqual({ passed: 3, failed: 0, messages: [] });
});
