/**
 * `npm run torture -- [--kills N] [--seed S] [--da calldata|blobs]`: a sequencer under load, killed without warning N times
 * (200), then everything it acknowledged is looked for. Even seeds batch by calldata, odd ones by blobs. Prints its seed and figures as JSON; the exit code is 1 when a promise is broken.
 */
import { parseArgs } from "node:util";
import { TortureError } from "./errors.ts";
import { torture } from "./torture.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: String(Date.now() % 1e9) },
    da: { type: "string" },
  },
});
const count = (name: string, text: string) => {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0)
    throw new TortureError("BAD_ARGUMENTS", `--${name} ${text}: not a count`);
  return number;
};
const kills = count("kills", values.kills);
const seed = count("seed", values.seed);
const dataAvailability = values.da ?? (seed % 2 === 0 ? "calldata" : "blobs");
if (dataAvailability !== "calldata" && dataAvailability !== "blobs")
  throw new TortureError("BAD_ARGUMENTS", `--da ${dataAvailability}: calldata or blobs`);
const say = (text: string) => process.stderr.write(`${text}\n`);
say(`seed ${seed}, ${kills} kills, ${dataAvailability}`);
try {
  const report = await torture({ kills, seed, dataAvailability, onProgress: say });
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
} catch (error) {
  say(`${error instanceof TortureError ? `${error.code}: ${error.message}` : String(error)}`);
  say(`again: npm run torture -- --kills ${kills} --seed ${seed} --da ${dataAvailability}`);
  process.exitCode = 1;
}
