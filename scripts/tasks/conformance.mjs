import { TaskFailure } from "../lib/failure.mjs";

/** Suites by name; each one's command prints its counts and exits non-zero on a failure that is not listed. */
const SUITES = {};

/** What `npm test` runs of them. */
export function suitesOfQuickShare() {
  return Object.keys(SUITES).filter((name) => SUITES[name].quick);
}

export async function runSuites(names, args, tools) {
  let ok = true;
  let passed = 0;
  for (const name of names) {
    const good = await SUITES[name].run(args, tools);
    ok &&= good;
    passed += good ? 1 : 0;
  }
  return { ok, passed, failed: names.length - passed, skipped: 0 };
}

export async function runConformance(args, tools) {
  const names = args.filter((arg) => arg in SUITES);
  const rest = args.filter((arg) => !(arg in SUITES));
  if (rest[0] !== undefined && !rest[0].startsWith("--")) {
    throw new TaskFailure("UNKNOWN_SUITE", `Unknown suite: ${rest[0]}; there are ${Object.keys(SUITES).join(", ")}.`, {
      exitCode: 2,
    });
  }
  const result = await runSuites(names.length > 0 ? names : Object.keys(SUITES), rest, tools);
  return result.ok ? 0 : 1;
}
