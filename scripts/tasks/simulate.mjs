import { inRoot } from "../lib/paths.mjs";
import { runAttached } from "../lib/process.mjs";

const STAKING_TEST = "packages/restaking/test/staking-model.test.ts";

/**
 * Seeds by the thousand: packages/mach/simulation says what is printed. With `--staking`, random walks over the
 * restaking core on anvil beside its model: [--runs N] [--seed S].
 */
export function runSimulations(args, tools) {
  if (args.includes("--staking")) return runStaking(args, tools);
  const program = inRoot("packages/mach/simulation/main.ts");
  return runAttached(tools.node, ["--disable-warning=ExperimentalWarning", program, ...args], { env: tools.env });
}

function runStaking(args, tools) {
  const optionOf = (name, byDefault) => {
    const at = args.indexOf(name);
    return at < 0 ? byDefault : String(args[at + 1]);
  };
  const env = {
    ...tools.env,
    ALTLAYER_STAKING_RUNS: optionOf("--runs", "100"),
    ALTLAYER_STAKING_SEED: optionOf("--seed", String(Math.floor(Math.random() * 2 ** 31))),
  };
  process.stdout.write(`seed ${env.ALTLAYER_STAKING_SEED}, ${env.ALTLAYER_STAKING_RUNS} walks\n`);
  return runAttached(tools.node, [inRoot("node_modules/vitest/vitest.mjs"), "run", STAKING_TEST], { env });
}
