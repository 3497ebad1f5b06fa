import { readFileSync, statSync } from "node:fs";
import { TaskFailure } from "../lib/failure.mjs";
import { inRoot } from "../lib/paths.mjs";
import { RULES, violationsOf } from "./tidy-rules.mjs";
import { trackedFiles } from "./tracked.mjs";

const TEXT_MAX_BYTES = 2 * 1024 * 1024;

/** What of the house's style a program can see and no other tool looks at; see tidy-rules.mjs. */
export async function checkTidy() {
  const blind = RULES.filter(
    (rule) =>
      !rule.planted.every(([file, text]) => violationsOf(file, text, [rule]).length > 0) ||
      rule.allowed.some(([file, text]) => violationsOf(file, text, [rule]).length > 0),
  );
  if (blind.length > 0)
    throw new TaskFailure(
      "TIDY_BLIND",
      `These rules miss what is planted, or find what is allowed: ${blind.map((rule) => rule.name).join(", ")}.`,
    );

  const found = trackedFiles().flatMap((file) => {
    if (/\/vectors\//.test(file) || statSync(inRoot(file)).size > TEXT_MAX_BYTES) return [];
    return violationsOf(file, readFileSync(inRoot(file), "utf8"), RULES);
  });
  if (found.length > 0) {
    const lines = found.map(({ file, line, rule }) => `${file}:${line} ${rule.name}: ${rule.remedy}`);
    throw new TaskFailure("UNTIDY", `${found.length} untidy places.`, { log: lines.join("\n") });
  }
}
