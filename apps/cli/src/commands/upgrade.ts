import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CliError, EXIT } from "../errors.ts";
import type { Output } from "../output.ts";
import { PlatformClient } from "../platform/client.ts";
import type { NamedOptions, Plan, Rollup } from "./rollups.ts";
import { must, nodeText, printPlan, printRollup, untilRunning } from "./rollups.ts";

/** Oldest first; each needs those before it. */
const FORKS = ["fjord", "granite", "holocene"];
/** What comes with `--to` alone: enough for a restart, and for others to be told. */
const DEFAULT_AHEAD = "+10m";
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const CHAIN_FILES = ["genesis.json", "rollup.json"];

export interface UpgradeOptions extends NamedOptions {
  readonly to?: string;
  readonly at?: string;
  readonly dryRun?: boolean;
  readonly wait?: boolean;
}

/** `altlayer upgrade`: schedules a fork; without `--to` says what runs. Exit code 1 when the plan is refused. */
export async function upgrade(options: UpgradeOptions, output: Output): Promise<number> {
  const client = await PlatformClient.connect(options);
  const { id } = await must(client, options.rollup);
  const rollup = await client.inTeam<Rollup>("GET", `/rollups/${id}`);
  if (options.to === undefined) return await report(client, rollup, output);
  const spec = upgraded(rollup, options.to, options.at ?? DEFAULT_AHEAD);
  const made = await client.inTeam<Plan>("POST", `/rollups/${id}/plan`, { spec });
  if (options.dryRun === true && output.json) output.answer(made);
  else printPlan(made, rollup.name, output);
  if (made.refused) return EXIT.failed;
  const rehearsed = rollup.drills?.find(({ kind }) => kind === "upgrade");
  if (rehearsed?.passed !== true) output.note(`  not rehearsed yet: altlayer drill ${rollup.name} upgrade`);
  if (options.dryRun === true) return EXIT.ok;
  let changed = await client.inTeam<Rollup>("PUT", `/rollups/${id}/spec`, {
    spec,
    revision: made.base,
    note: `upgrade to ${options.to}`,
  });
  if (options.wait !== false) changed = await untilRunning(client, changed, output);
  printRollup(changed, output);
  return EXIT.ok;
}

/** The spec with every fork up to `to` that is not active yet, at that time. @throws CliError `UPGRADE_REFUSED`, `INVALID_TIME` */
function upgraded(rollup: Rollup, to: string, at: string): Readonly<Record<string, unknown>> {
  const { forks, spec } = rollup;
  if (!forks || spec === undefined) {
    throw new CliError("UPGRADE_REFUSED", `others run ${rollup.name}: its forks are theirs to schedule`);
  }
  const active = FORKS.indexOf(forks.active);
  const wanted = FORKS.indexOf(to);
  if (wanted <= active) {
    throw new CliError(
      "UPGRADE_REFUSED",
      `${rollup.name} runs ${forks.active}: ${to} is no upgrade, and no chain goes back`,
    );
  }
  const time = timeOf(at, forks.networkTime);
  const added = Object.fromEntries(FORKS.slice(active + 1, wanted + 1).map((fork) => [fork, time]));
  return { ...spec, forks: { ...(spec.forks as object), ...added } };
}

/**
 * @param at `+10m` (s, m, h, d) from the settlement network's time, or a time in ISO 8601
 * @throws CliError `INVALID_TIME`
 */
export function timeOf(at: string, networkTime: string): string {
  const [, amount, unit] = /^\+(\d{1,6})([smhd])$/.exec(at) ?? [];
  const ms =
    amount !== undefined && unit !== undefined
      ? Date.parse(networkTime) + Number(amount) * (UNITS[unit] ?? 0) * 1_000
      : Date.parse(at);
  if (Number.isNaN(ms)) {
    throw new CliError("INVALID_TIME", `${at} is no time: give one as +10m, +2h, +1d, or 2030-01-31T12:00:00Z`);
  }
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** A node's program comes with the platform's: there is nothing to upgrade by itself. */
async function report(client: PlatformClient, rollup: Rollup, output: Output): Promise<number> {
  const { version } = await client.request<{ version: string }>("GET", "/health");
  const { node = null, forks = null, name } = rollup;
  if (output.json) output.answer({ name, forks, node, platform: version });
  output.line(
    `${name}  fork ${forks?.active ?? "unknown"}${forks?.next ? `, ${forks.next} can be scheduled (--to ${forks.next})` : ""}`,
  );
  for (const { fork, at } of forks?.scheduled ?? []) output.line(`  scheduled    ${fork} at ${at}`);
  if (node === null) output.line("  node         was not started yet");
  else {
    output.line(`  node         ${nodeText(node)}`);
    output.line(
      node.version === version
        ? "  it runs the platform's own version: a newer one comes with the platform's"
        : `  the platform runs ${version}: the node goes over to it at its next start`,
    );
  }
  return EXIT.ok;
}

/** `altlayer chain-files`: what everybody who runs a node of the chain needs. */
export async function chainFiles(options: NamedOptions & { readonly out: string }, output: Output): Promise<number> {
  const client = await PlatformClient.connect(options);
  const { id } = await must(client, options.rollup);
  await mkdir(options.out, { recursive: true });
  for (const file of CHAIN_FILES) {
    const content = await client.fetchFile(`/rollups/${id}/chain-files/${file}`);
    await writeFile(join(options.out, file), content);
    output.line(join(options.out, file));
  }
  if (output.json) output.answer({ files: CHAIN_FILES.map((file) => join(options.out, file)) });
  return EXIT.ok;
}
