import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DATA_FORMAT, requireKnownFormat } from "../src/node/data-format.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "altlayer-format-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const path = () => join(dataDir, "format.json");
const open = () => requireKnownFormat({ dataDir, clientVersion: "altlayer/v1" });

describe("a data directory", () => {
  test("is marked at its first start, and its mark stays who made it", async () => {
    await open();
    const mark = readFileSync(path(), "utf8");
    expect(JSON.parse(mark)).toEqual({ format: DATA_FORMAT, writtenBy: "altlayer/v1" });
    await requireKnownFormat({ dataDir, clientVersion: "altlayer/v2" });
    expect(readFileSync(path(), "utf8")).toBe(mark);
  });

  test("of a newer version is refused, and left as it is", async () => {
    const mark = JSON.stringify({ format: DATA_FORMAT + 1, writtenBy: "altlayer/v9" });
    writeFileSync(path(), mark);
    const data = { found: DATA_FORMAT + 1, reads: DATA_FORMAT, writtenBy: "altlayer/v9" };
    await expect(open()).rejects.toMatchObject({ code: "DATA_FORMAT_NEWER", severity: "critical", data });
    expect(readFileSync(path(), "utf8")).toBe(mark);
  });

  test("whose mark cannot be read is not guessed at", async () => {
    for (const text of ["", "{", "{}", '{"format":0,"writtenBy":"x"}', '{"format":"1","writtenBy":"x"}']) {
      writeFileSync(path(), text);
      await expect(open()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    }
  });
});
