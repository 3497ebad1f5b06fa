import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDataDir } from "../src/dev/data-dir.ts";
import { choosePort, freePort, onPorts } from "../src/dev/ports.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "altlayer-data-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("the data directory", () => {
  test("belongs to one process at a time", () => {
    const first = openDataDir({ path: root, fresh: false });
    expect(() => openDataDir({ path: root, fresh: false })).toThrow(
      expect.objectContaining({ code: "DATA_DIR_IN_USE" }),
    );
    first.release();
    openDataDir({ path: root, fresh: false }).release();
  });

  test("is taken over from a process that is gone, also when its id is used again", async () => {
    const gone = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => gone.once("exit", resolve));
    writeFileSync(join(root, "lock"), `${gone.pid} 12345`);
    openDataDir({ path: root, fresh: false }).release();
    writeFileSync(join(root, "lock"), `${process.pid} 1`);
    if (existsSync("/proc/self/stat")) openDataDir({ path: root, fresh: false }).release();
  });

  test("is emptied by fresh of what is ours and nothing else", () => {
    const before = openDataDir({ path: root, fresh: false });
    writeFileSync(before.chain, "{}");
    writeFileSync(join(root, "notes.txt"), "mine");
    before.release();
    const after = openDataDir({ path: root, fresh: true });
    expect(existsSync(after.chain)).toBe(false);
    expect(readFileSync(join(root, "notes.txt"), "utf8")).toBe("mine");
    after.release();
  });
});

describe("ports", () => {
  test("a taken default gives way, a taken wish is an error", async () => {
    const port = await freePort();
    const server = createServer().listen(port, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    try {
      const other = await choosePort({ name: "rpc", port, fixed: false });
      expect(other).not.toBe(port);
      await expect(choosePort({ name: "rpc", port, fixed: true })).rejects.toMatchObject({
        code: "PORT_IN_USE",
        exitCode: 3,
      });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test("two wishes of one start never get the same port", async () => {
    const port = await freePort();
    expect(await choosePort({ name: "a", port, fixed: false }, new Set([port]))).not.toBe(port);
  });

  test("another process that is faster costs another try, not the start", async () => {
    const servers: Server[] = [];
    const listening = (port: number) =>
      new Promise<number>((resolve, reject) => {
        const server = createServer();
        servers.push(server);
        server.once("error", reject);
        server.listen(port, "127.0.0.1", () => resolve(port));
      });
    const wish = { name: "--rpc-port", port: await freePort(), fixed: false };
    const tried: number[] = [];
    try {
      const bound = await onPorts({ rpc: wish }, async ({ rpc }) => {
        if (tried.push(rpc) === 1) await listening(rpc);
        return listening(rpc);
      });
      expect(tried).toEqual([wish.port, bound]);
      expect(bound).not.toBe(wish.port);
      await expect(onPorts({ rpc: { ...wish, fixed: true } }, ({ rpc }) => listening(rpc))).rejects.toMatchObject({
        code: "PORT_IN_USE",
      });
    } finally {
      for (const server of servers) server.close();
    }
  });

  test("a failure that no port cures is not tried again", async () => {
    let tries = 0;
    const failing = onPorts({ rpc: { name: "--rpc-port", port: 0, fixed: false } }, async () => {
      tries++;
      throw new RangeError("other");
    });
    await expect(failing).rejects.toThrow(RangeError);
    expect(tries).toBe(1);
  });
});
