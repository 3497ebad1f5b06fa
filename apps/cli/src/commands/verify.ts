import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { CliError, EXIT } from "../errors.ts";
import type { Output } from "../output.ts";
import type { RemoteOptions } from "../platform/client.ts";
import { PlatformClient } from "../platform/client.ts";
import { must } from "./rollups.ts";

export interface VerifyOptions extends RemoteOptions {
  readonly rollup: string;
  readonly address: string;
  readonly source?: string | undefined;
  readonly standardJson?: string;
  readonly compiler?: string;
  readonly contract?: string;
  readonly optimizerRuns?: number;
  readonly evmVersion?: string;
  readonly viaIr?: boolean;
}

interface Verified {
  readonly match: "full" | "partial";
  readonly name: string;
  readonly file: string;
  readonly compiler: string;
}

async function read(file: string): Promise<string> {
  return await readFile(file, "utf8").catch((cause: unknown) => {
    throw new CliError("CONFIG_NOT_FOUND", `cannot read ${file}`, { data: { file }, cause });
  });
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliError("CONFIG_INVALID", `${file} is no JSON`, { data: { file }, cause });
  }
}

/** `altlayer verify`: proves a contract's source by compiling it on the platform. */
export async function verify(options: VerifyOptions, output: Output): Promise<number> {
  const { address, source, standardJson, contract = null } = options;
  if ((source === undefined) === (standardJson === undefined))
    throw new CliError(
      "USAGE",
      "give either --source with a Solidity file, or --standard-json with the compiler's input",
    );
  const client = await PlatformClient.connect(options);
  const { id } = await must(client, options.rollup);
  const { items } = await client.inTeam<{ items: { version: string }[] }>("GET", `/rollups/${id}/explorer/compilers`);
  const input =
    source === undefined
      ? { standardJson: parsed(await read(standardJson!), standardJson!) }
      : {
          source: {
            file: basename(source),
            content: await read(source),
            optimizerRuns: options.optimizerRuns ?? null,
            evmVersion: options.evmVersion ?? null,
            viaIR: options.viaIr === true,
          },
        };
  const compiler = options.compiler ?? items[0]?.version;
  const path = `/rollups/${id}/explorer/addresses/${address}/verify`;
  const verified = await client.inTeam<Verified>("POST", path, { compiler, contract, ...input });
  if (output.json) output.answer(verified);
  else output.line(`${verified.file}:${verified.name}, solc ${verified.compiler}: ${verified.match} match`);
  return EXIT.ok;
}
