/** Runs every bench of the speed table for some seconds on a tiny load, to see that none has rotted. Its figures mean nothing. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const directory = fileURLToPath(new URL(".", import.meta.url));
const names = ["transfers", "single", "erc20", "swap", "sync", "commit", "derivation", "pipeline", "start", "restart"];
names.push("platform", "idle", "da", "history", "light-client", "certificates", "explorer");
let failed = 0;
for (const name of names) {
  const startedAt = performance.now();
  const args = ["--disable-warning=ExperimentalWarning", `${directory}${name}.ts`, "--smoke"];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${status === 0 ? "ok    " : "FAILED"} ${name.padEnd(12)} ${seconds} s\n`);
  if (status === 0) continue;
  failed++;
  process.stdout.write(`${stderr.slice(-2_000)}\n`);
}
process.exitCode = failed === 0 ? 0 : 1;
