import { resolve } from "node:path";
import { readServiceTerms, serveSigner } from "@altlayer/mach";
import { keccak256 } from "viem";
import { CliError, EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import { readTextFile } from "../config-file.ts";
import { type LoggingOptions, loggerOf } from "../logging.ts";
import { stopSignal } from "../stop-signal.ts";
import { type BlsKeyOptions, setSecretOf } from "./bls-key.ts";
import { addressOf, openService, type ServiceOptions } from "./context.ts";

export interface OperatorSignerOptions extends ServiceOptions, BlsKeyOptions, LoggingOptions {
  readonly operator: string;
  readonly journal: string;
  readonly createJournal?: boolean;
  readonly tokenFile: string;
  /** `unix:/path/of/socket`, or `host:port`. */
  readonly listen: string;
}

/** `altlayer operator signer`: key and signing journal in a process of their own, for `mach.operator.signer`, until Ctrl-C. */
export async function operatorSigner(options: OperatorSignerOptions, output: Output): Promise<number> {
  const { service, publicClient } = await openService(options);
  const { registrar: avs, table, verifier } = service.suite;
  const identity = {
    l1ChainId: service.l1ChainId,
    systemConfig: service.rollup.systemConfig,
    l2ChainId: Number(service.rollup.l2ChainId),
    l2GenesisHash: service.rollup.l2GenesisHash,
    avs,
    operatorSetId: 0,
    table,
    verifier,
  };
  const request = (method: string, params: readonly unknown[]) =>
    publicClient.request({ method, params } as Parameters<typeof publicClient.request>[0]);
  const { schedule } = await readServiceTerms(identity, { l1: { request } });
  const { bn254 } = await import("@altlayer/engine");
  const stop = stopSignal({ onStop: () => output.note("stopping"), onForced: () => output.note("stopped at once") });
  try {
    const server = await serveSigner(
      {
        service: identity,
        operator: addressOf(options.operator, "operator"),
        secret: await setSecretOf(options, service),
        schedule,
        journalFile: resolve(options.journal),
        createJournal: options.createJournal ?? false,
        token: (await readTextFile(options.tokenFile)).trim(),
        listen: listenOf(options.listen),
      },
      { bn254, keccak256: (bytes) => keccak256(bytes, "bytes"), log: loggerOf(options, "info") },
    );
    try {
      if (output.json) output.answer({ endpoint: server.endpoint, operator: options.operator });
      else output.line(`signer of ${options.operator} at ${server.endpoint}`);
      if (!stop.signal.aborted)
        await new Promise((done) => stop.signal.addEventListener("abort", done, { once: true }));
    } finally {
      await server.close();
    }
    return EXIT.ok;
  } finally {
    stop.release();
  }
}

function listenOf(text: string) {
  if (text.startsWith("unix:")) return { socketPath: resolve(text.slice("unix:".length)) };
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) {
    throw new CliError("USAGE", `--listen ${text}: unix:/path, or host:port`, { data: { listen: text } });
  }
  return { host, port: Number(port) };
}
