import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const PROGRAM = fileURLToPath(new URL("../bin/altlayer.mjs", import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "altlayer-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function altlayer(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], { cwd: folder, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ exitCode: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

describe("the command line", () => {
  test.each(["dev", "deploy", "node", "snapshot", "export", "status"])("%s has a help", async (command) => {
    const { exitCode, stdout } = await altlayer(command, "--help");
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Usage: altlayer ${command}`);
    expect(stdout).toContain("--json");
  });

  test("an unknown command or option is wrong usage", async () => {
    expect((await altlayer("launch")).exitCode).toBe(2);
    expect((await altlayer("dev", "--no-such")).exitCode).toBe(2);
    expect((await altlayer("dev", "--rpc-port", "65536")).exitCode).toBe(2);
    expect((await altlayer("dev", "--fork", "bedrock")).exitCode).toBe(2);
  });

  test("under --json an error is one object on standard output", async () => {
    const { exitCode, stdout, stderr } = await altlayer("status", "--rpc", "http://127.0.0.1:1", "--json");
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "RPC_UNREACHABLE", number: 8017 } });
    expect(stderr).toBe("");
  });

  test("under --json a command line that does not parse is told the same way", async () => {
    for (const wrong of [["--rpc-port", "70000"], ["--no-such"]]) {
      const { exitCode, stdout } = await altlayer("dev", "--json", ...wrong);
      expect(exitCode).toBe(2);
      const { error } = JSON.parse(stdout);
      expect(error).toMatchObject({ code: "USAGE", number: 8001 });
      expect(error.message).toContain(wrong.at(-1));
    }
  });

  test("a key in an RPC URL is not shown", async () => {
    const { stdout } = await altlayer("status", "--rpc", "http://127.0.0.1:1/v2/secret-key", "--json");
    expect(stdout).not.toContain("secret-key");
  });

  test("export says where there is no chain", async () => {
    const { exitCode, stdout } = await altlayer("export", "--from", folder, "--out", join(folder, "out"), "--json");
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout).error.code).toBe("CONFIG_NOT_FOUND");
  });

  test("node names each field of a configuration that is at fault", async () => {
    const file = join(folder, "node.json");
    writeFileSync(file, JSON.stringify({ dataDir: "data", l1: { url: "not a url" } }));
    const { exitCode, stdout } = await altlayer("node", "--config", file, "--json");
    expect(exitCode).toBe(2);
    const { error } = JSON.parse(stdout);
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.data.problems.join("\n")).toContain("l1.url");
    expect(error.data.problems.join("\n")).toContain("genesisFile");
  });

  test("snapshot takes a head's name or a number, and names a configuration that is not there", async () => {
    const out = join(folder, "chain.snapshot");
    expect((await altlayer("snapshot", "--config", "none.json", "--out", out, "--block", "newest")).exitCode).toBe(2);
    const { exitCode, stdout } = await altlayer("snapshot", "--config", "none.json", "--out", out, "--json");
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout).error).toMatchObject({ code: "CONFIG_INVALID", data: { path: "none.json" } });
  });

  test("deploy asks for what it lacks, and prints a configuration to start from", async () => {
    expect((await altlayer("deploy")).exitCode).toBe(2);
    expect((await altlayer("deploy", "--l1-rpc", "http://127.0.0.1:1")).stderr).toContain("--config");
    const { exitCode, stdout } = await altlayer("deploy", "--print-config");
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ contracts: { delays: { proofMaturitySeconds: 604_800 } } });
  });

  test("deploy names an environment variable that is not set, never a key", async () => {
    const { exitCode, stdout } = await altlayer(
      "deploy",
      "--l1-rpc",
      "http://127.0.0.1:1",
      "--development",
      "--key-env",
      "ALTLAYER_NO_SUCH_KEY",
      "--json",
    );
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout).error).toMatchObject({ code: "KEY_UNAVAILABLE" });
  });
});
