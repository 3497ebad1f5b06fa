import { spawn, spawnSync } from "node:child_process";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { keccak256 } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { expect, it } from "vitest";
import { call, type RpcReply } from "./rpc/support/client.ts";
import { ROLES, sequencing, startDevnet } from "./support/devnet.ts";
import { until } from "./support/until.ts";

const NODE = fileURLToPath(new URL("./support/node-process.ts", import.meta.url));
/** A node on a small disk, mounted where only it sees it, and another one there once the first has ended. */
const ON_SMALL_DISK = `mount -t tmpfs -o size=256m tmpfs "$1" || exit 1
for run in 1 2; do "$2" "$3" "$4" & echo "pid $!"; wait $!; done`;
const LEFT_BYTES = 400_000;
const canMount = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]).status === 0;
const account = privateKeyToAccount(ROLES.owner);

const transfer = (nonce: number) =>
  account.signTransaction({
    type: "eip1559",
    chainId: 901,
    nonce,
    to: account.address,
    gas: 200_000n,
    maxFeePerGas: 10n ** 11n,
    maxPriorityFeePerGas: 10n ** 9n,
    // Fills the disk within seconds.
    data: `0x${"ab".repeat(2_000)}`,
  });

it.skipIf(!canMount)(
  "a disk that fills up under a running node: its clients get errors, its operator the remedy, and nothing is lost",
  async () => {
    const devnet = await startDevnet();
    const disk = await mkdtemp(join(tmpdir(), "altlayer-small-disk-"));
    const configFile = await devnet.configFile("node", { ...sequencing(), dataDir: join(disk, "data") });
    const args = ["-rm", "sh", "-c", ON_SMALL_DISK, "sh", disk, process.execPath, NODE, configFile];
    const shell = spawn("unshare", args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [shell.stdout, shell.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    const found = (pattern: RegExp, index: number) => [...output.matchAll(pattern)][index]?.[1];
    const running = async (index: number) => {
      await until(() => found(/^ready (\S+)$/gm, index) !== undefined, 60_000);
      return { url: found(/^ready (\S+)$/gm, index) ?? "", pid: Number(found(/^pid (\d+)$/gm, index)) };
    };
    try {
      const first = await running(0);
      // The disk as the node sees it.
      const seen = `/proc/${first.pid}/root${disk}`;
      const { bavail, bsize } = statfsSync(seen);
      writeFileSync(join(seen, "ballast"), Buffer.alloc(bavail * bsize - LEFT_BYTES));
      const acknowledged: string[] = [];
      let refused: RpcReply["error"];
      for (let nonce = 0; refused === undefined && nonce < 2_000; nonce++) {
        const raw = await transfer(nonce);
        const reply = await call(first.url, "eth_sendRawTransaction", [raw]);
        if (reply.error === undefined) acknowledged.push(keccak256(raw));
        else refused = reply.error;
      }
      expect(acknowledged.length).toBeGreaterThan(5);
      // Clients learn that the node is at fault, not where its files lie.
      expect(refused).toEqual({ code: -32603, message: "internal error" });
      expect((await call(first.url, "net_version")).result).toBe("901");
      await until(() => /make room on that disk and restart/.test(output), 10_000);

      rmSync(join(seen, "ballast"));
      process.kill(first.pid, "SIGKILL");
      const second = await running(1);
      for (const hash of acknowledged) {
        const receipt = () => call(second.url, "eth_getTransactionReceipt", [hash]);
        await until(async () => (await receipt()).result !== null, 60_000);
      }
      process.kill(second.pid, "SIGKILL");
    } finally {
      for (const pid of output.matchAll(/^pid (\d+)$/gm)) {
        try {
          process.kill(Number(pid[1]), "SIGKILL");
        } catch {
          // It has ended.
        }
      }
      shell.kill("SIGKILL");
      await devnet.close();
      await rm(disk, { recursive: true, force: true });
    }
  },
  240_000,
);
