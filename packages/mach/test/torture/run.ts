/**
 * `npm run torture -- --operators [--kills N] [--seed S]`: MACH operators as processes under a sequencer that equivocates,
 * killed without warning N times (200). Prints its seed and figures as JSON; the exit code is 1 when a promise is broken.
 */
import { parseArgs } from "node:util";
import { torture } from "./torture.ts";

const { values } = parseArgs({
  options: {
    operators: { type: "boolean", default: true },
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const [kills, seed] = [Number(values.kills), Number(values.seed)];
const say = (text: string) => process.stderr.write(`${text}\n`);
say(`seed ${seed}, ${kills} kills`);
try {
  const report = await torture({ kills, seed, onProgress: say });
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  say(`again: npm run torture -- --operators --kills ${kills} --seed ${seed}`);
  process.exitCode = 1;
}
