import { createRequire } from "node:module";
import path from "node:path";
import { TaskFailure } from "../lib/failure.mjs";
import { inRoot } from "../lib/paths.mjs";
import { runShown } from "../lib/process.mjs";

const TIMEOUT_MS = 60 * 60_000;

/** What `npm run contracts -- NAME` can do; more arguments go to forge. */
const MODES = {
  test: { args: ["test"], env: {} },
  fuzz: { args: ["test", "--match-test", "^(testFuzz|invariant)_"], env: { FOUNDRY_PROFILE: "long" } },
  gas: { args: ["test", "--match-path", "test/forge/gas/*", "-vv"], env: {} },
  size: { args: ["build", "--sizes"], env: {} },
};

function forgeBinary() {
  const platform = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  try {
    const contracts = createRequire(inRoot("contracts/package.json"));
    const wrapper = createRequire(contracts.resolve("@foundry-rs/forge/package.json"));
    return path.join(path.dirname(wrapper.resolve(`@foundry-rs/forge-${platform}/package.json`)), "bin/forge");
  } catch {
    throw new TaskFailure("NO_FORGE", `There is no packaged forge for ${platform}.`);
  }
}

/** Runs forge on our own contracts, in one of its modes, and counts its tests. */
export async function runForge(mode, args, tools) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const { args: own, env } = MODES[mode];
  const code = await runShown(forgeBinary(), [...own, "--offline", ...args], {
    cwd: inRoot("contracts"),
    env: { ...tools.env, ...env },
    timeoutMs: TIMEOUT_MS,
    onLine: (line) => {
      const found = /^Suite result: \w+\. (\d+) passed; (\d+) failed; (\d+) skipped/.exec(line);
      if (!found) return;
      counts.passed += Number(found[1]);
      counts.failed += Number(found[2]);
      counts.skipped += Number(found[3]);
    },
  });
  return { code, ...counts };
}

export async function runContracts([mode = "test", ...args], tools) {
  if (!(mode in MODES)) {
    throw new TaskFailure("UNKNOWN_MODE", `Unknown: ${mode}; there are ${Object.keys(MODES).join(", ")}.`, {
      exitCode: 2,
    });
  }
  return (await runForge(mode, args, tools)).code;
}
