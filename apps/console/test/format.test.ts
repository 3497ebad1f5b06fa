import * as fc from "fast-check";
import { formatUnits as viemFormat, parseUnits as viemParse } from "viem";
import { describe, expect, test } from "vitest";
import {
  formatAgo,
  formatDuration,
  formatUnits,
  parseUnits,
  plainText,
  safeUrl,
  shortHash,
} from "../src/chain/format.ts";

describe("amounts", () => {
  test("are written as viem writes them, but for the thousands' separators", () => {
    void fc.assert(
      fc.property(fc.bigInt(-(10n ** 40n), 10n ** 40n), fc.integer({ min: 0, max: 36 }), (value, decimals) => {
        const plain = formatUnits(value, decimals, decimals).replaceAll(",", "");
        expect(plain === "-0" ? "0" : plain).toBe(viemFormat(value, decimals));
      }),
    );
  });

  test("are read back as they were written", () => {
    void fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 40n), fc.integer({ min: 0, max: 36 }), (value, decimals) => {
        const text = viemFormat(value, decimals);
        expect(parseUnits(text, decimals)).toBe(viemParse(text, decimals));
      }),
    );
  });

  test("finer than the token or no number at all are refused", () => {
    for (const text of ["", " ", "1e18", "-1", "0x1", "1,5", "1.2.3", ".", "1.0000000000000000001"]) {
      expect(parseUnits(text, 18)).toBeUndefined();
    }
    expect(parseUnits(" 1. ", 18)).toBe(10n ** 18n);
  });

  test("of dust keep their first digits", () => {
    expect(formatUnits(1n, 18)).toBe("0.000000000000000001");
    expect(formatUnits(1_234_567_890_123_456_789n, 18)).toBe("1.234567");
  });
});

describe("text that a contract chose", () => {
  test("cannot turn the line around, hide, or run on", () => {
    expect(plainText("USD\u202eC")).toBe("USD\ufffdC");
    expect(plainText("a\u0000\u200bb\n")).toBe("a\ufffd\ufffdb\ufffd");
    expect([...plainText("x".repeat(10_000))]).toHaveLength(65);
  });

  test("stays what it is when it is plain, markup and other scripts included", () => {
    expect(plainText("<script>alert(1)</script>")).toBe("<script>alert(1)</script>");
    expect(plainText("Ünïcode 代幣")).toBe("Ünïcode 代幣");
  });

  test("is cut between characters, never within one", () => {
    expect(plainText("\u{1f389}".repeat(100), 3)).toBe("\u{1f389}\u{1f389}\u{1f389}\u2026");
  });
});

test("only web addresses without credentials become links", () => {
  expect(safeUrl("https://example.org/a")).toBe("https://example.org/a");
  for (const url of [
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    " javascript:alert(1)",
    "data:text/html,<script>",
    "https://user:pass@example.org",
    "ftp://example.org",
    "//example.org",
    "",
    null,
    undefined,
  ]) {
    expect(safeUrl(url)).toBeUndefined();
  }
});

test("times are told in one unit", () => {
  expect([0, 999, 9_960, 59_000, 3_000_000, 86_400_000, 10 * 86_400_000].map(formatDuration)).toEqual([
    "0 ms",
    "999 ms",
    "10 s",
    "59 s",
    "50 min",
    "24 h",
    "10 d",
  ]);
  expect(formatAgo(0, 5_000)).toBe("5.0 s ago");
  expect(formatAgo(65_000, 0)).toBe("in 65 s");
  // Clocks differ a little between machines: that is no future.
  expect(formatAgo(500, 0)).toBe("just now");
});

test("a hash is cut in its middle, a short one not", () => {
  expect(shortHash(`0x${"ab".repeat(32)}`)).toBe("0xababab…abab");
  expect(shortHash("0x1234")).toBe("0x1234");
});
