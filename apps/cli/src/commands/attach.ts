import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { EXIT } from "../errors.ts";
import type { Output } from "../output.ts";
import type { RemoteOptions } from "../platform/client.ts";
import { PlatformClient } from "../platform/client.ts";
import { readTextFile } from "./config-file.ts";
import type { NamedOptions, Rollup } from "./rollups.ts";
import { must, printRollup, untilRunning } from "./rollups.ts";

export interface AttachOptions extends RemoteOptions {
  readonly systemConfig: string;
  readonly name: string;
  readonly network: string;
  readonly rpc: string;
}

interface Attachment {
  readonly rpcHost: string;
  readonly genesisHash: string;
  readonly findings: readonly { readonly name: string; readonly ok: boolean | null; readonly detail: string }[];
}

/** `altlayer attach`: what was compared is printed, with what there was nothing to compare with. */
export async function attach(options: AttachOptions, output: Output): Promise<number> {
  const client = await PlatformClient.connect(options);
  const { name, network, systemConfig, rpc: rpcUrl } = options;
  const made = await client.inTeam<{ readonly id: string; readonly chainId: number }>("POST", "/attach", {
    name,
    network,
    systemConfig,
    rpcUrl,
  });
  const attachment = await client.inTeam<Attachment>("GET", `/rollups/${made.id}/attachment`);
  if (output.json) output.answer({ ...made, attachment });
  output.line(`${name}  chain ${made.chainId} on ${network}, seen through ${attachment.rpcHost}`);
  output.line(`  id           ${made.id}`);
  for (const { name: finding, ok, detail } of attachment.findings) {
    output.line(`  ${(ok === null ? "unknown" : "ok").padEnd(7)}  ${finding}: ${detail}`);
  }
  return EXIT.ok;
}

export interface AttachMachOptions extends NamedOptions {
  readonly genesis: string;
  readonly peer: readonly string[];
  readonly operators: number;
}

const pack = promisify(gzip);

/** `altlayer attach-mach`: waits until the operators run. */
export async function attachMach(options: AttachMachOptions, output: Output): Promise<number> {
  const client = await PlatformClient.connect(options);
  const { genesis: file, peer: peers, operators } = options;
  const { id } = await must(client, options.rollup);
  const genesis = (await pack(await readTextFile(file))).toString("base64");
  await client.inTeam<Rollup>("POST", `/rollups/${id}/attachment/mach`, { genesis, peers, operators });
  const restaked = await untilRunning(client, { id }, output, ({ mach }) => mach != null);
  printRollup(restaked, output);
  return EXIT.ok;
}
