import { copyFileSync, mkdirSync, renameSync } from "node:fs";
import path from "node:path";
import { TaskFailure } from "../lib/failure.mjs";
import { inRoot } from "../lib/paths.mjs";
import { probe, runQuietly } from "../lib/process.mjs";
import { fingerprint } from "../lib/stamps.mjs";

const RUST_MINIMUM = [1, 94];
const OUTPUT = inRoot("packages/engine/native/altlayer-engine.node");
const INSTALL_RUST = "install it from https://rustup.rs or your distribution, then run this again.";

function requireRust() {
  const version = probe("rustc", ["--version"]);
  const minimum = RUST_MINIMUM.join(".");
  if (version === undefined || probe("cargo", ["--version"]) === undefined) {
    throw new TaskFailure("MISSING_RUST", `Rust is missing (rustc and cargo, ${minimum} or newer): ${INSTALL_RUST}`);
  }
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);
  if (major < RUST_MINIMUM[0] || (major === RUST_MINIMUM[0] && minor < RUST_MINIMUM[1])) {
    throw new TaskFailure(
      "OLD_RUST",
      `Rust ${major}.${minor} is too old, the engine needs ${minimum} or newer: run \`rustup update stable\`, then run this again.`,
    );
  }
  if (probe("cc", ["--version"]) === undefined) {
    throw new TaskFailure(
      "MISSING_CC",
      "A C compiler is missing (cc): install gcc or clang (Debian: `apt install build-essential`, macOS: `xcode-select --install`), then run this again.",
    );
  }
}

/** Where cargo puts its results: CARGO_TARGET_DIR and cargo's own configuration count. */
function targetDirectory() {
  const metadata = probe("cargo", ["metadata", "--no-deps", "--format-version", "1", "--locked"]);
  return metadata === undefined ? inRoot("target") : JSON.parse(metadata).target_directory;
}

export function engineStep(tools) {
  return {
    name: "engine",
    title: "Rust engine (the first build takes some minutes)",
    fingerprint: () =>
      fingerprint(["Cargo.toml", "Cargo.lock", "crates"], [".rs", ".toml"], [process.platform, process.arch]),
    outputs: [OUTPUT],
    require: requireRust,
    work: async (note, logFile) => {
      await runQuietly("cargo", ["build", "--release", "--locked", "-p", "altlayer-engine-napi"], {
        env: tools.env,
        logFile,
        onLine: note,
        what: "Building the engine",
      });
      const library = process.platform === "darwin" ? "libaltlayer_engine_napi.dylib" : "libaltlayer_engine_napi.so";
      mkdirSync(path.dirname(OUTPUT), { recursive: true });
      // Renamed into place: a running node keeps the library that it has loaded.
      copyFileSync(path.join(targetDirectory(), "release", library), `${OUTPUT}.new`);
      renameSync(`${OUTPUT}.new`, OUTPUT);
    },
  };
}
