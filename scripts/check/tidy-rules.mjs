import { existsSync } from "node:fs";
import path from "node:path";
import { inRoot } from "../lib/paths.mjs";

const KIB = 1024;
const TS_MAX_BYTES = 16 * KIB;
const RUST_MAX_BYTES = 48 * KIB;

const shipped = (file) => /^(packages|apps)\/[^/]+\/src\/.*\.tsx?$|^contracts\/src\/.*\.ts$/.test(file);
const pure = (file) => /^packages\/(protocol\/src\/|.+\/(core|sim)\/).*\.ts$/.test(file);
const rust = (file) => /^crates\/[^/]+\/src\/.*\.rs$/.test(file);
const blank = (text) => text.replace(/[^\n]/g, " ");

/** The code without comments and string contents, so that prose is never taken for a call. Lines keep their numbers. */
function codeOf(text) {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, blank);
}

/** Lines (from 1) on which `pattern` matches. */
function linesOf(text, pattern) {
  return [...text.matchAll(pattern)].map((match) => text.slice(0, match.index).split("\n").length);
}

const banned = (pattern) => (_file, text) => linesOf(codeOf(text), pattern);
const tooLarge = (max) => (_file, text) =>
  Buffer.byteLength(text) > max && !/^(?:\/\/|\/\*|\s\*).*\bSize:/m.test(text.split("\n").slice(0, 40).join("\n"))
    ? [1]
    : [];

/**
 * Each rule: the files it holds for, the lines that break it, what to do instead, texts that must be found
 * (`planted`) and texts that must not (`allowed`).
 */
export const RULES = [
  {
    name: "pure",
    remedy: "pure code has no clock, randomness, timers or I/O (S3): take it as an argument or return an effect",
    holds: pure,
    lines: banned(
      /\b(?:Date\.(?:now|parse)|new Date\b|Math\.random|performance\.now|set(?:Timeout|Interval|Immediate)\b|queueMicrotask|crypto\.(?:getRandomValues|randomUUID|subtle)|process\.|fetch\()/g,
    ),
    planted: [
      ["packages/protocol/src/a.ts", "export const a = Math.random();"],
      ["packages/rollup/src/batcher/core/a.ts", "export const a = () => new Date();"],
      ["packages/mach/src/sim/a.ts", "export const a = () => Math.random();"],
    ],
    allowed: [["packages/protocol/src/a.ts", "// Date.now() is the caller's\nexport const a = 1;"]],
  },
  {
    name: "typed-error",
    remedy: "every error is typed, with code and data (S11): throw the package's own error class",
    holds: shipped,
    lines: banned(/\bnew Error\(/g),
    planted: [
      ["packages/rollup/src/a.ts", 'throw new Error("no");'],
      ["apps/console/src/ui/A.tsx", 'throw new Error("no");'],
    ],
    allowed: [["packages/rollup/src/a.ts", "export class BatchError extends Error {}"]],
  },
  {
    name: "size",
    remedy: "above 16 KiB split the file, or give the reason in its head comment after `Size:` (S2)",
    holds: (file) =>
      shipped(file) ||
      /^(scripts|test|bench|packages|apps)\/.*\.(tsx?|mjs|css)$/.test(file) ||
      /^contracts\/.*\.sol$/.test(file),
    lines: tooLarge(TS_MAX_BYTES),
    planted: [
      ["packages/rollup/src/a.ts", "export const a = 1;\n".repeat(1000)],
      ["packages/rollup/test/a.test.ts", "export const a = 1;\n".repeat(1000)],
      ["contracts/src/avs/A.sol", "// SPDX-License-Identifier: MIT\n".repeat(1000)],
    ],
    allowed: [["packages/rollup/src/a.ts", `// Size: one generated table.\n${"export const a = 1;\n".repeat(1000)}`]],
  },
  {
    name: "size-rust",
    remedy: "above 48 KiB split the file, or give the reason in its head comment after `Size:` (S2)",
    holds: rust,
    lines: tooLarge(RUST_MAX_BYTES),
    planted: [["crates/state/src/a.rs", "pub const A: u8 = 1;\n".repeat(3000)]],
    allowed: [["crates/state/src/a.rs", `//! Size: one table.\n${"pub const A: u8 = 1;\n".repeat(3000)}`]],
  },
  {
    name: "barrel",
    remedy: "no barrels inside a package: its face is src/index.ts, everything else is imported from its own file (S6)",
    holds: (file) =>
      shipped(file) && !/^(packages|apps)\/[^/]+\/src\/index\.ts$|^contracts\/src\/index\.ts$/.test(file),
    lines: (file, text) => (path.posix.basename(file) === "index.ts" ? [1] : linesOf(codeOf(text), /^export \* /gm)),
    planted: [
      ["packages/rollup/src/rpc/index.ts", "export {};"],
      ["packages/rollup/src/rpc/all.ts", 'export * from "./one.ts";'],
    ],
    allowed: [["packages/rollup/src/index.ts", 'export * from "./one.ts";']],
  },
  {
    name: "unfinished",
    remedy: "finish it, or leave it out",
    holds: (file) => shipped(file) || rust(file),
    lines: (file, text) =>
      linesOf(text, rust(file) ? /\b(?:TODO|FIXME|XXX)\b|\b(?:todo|unimplemented|dbg)!\(/g : /\b(?:TODO|FIXME|XXX)\b/g),
    planted: [
      ["packages/rollup/src/a.ts", "// TODO later"],
      ["crates/state/src/a.rs", "fn a() { todo!() }"],
    ],
    allowed: [["crates/state/src/a.rs", "fn a() {}"]],
  },
  {
    name: "no-print",
    remedy: "log through tracing with flat fields (S15)",
    holds: (file) => rust(file) && !/(\/(bin|examples)\/|\/main\.rs$|tests\.rs$)/.test(file),
    lines: banned(/\be?print(?:ln)?!\(/g),
    planted: [["crates/state/src/a.rs", 'fn a() { println!("a") }']],
    allowed: [["crates/state/src/a.rs", '/// println!("a")\nfn a() {}']],
  },
  {
    name: "exact-versions",
    remedy: "pin the exact version",
    holds: (file) => path.posix.basename(file) === "package.json",
    lines: (_file, text) => linesOf(text, /"[^"]+":\s*"[\^~]\d/g),
    planted: [["packages/rollup/package.json", '{ "dependencies": { "viem": "^2.0.0" } }']],
    allowed: [["packages/rollup/package.json", '{ "dependencies": { "viem": "2.57.1" } }']],
  },
  {
    name: "lock-without-host",
    remedy: "a lock names versions and hashes, no host: each machine has its own registry",
    holds: (file) => /(^|\/)(pnpm-lock\.yaml|package-lock\.json)$/.test(file),
    lines: (_file, text) => linesOf(text, /"resolved":|\btarball:/g),
    planted: [["scripts/tools/node/package-lock.json", '"resolved": "https://example.org/a.tgz"']],
    allowed: [["pnpm-lock.yaml", "resolution: {integrity: sha512-a}"]],
  },
  {
    name: "dead-link",
    remedy: "the file that this link names does not exist",
    holds: (file) => file.endsWith(".md"),
    lines: (file, text) =>
      [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)]
        .filter((match) => !existsSync(inRoot(path.posix.dirname(file), match[1])))
        .map((match) => text.slice(0, match.index).split("\n").length),
    planted: [["README.md", "[gone](docs/gone.md)"]],
    allowed: [["README.md", "[here](LICENSE)"]],
  },
];

/** @returns {{ file: string, line: number, rule: (typeof RULES)[number] }[]} */
export function violationsOf(file, text, rules) {
  return rules.flatMap((rule) =>
    rule.holds(file) ? rule.lines(file, text).map((line) => ({ file, line, rule })) : [],
  );
}
