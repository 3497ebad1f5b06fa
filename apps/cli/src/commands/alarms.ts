import { CliError, EXIT } from "../errors.ts";
import type { Output } from "../output.ts";
import type { RemoteOptions } from "../platform/client.ts";
import { PlatformClient } from "../platform/client.ts";

interface Incident {
  readonly rollupId: string;
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly raisedAt: string;
  readonly clearedAt: string | null;
}

interface Destination {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly target: string;
  readonly minSeverity: string;
}

/** `altlayer alarms list`: exit code 1 when a critical alarm stands. */
export async function listAlarms(
  options: RemoteOptions & { readonly open?: boolean },
  output: Output,
): Promise<number> {
  const client = await PlatformClient.connect(options);
  const query = options.open === true ? "?limit=100&open=true" : "?limit=100";
  const { items } = await client.inTeam<{ items: readonly Incident[] }>("GET", `/alarms${query}`);
  if (output.json) output.answer(items);
  for (const { code, severity, message, raisedAt, clearedAt, rollupId } of items) {
    output.line(`${raisedAt}  ${clearedAt ?? severity.padEnd(24)}  ${rollupId}  ${code}  ${message}`);
  }
  if (items.length === 0) output.line("no alarms");
  return items.some((item) => item.clearedAt === null && item.severity === "critical") ? EXIT.failed : EXIT.ok;
}

export async function listDestinations(options: RemoteOptions, output: Output): Promise<number> {
  const client = await PlatformClient.connect(options);
  const { items } = await client.inTeam<{ items: readonly Destination[] }>("GET", "/alarm-destinations");
  if (output.json) output.answer(items);
  if (items.length === 0) output.line("nobody is told yet: altlayer alarms add");
  for (const { id, name, kind, target, minSeverity } of items) {
    output.line(`${id}  ${kind.padEnd(7)}  ${minSeverity.padEnd(8)}  ${name}  ${target}`);
  }
  return EXIT.ok;
}

export interface AddOptions extends RemoteOptions {
  readonly name: string;
  readonly webhook?: string;
  readonly email?: string;
  readonly criticalOnly?: boolean;
}

/** `altlayer alarms add`: a webhook's secret is printed this once. */
export async function addDestination(options: AddOptions, output: Output): Promise<number> {
  if (options.email === undefined && options.webhook === undefined) {
    throw new CliError("USAGE", "say where alarms are told: --webhook <url> or --email <address>");
  }
  const client = await PlatformClient.connect(options);
  const where =
    options.email === undefined ? { kind: "webhook", url: options.webhook } : { kind: "email", address: options.email };
  const made = await client.inTeam<Destination & { readonly secret: string | null }>("POST", "/alarm-destinations", {
    ...where,
    name: options.name,
    minSeverity: options.criticalOnly === true ? "critical" : "warning",
  });
  if (output.json) output.answer(made);
  output.line(`${made.id}  ${made.name} is told of ${options.criticalOnly === true ? "critical" : "all"} alarms`);
  if (made.secret !== null) output.line(`secret  ${made.secret}   (shown this once: it checks the signatures)`);
  return EXIT.ok;
}

export interface DestinationOptions extends RemoteOptions {
  readonly destination: string;
}

/** `altlayer alarms test`: exit code 1 when the message was not taken. */
export async function testDestination(options: DestinationOptions, output: Output): Promise<number> {
  const client = await PlatformClient.connect(options);
  const path = `/alarm-destinations/${encodeURIComponent(options.destination)}/test`;
  const tried = await client.inTeam<{ delivered: boolean; problem: string | null }>("POST", path, {});
  if (output.json) output.answer(tried);
  output.line(tried.delivered ? "delivered" : `not delivered: ${tried.problem}`);
  return tried.delivered ? EXIT.ok : EXIT.failed;
}

export async function removeDestination(options: DestinationOptions, output: Output): Promise<number> {
  const client = await PlatformClient.connect(options);
  await client.inTeam("DELETE", `/alarm-destinations/${encodeURIComponent(options.destination)}`);
  if (output.json) output.answer({ id: options.destination, removed: true });
  output.line(`${options.destination} is told nothing more`);
  return EXIT.ok;
}
