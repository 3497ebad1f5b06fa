import { open, readFile, rm, stat } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseSpecYaml, type RollupSpec } from "@altlayer/raas";
import { CliError, EXIT } from "../errors.ts";
import type { Output } from "../output.ts";
import type { RemoteOptions } from "../platform/client.ts";
import { PlatformClient } from "../platform/client.ts";
import { stopSignal } from "./stop-signal.ts";

interface Step {
  readonly name: string;
  readonly title: string;
  readonly status: string;
  readonly detail: string | null;
  readonly problem: { readonly code: string; readonly message: string } | null;
}

export interface Rollup {
  readonly id: string;
  readonly name: string;
  readonly chainId: number;
  readonly networkId: string;
  readonly revision: number;
  readonly phase: string;
  readonly restoring?: boolean;
  /** The node runs with the spec's settings; null while none runs there. */
  readonly applied?: boolean | null;
  readonly problem: { readonly code: string; readonly message: string } | null;
  readonly launchMs: number | null;
  readonly endpoints: { readonly rpc: string; readonly ws: string; readonly flashblocks: string | null } | null;
  readonly signatures?: readonly {
    readonly description: string;
    readonly from: string;
    readonly to: string;
    readonly data: string;
  }[];
  readonly accounts?: readonly { readonly role: string; readonly address: string }[];
  readonly drills?: readonly { readonly kind: string; readonly passed: boolean; readonly endedAt: string }[];
  readonly forks?: {
    readonly active: string;
    readonly scheduled: readonly { readonly fork: string; readonly at: string }[];
    readonly next: string | null;
    readonly networkTime: string;
  } | null;
  readonly node?: (NodeVersion & { readonly predecessor: NodeVersion | null }) | null;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly steps?: readonly Step[];
  readonly mach?: { readonly operators: readonly string[] } | null;
}

interface NodeVersion {
  readonly version: string;
  readonly engine: string;
  readonly since: string;
}

export interface Plan {
  readonly base: number | null;
  readonly changes: readonly {
    readonly path: string;
    readonly from: unknown;
    readonly to: unknown;
    readonly note: string;
  }[];
  readonly refused: boolean;
  readonly actions: readonly { readonly title: string }[];
  readonly downtimeSeconds: number | null;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

interface LogLine {
  readonly at: string;
  readonly level: string;
  readonly room: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface SpecOptions extends RemoteOptions {
  readonly file: string;
  readonly wait?: boolean;
}

const LAUNCH_TIMEOUT_MS = 600_000;
const POLL_MS = 200;
const NO_WAY_BACK = new Set(["destroying", "destroyed", "exported"]);

async function readSpec(file: string): Promise<RollupSpec> {
  if (file === "-") return parseSpecYaml(await text(process.stdin));
  const content = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new CliError("CONFIG_NOT_FOUND", `cannot read ${file}`, { data: { file }, cause });
  });
  return parseSpecYaml(content);
}

/** All rollups of the team, page by page. */
async function all(client: PlatformClient): Promise<readonly Rollup[]> {
  const rollups: Rollup[] = [];
  for (let cursor: string | null = null; ; ) {
    const page: Page<Rollup> = await client.inTeam(
      "GET",
      `/rollups?limit=100${cursor === null ? "" : `&cursor=${cursor}`}`,
    );
    rollups.push(...page.items);
    if (page.nextCursor === null) return rollups;
    cursor = page.nextCursor;
  }
}

async function find(client: PlatformClient, name: string): Promise<Rollup | undefined> {
  const rollups = await all(client);
  // A destroyed rollup has given its name back, and is found by its id only.
  return (
    rollups.find(({ id }) => id === name) ??
    rollups.find((rollup) => rollup.name === name && rollup.phase !== "destroyed")
  );
}

/** @throws CliError `ROLLUP_NOT_FOUND` */
export async function must(client: PlatformClient, name: string): Promise<Rollup> {
  const rollup = await find(client, name);
  if (rollup === undefined)
    throw new CliError("ROLLUP_NOT_FOUND", `the team has no rollup ${name}: altlayer list`, { data: { name } });
  return rollup;
}

export function printPlan(plan: Plan, name: string, output: Output): void {
  output.line(plan.base === null ? `${name} is new:` : `${name}, on revision ${plan.base}:`);
  for (const { path, from, to, note } of plan.changes) {
    output.line(`  ${path}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`);
    output.line(`      ${note}`);
  }
  for (const { title } of plan.actions) output.line(`  - ${title}`);
  if (plan.refused) output.line("  refused: at least one of the changes cannot be made");
  else if (plan.base !== null && plan.changes.length === 0) output.line("  nothing to change");
}

/** `altlayer plan -f`: exit code 1 when the change would be refused. */
export async function plan(options: SpecOptions, output: Output): Promise<number> {
  const spec = await readSpec(options.file);
  const client = await PlatformClient.connect(options);
  const known = await find(client, spec.name);
  const made = await client.inTeam<Plan>("POST", known === undefined ? "/plan" : `/rollups/${known.id}/plan`, { spec });
  if (output.json) output.answer(made);
  else printPlan(made, spec.name, output);
  return made.refused ? EXIT.failed : EXIT.ok;
}

/** `altlayer apply -f`: launches what is not there, changes what is, and waits until it runs. */
export async function apply(options: SpecOptions, output: Output): Promise<number> {
  const spec = await readSpec(options.file);
  const client = await PlatformClient.connect(options);
  const known = await find(client, spec.name);
  let rollup: Rollup;
  if (known === undefined) rollup = await client.inTeam<Rollup>("POST", "/rollups", { spec });
  else {
    const made = await client.inTeam<Plan>("POST", `/rollups/${known.id}/plan`, { spec });
    printPlan(made, spec.name, output);
    rollup =
      made.changes.length === 0
        ? await client.inTeam<Rollup>("GET", `/rollups/${known.id}`)
        : await client.inTeam<Rollup>("PUT", `/rollups/${known.id}/spec`, { spec, revision: made.base });
  }
  if (options.wait !== false) rollup = await untilRunning(client, rollup, output);
  printRollup(rollup, output);
  return EXIT.ok;
}

/** Shows each step as it is done. A launch that waits for money is no failure, and yet no success. */
export async function untilRunning(
  client: PlatformClient,
  rollup: Pick<Rollup, "id">,
  output: Output,
  /** What it is besides: restaked, say, which it was not before. */
  isThere: (now: Rollup) => boolean = () => true,
): Promise<Rollup> {
  const shown = new Set<string>();
  const deadline = performance.now() + LAUNCH_TIMEOUT_MS;
  for (;;) {
    const now = await client.inTeam<Rollup>("GET", `/rollups/${rollup.id}`);
    for (const { name, title, status } of now.steps ?? []) {
      if (status !== "done" || shown.has(name)) continue;
      shown.add(name);
      output.note(`  done: ${title}`);
    }
    const resting = (now.phase === "running" && now.applied !== false && isThere(now)) || now.phase === "stopped";
    if (now.restoring !== true && resting) return now;
    const stuck = now.phase === "waiting" || NO_WAY_BACK.has(now.phase) || performance.now() > deadline;
    if (stuck) {
      const { code, message } = NO_WAY_BACK.has(now.phase)
        ? { code: "GONE", message: "it does not run here again" }
        : (now.problem ?? { code: "TIMEOUT", message: "it takes longer than ten minutes" });
      throw new CliError("LAUNCH_FAILED", `${now.name} is ${now.phase}: ${message}`, { data: { id: now.id, code } });
    }
    await sleep(POLL_MS);
  }
}

export function printRollup(rollup: Rollup, output: Output): void {
  if (output.json) {
    output.answer(rollup);
    return;
  }
  output.line(
    `${rollup.name}  ${rollup.phase}  revision ${rollup.revision}  chain ${rollup.chainId} on ${rollup.networkId}`,
  );
  output.line(`  id           ${rollup.id}`);
  if (rollup.launchMs !== null) output.line(`  launched in  ${(rollup.launchMs / 1_000).toFixed(1)} s`);
  if (rollup.endpoints !== null) {
    output.line(`  JSON-RPC     ${rollup.endpoints.rpc}`);
    output.line(`  WebSocket    ${rollup.endpoints.ws}`);
    if (rollup.endpoints.flashblocks !== null) output.line(`  Flashblocks  ${rollup.endpoints.flashblocks}`);
  }
  if (rollup.forks) {
    const { active, scheduled } = rollup.forks;
    output.line(`  fork         ${[active, ...scheduled.map(({ fork, at }) => `${fork} at ${at}`)].join(", ")}`);
  }
  if (rollup.node) output.line(`  node         ${nodeText(rollup.node)}`);
  for (const { role, address } of rollup.accounts ?? []) output.line(`  ${role.padEnd(11)}  ${address}`);
  if (rollup.problem !== null) output.line(`  problem      ${rollup.problem.code}: ${rollup.problem.message}`);
  for (const { title, status, detail, problem } of rollup.steps ?? []) {
    if (status === "done") continue;
    output.line(
      `  ${status.padEnd(11)}  ${title}${detail === null ? "" : ` (${detail})`}${problem === null ? "" : `: ${problem.message}`}`,
    );
  }
  for (const { description, from, to, data } of rollup.signatures ?? []) {
    output.line(`  the owner ${from} has to sign: ${description}`);
    output.line(`      to ${to} data ${data}`);
  }
}

/** The program that runs a node, and the one before. */
export function nodeText({ version, engine, since, predecessor }: NonNullable<Rollup["node"]>): string {
  const before = predecessor === null ? "" : `; before ${predecessor.version}, engine ${predecessor.engine}`;
  return `${version}, engine ${engine}, since ${since}${before}`;
}

export async function list(options: RemoteOptions, output: Output): Promise<number> {
  const rollups = await all(await PlatformClient.connect(options));
  if (output.json) output.answer(rollups);
  if (rollups.length === 0) output.line("none yet: altlayer apply -f spec.yaml");
  for (const { name, phase, chainId, networkId, endpoints } of rollups) {
    output.line(
      `${name.padEnd(24)}  ${phase.padEnd(10)}  ${String(chainId).padEnd(10)}  ${networkId.padEnd(16)}  ${endpoints?.rpc ?? ""}`,
    );
  }
  return EXIT.ok;
}

export interface NamedOptions extends RemoteOptions {
  readonly rollup: string;
}

export async function show(options: NamedOptions, output: Output): Promise<number> {
  const client = await PlatformClient.connect(options);
  const { id } = await must(client, options.rollup);
  printRollup(await client.inTeam<Rollup>("GET", `/rollups/${id}`), output);
  return EXIT.ok;
}

export async function logs(options: NamedOptions & { readonly follow?: boolean }, output: Output): Promise<number> {
  const client = await PlatformClient.connect(options);
  const { id } = await must(client, options.rollup);
  const print = (line: LogLine) => {
    if (output.json) output.answer(line);
    const fields = Object.entries(line.fields).map(([name, value]) => `${name}=${String(value)}`);
    output.line([line.at, line.level.padEnd(5), line.room, line.message, ...fields].join(" "));
  };
  if (options.follow !== true) {
    const { items } = await client.inTeam<{ items: LogLine[] }>("GET", `/rollups/${id}/logs?limit=200`);
    for (const line of items) print(line);
    return EXIT.ok;
  }
  const stop = stopSignal({ onStop: () => {}, onForced: () => {} });
  try {
    for await (const { event, data } of client.events(`/rollups/${id}/events?logs=true`, stop.signal)) {
      if (event === "log") print(data as LogLine);
    }
    return EXIT.ok;
  } finally {
    stop.release();
  }
}

async function order(options: NamedOptions, output: Output, verb: "stop" | "start"): Promise<number> {
  const client = await PlatformClient.connect(options);
  const { id } = await must(client, options.rollup);
  const wanted = verb === "stop" ? "stopped" : "running";
  let rollup = await client.inTeam<Rollup>("POST", `/rollups/${id}/${verb}`, {});
  const deadline = performance.now() + LAUNCH_TIMEOUT_MS;
  while (rollup.phase !== wanted && performance.now() < deadline) {
    await sleep(POLL_MS);
    rollup = await client.inTeam<Rollup>("GET", `/rollups/${id}`);
  }
  printRollup(rollup, output);
  return rollup.phase === wanted ? EXIT.ok : EXIT.failed;
}

export const stop = (options: NamedOptions, output: Output): Promise<number> => order(options, output, "stop");
export const start = (options: NamedOptions, output: Output): Promise<number> => order(options, output, "start");

/** `altlayer rollback`: to the revision before, unless one is named. */
export async function rollback(options: NamedOptions & { readonly to?: number }, output: Output): Promise<number> {
  const client = await PlatformClient.connect(options);
  const { id, revision } = await must(client, options.rollup);
  const to = options.to ?? revision - 1;
  if (to < 1) {
    throw new CliError(
      "NO_EARLIER_REVISION",
      `${options.rollup} has had one revision only: there is nothing to go back to`,
    );
  }
  printRollup(await client.inTeam<Rollup>("POST", `/rollups/${id}/rollback`, { to, revision }), output);
  return EXIT.ok;
}

export async function destroy(options: NamedOptions & { readonly confirm: string }, output: Output): Promise<number> {
  const client = await PlatformClient.connect(options);
  const { id } = await must(client, options.rollup);
  printRollup(await client.inTeam<Rollup>("DELETE", `/rollups/${id}`, { confirm: options.confirm }), output);
  return EXIT.ok;
}

export async function takeSnapshot(
  options: NamedOptions & { readonly block: string },
  output: Output,
): Promise<number> {
  const client = await PlatformClient.connect(options);
  const { id } = await must(client, options.rollup);
  const info = await client.inTeam<{ file: string; blockNumber: number; bytes: number }>(
    "POST",
    `/rollups/${id}/snapshot`,
    {
      block: options.block,
    },
  );
  if (output.json) output.answer(info);
  output.line(`${info.file}  block ${info.blockNumber}  ${(info.bytes / 1_048_576).toFixed(1)} MiB`);
  return EXIT.ok;
}

/** `altlayer leave`: the archive holds all that running the rollup without us needs. */
export async function leave(
  options: NamedOptions & { readonly out: string; readonly passwordEnv: string },
  output: Output,
): Promise<number> {
  const password = process.env[options.passwordEnv];
  if (password === undefined || password === "") {
    throw new CliError("KEY_UNAVAILABLE", `environment variable ${options.passwordEnv} holds no password for the keys`);
  }
  const client = await PlatformClient.connect(options);
  const { id, name } = await must(client, options.rollup);
  // There is no way back from the fence: the place for the archive must be there before it.
  const file = await open(options.out, "wx", 0o600).catch((cause: unknown) => {
    throw new CliError("OUTPUT_EXISTS", `cannot write ${options.out}: is it there already, or its folder missing?`, {
      data: { file: options.out },
      cause,
    });
  });
  try {
    await pipeline(
      await client.download(`/rollups/${id}/export`, { password }),
      file.createWriteStream({ flush: true }),
    );
  } catch (error) {
    await file.close().catch(() => {});
    await rm(options.out, { force: true });
    throw error;
  }
  const { size: bytes } = await stat(options.out);
  if (output.json) output.answer({ id, name, file: options.out, bytes });
  output.line(`${options.out}  ${(bytes / 1_048_576).toFixed(1)} MiB: unpack it and read README.md`);
  return EXIT.ok;
}
