import fc from "fast-check";
import { keccak256 as ofViem } from "viem/utils";
import { expect, test } from "vitest";
import { keccak256 } from "../src/index.ts";

test("native keccak256 is keccak256, at every length around a sponge's block", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), (data) => {
      expect(keccak256(data)).toEqual(ofViem(data, "bytes"));
      // A view into a larger buffer is hashed as the view, not as the buffer.
      expect(keccak256(data.subarray(1))).toEqual(ofViem(data.subarray(1), "bytes"));
    }),
  );
});
