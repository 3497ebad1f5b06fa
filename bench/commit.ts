/**
 * State root, journal and commit of a block of 10,000 transfers (20,000 random accounts) by the number of accounts, and
 * memory per account; a restart until it serves, which is before the trie is built. `--accounts a,b,c`, `--blocks N`.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeMachine, ownVersion } from "./src/machine.ts";
import { COMMON_OPTIONS, round } from "./src/options.ts";
import { runProgram } from "./src/program.ts";
import { note } from "./src/progress.ts";
import { print, type Row } from "./src/report.ts";

const machine = describeMachine();
const { values } = parseArgs({
  options: {
    ...COMMON_OPTIONS,
    accounts: { type: "string", default: "10000,1000000,10000000" },
    blocks: { type: "string", default: "20" },
  },
});
const sizes = values.smoke ? [1_000, 10_000] : values.accounts.split(",").map(Number);
const updates = values.smoke ? 500 : 20_000;
const manifest = fileURLToPath(new URL("../Cargo.toml", import.meta.url));
const build = [
  "build",
  "--release",
  "--locked",
  "-p",
  "altlayer-state",
  "--example",
  "state-bench",
  "--manifest-path",
  manifest,
];
await runProgram("cargo", "cargo", build);
const metadata = await runProgram("cargo", "cargo", [
  "metadata",
  "--no-deps",
  "--format-version",
  "1",
  "--manifest-path",
  manifest,
]);
const { target_directory: target } = JSON.parse(metadata) as { target_directory: string };

/** Wall and CPU milliseconds of a line of the program. */
function line(output: string, name: string): { wall: number; cpu: number } {
  const found = new RegExp(`${name}: ([\\d.]+) ms \\(CPU ([\\d.]+) ms\\)`).exec(output);
  return { wall: Number(found?.[1]), cpu: Number(found?.[2]) };
}

const rows: Row[] = [];
for (const accounts of sizes) {
  note(`${accounts} accounts`);
  const args = ["accounts", String(accounts), String(updates), values.smoke ? "2" : values.blocks];
  const output = await runProgram("state-bench", `${target}/release/examples/state-bench`, args);
  const [root, insert, heads] = ["state root", "insert", "set heads with fdatasync"].map((name) =>
    line(output, name),
  ) as [{ wall: number; cpu: number }, { wall: number; cpu: number }, { wall: number; cpu: number }];
  const total = { wall: root.wall + insert.wall + heads.wall, cpu: root.cpu + insert.cpu + heads.cpu };
  rows.push({
    accounts,
    "root ms": root.wall,
    "insert ms": insert.wall,
    "commit ms": heads.wall,
    "sum ms": round(total.wall, 1),
    "sum CPU ms": round(total.cpu, 1),
    "restart ms": line(output, "restart from the checkpoint").wall,
    "bytes an account": Number(/(\d+) B an account/.exec(output)?.[1]),
  });
}
const [before, last] = rows.slice(-2);
const growth = (column: string) => {
  const ratio = Number(last?.[column]) / Number(before?.[column]);
  return Number.isFinite(ratio) ? round(ratio) : "-";
};
const setting = {
  block: `${updates} accounts changed, ${updates / 2} transactions; journal synced`,
  altlayer: ownVersion(),
  "growth over the last step": `${growth("sum ms")} (CPU ${growth("sum CPU ms")})`,
};
print(
  { name: "commit", about: "a block's root, journal and commit by the number of accounts", setting, rows },
  values,
  machine,
);
