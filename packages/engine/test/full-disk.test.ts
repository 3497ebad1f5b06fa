import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryDirectory } from "./support/chain.ts";

const CHILD = fileURLToPath(new URL("./support/full-disk-child.ts", import.meta.url));
const run = promisify(execFile);

/** A small disk, mounted where only the child sees it. */
const ON_SMALL_DISK = `mount -t tmpfs -o size=24m tmpfs "$1" && "$2" "$3" fill "$1" &&
mount -o remount,ro "$1" && "$2" "$3" open "$1"`;
const canMount = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]).status === 0;

test.skipIf(!canMount)(
  "a full disk and a read-only one stop the engine with a remedy, and nothing is lost",
  async () => {
    await using home = await temporaryDirectory();
    const args = ["-rm", "sh", "-c", ON_SMALL_DISK, "sh", home.dir, process.execPath, CHILD];
    const { stdout } = await run("unshare", args, { timeout: 110_000 });
    const [report, readOnly] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(["ENGINE_FAILED", "STATE_DISK_FULL"]).toContain(report.error.code);
    expect(report.error.message).toMatch(/make room on that disk and restart/);
    expect(report.acknowledged).toBeGreaterThan(20);
    expect(report.blocks).toBeGreaterThan(3);
    expect(report).toMatchObject({ lostTransactions: 0, lostBlocks: 0 });
    expect(readOnly).toMatchObject({
      code: "STATE_READ_ONLY",
      message: expect.stringMatching(/make the directory writable/),
    });
  },
  120_000,
);
