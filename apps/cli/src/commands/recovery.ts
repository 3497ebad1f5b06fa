import { setTimeout as sleep } from "node:timers/promises";
import { CliError, EXIT } from "../errors.ts";
import type { Output } from "../output.ts";
import { PlatformClient } from "../platform/client.ts";
import type { NamedOptions, Rollup } from "./rollups.ts";
import { must, printRollup, untilRunning } from "./rollups.ts";

interface Drill {
  readonly id: string;
  readonly title: string;
  readonly status: "running" | "passed" | "failed";
  readonly steps: readonly {
    readonly title: string;
    readonly status: "running" | "done" | "failed";
    readonly startedAt: string;
    readonly endedAt: string | null;
    readonly detail: string | null;
  }[];
  readonly summary: string | null;
  readonly problem: { readonly code: string; readonly message: string } | null;
}

interface Snapshot {
  readonly file: string;
  readonly blockNumber: number;
  readonly bytes: number;
  readonly takenAt: string;
  readonly rehearsedAt: string | null;
}

const DRILL_TIMEOUT_MS = 60 * 60_000;
const POLL_MS = 300;

/** `altlayer drill`: rehearses on an isolated copy, shows each step as it is done. Exit code 1 when it failed. */
export async function drill(options: NamedOptions & { readonly kind: string }, output: Output): Promise<number> {
  const client = await PlatformClient.connect(options);
  const { id } = await must(client, options.rollup);
  const begun = await client.inTeam<Drill>("POST", `/rollups/${id}/drills`, { kind: options.kind });
  const deadline = performance.now() + DRILL_TIMEOUT_MS;
  let shown = 0;
  for (;;) {
    const { items } = await client.inTeam<{ items: Drill[] }>("GET", `/rollups/${id}/drills?limit=20`);
    const now = items.find((item) => item.id === begun.id) ?? begun;
    const ended = now.steps.filter(({ status }) => status !== "running");
    for (const step of ended.slice(shown)) {
      const seconds = (Date.parse(step.endedAt ?? step.startedAt) - Date.parse(step.startedAt)) / 1_000;
      output.note(`  ${step.status}: ${step.title}${step.detail === null ? "" : ` (${step.detail})`} ${seconds} s`);
    }
    shown = ended.length;
    if (now.status !== "running") return report(now, output);
    if (performance.now() > deadline) {
      throw new CliError("DRILL_UNFINISHED", "the drill takes longer than an hour: look at it in the console", {
        data: { id: now.id },
      });
    }
    await sleep(POLL_MS);
  }
}

function report(drill: Drill, output: Output): number {
  if (output.json) output.answer(drill);
  else output.line(`${drill.title}: ${drill.summary ?? `failed: ${drill.problem?.message ?? "for no known reason"}`}`);
  return drill.status === "passed" ? EXIT.ok : EXIT.failed;
}

/** `altlayer restore`: waits until the rollup runs again. */
export async function restore(options: NamedOptions & { readonly confirm: string }, output: Output): Promise<number> {
  const client = await PlatformClient.connect(options);
  const { id } = await must(client, options.rollup);
  const ordered = await client.inTeam<Rollup>("POST", `/rollups/${id}/restore`, { confirm: options.confirm });
  const rollup = await untilRunning(client, ordered, output);
  printRollup(rollup, output);
  return EXIT.ok;
}

/** `altlayer snapshots`: what the platform keeps of a rollup's chain. */
export async function snapshots(options: NamedOptions, output: Output): Promise<number> {
  const client = await PlatformClient.connect(options);
  const { id } = await must(client, options.rollup);
  const { items } = await client.inTeam<{ items: Snapshot[] }>("GET", `/rollups/${id}/snapshots`);
  if (output.json) output.answer(items);
  if (items.length === 0) output.line(`none yet: altlayer take-snapshot ${options.rollup}`);
  for (const { file, blockNumber, bytes, takenAt, rehearsedAt } of items) {
    const proved = rehearsedAt === null ? "never rehearsed" : `rehearsed ${rehearsedAt}`;
    output.line(`${file}  block ${blockNumber}  ${(bytes / 1_048_576).toFixed(1)} MiB  taken ${takenAt}  ${proved}`);
  }
  return EXIT.ok;
}
