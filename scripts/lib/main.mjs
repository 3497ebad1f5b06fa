import { runSetup } from "../setup/setup.mjs";
import { TaskFailure } from "./failure.mjs";
import { dim, red, say } from "./progress.mjs";

const USAGE = `usage: npm run <command> [-- arguments]      (or: node scripts/run.mjs <command> [arguments])

  setup         install and build what is missing or stale: Node 24, pnpm, packages, engine, contracts
  start         set up, then run \`altlayer platform\`: the control plane and its console, a development L1, a restaked rollup
  cli           set up, then run \`altlayer\` with the arguments given
  test          set up, then all tests; [rust|contracts|ts|conformance] for a part
  check         set up, then types, lint, format, boundaries, tidy, cargo fmt and clippy
  conformance   set up, then the public vectors: [state|trie|rlp|tx|op-blocks|batches|stock] [--dir D]
  contracts     set up, then forge on our own contracts: [test|fuzz|gas|size] (fuzz: 10,000 runs each)
  simulate      set up, then MACH's operators under faults: [--seeds N] [--from S] [--seed S]; or staking: --staking [--runs N]
  sdk           set up, then the SDK as another project installs it: [--out folder]
  bench         set up, then a benchmark by name
  soak          set up, then an hour of ordinary work, with a verdict: [--minutes M]
  faults        set up, then random mixes of L1 faults: [--seeds N] [--seed S] [--phases P]
  torture       set up, then kill a sequencer under load: [--kills N] [--seed S] [--da D]
`;

const COMMANDS = {
  setup: async () => 0,
  start: async (args, tools) => (await import("../tasks/cli.mjs")).runCli(["platform", ...args], tools),
  cli: async (args, tools) => (await import("../tasks/cli.mjs")).runCli(args, tools),
  test: async (args, tools) => (await import("../tasks/test.mjs")).runTests(args, tools),
  check: async (args, tools) => (await import("../tasks/check.mjs")).runChecks(args, tools),
  conformance: async (args, tools) => (await import("../tasks/conformance.mjs")).runConformance(args, tools),
  contracts: async (args, tools) => (await import("../tasks/contracts.mjs")).runContracts(args, tools),
  soak: async (args, tools) => (await import("../tasks/soak.mjs")).runSoak(args, tools),
  faults: async (args, tools) => (await import("../tasks/faults.mjs")).runFaults(args, tools),
  simulate: async (args, tools) => (await import("../tasks/simulate.mjs")).runSimulations(args, tools),
  torture: async (args, tools) => (await import("../tasks/torture.mjs")).runTorture(args, tools),
  sdk: async (args, tools) => (await import("../tasks/sdk.mjs")).runSdk(args, tools),
  bench: async (args, tools) => (await import("../tasks/bench.mjs")).runBench(args, tools),
};

/** Commands that never start `altlayer`. */
const STARTS_NOTHING = new Set(["check", "contracts", "simulate", "conformance"]);

/** Runs one command and returns the process's exit code. */
export async function main([command, ...args]) {
  const run = COMMANDS[command];
  if (run === undefined) {
    const asked = command === undefined || command === "help" || command === "--help";
    say(asked ? USAGE : `Unknown command: ${command}\n\n${USAGE}`);
    return asked ? 0 : 2;
  }
  try {
    return await run(args, await runSetup({ starts: !STARTS_NOTHING.has(command) }));
  } catch (error) {
    if (!(error instanceof TaskFailure)) throw error;
    if (error.log) say(dim(error.log));
    say(`${red("✗")} ${error.message}`);
    return error.exitCode;
  }
}
