import { existsSync, readdirSync } from "node:fs";
import { userInfo } from "node:os";
import { TaskFailure } from "./failure.mjs";
import { inLocal } from "./paths.mjs";
import { probe, runQuietly } from "./process.mjs";
import { step } from "./progress.mjs";

/** Programs that the tests drive and no npm package brings. `present` says whether this machine has them. */
const PACKAGES = [
  { name: "chromium", present: () => existsSync(process.env.ALTLAYER_CHROMIUM ?? "/usr/bin/chromium") },
  { name: "postgresql", present: () => hasPostgres("/usr/lib/postgresql") },
];

/** Debian keeps the server's programs beside the path, by version. */
function hasPostgres(room) {
  return existsSync(room) && readdirSync(room).some((version) => existsSync(`${room}/${version}/bin/initdb`));
}

/**
 * Installs what is missing where that may be done (Debian, as root), and else names the one command that does it:
 * no test is left out silently.
 */
export async function ensureDebianPackages() {
  const missing = PACKAGES.filter(({ present }) => !present()).map(({ name }) => name);
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (userInfo().uid !== 0 || probe("apt-get", ["--version"]) === undefined) {
    throw new TaskFailure(
      "MISSING_PROGRAMS",
      `The tests need ${missing.join(" and ")}: run \`sudo apt-get update && sudo ${command}\`, then run this again.`,
    );
  }
  await step(`${missing.join(" and ")} for the tests`, async (note) => {
    const options = {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      logFile: inLocal("logs", "debian.log"),
      onLine: note,
      what: `Installing ${missing.join(" and ")}`,
    };
    await runQuietly("apt-get", ["update"], options);
    await runQuietly("apt-get", command.split(" ").slice(1), options);
  });
}
