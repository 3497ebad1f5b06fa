import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { NetworkInput, RuntimeKind } from "@altlayer/raas";
import { openDataDir } from "../dev/data-dir.ts";
import { wish } from "../dev/ports.ts";
import { showStatus } from "../dev/status-line.ts";
import { CliError, EXIT } from "../errors.ts";
import { fileSink } from "../log.ts";
import type { Output } from "../output.ts";
import { printChains, printSignIn } from "../platform/banner.ts";
import type { FirstRollup } from "../platform/first-rollup.ts";
import { builtConsole, type PlatformSession, startPlatformSession } from "../platform/session.ts";
import type { LoggingOptions } from "./logging.ts";
import { loggerOf } from "./logging.ts";
import { aborted, stopSignal } from "./stop-signal.ts";
import { CLIENT_VERSION } from "./version.ts";

export interface PlatformCommandOptions extends LoggingOptions {
  readonly dataDir: string;
  readonly fresh?: boolean;
  readonly port?: number;
  readonly l1Port?: number;
  readonly beaconPort?: number;
  readonly rpcPort?: number;
  readonly flashblocksPort?: number;
  readonly l1BlockTime: number;
  readonly development: boolean;
  readonly networks?: string;
  readonly postgresEnv?: string;
  readonly publicUrl?: string;
  readonly trustProxy?: readonly string[];
  readonly consoleDir?: string;
  readonly mailEnv?: string;
  readonly mailFrom?: string;
  readonly allowPrivateAddresses?: boolean;
  readonly runtime: RuntimeKind;
  readonly sharedDir?: string;
}

/** `altlayer platform`: development L1, control plane and a first rollup, until Ctrl-C. */
export async function platform(options: PlatformCommandOptions, output: Output): Promise<number> {
  if (options.sharedDir !== undefined && options.postgresEnv === undefined) {
    throw new CliError("USAGE", "--shared-dir is for control planes that share a PostgreSQL: give --postgres-env too");
  }
  const networks = options.networks === undefined ? [] : await readNetworks(options.networks);
  const mail = mailOf(options);
  const dataDir = openDataDir({ path: options.dataDir, fresh: options.fresh === true });
  const file = fileSink({ file: dataDir.log, level: "info" });
  const log = loggerOf(options, "error", file);
  const stop = stopSignal({
    onStop: () => output.note(`${output.live ? "\r[2K" : ""}stopping`),
    onForced: () => output.note("stopped at once"),
  });
  const consoleDir = options.consoleDir === undefined ? builtConsole() : resolve(options.consoleDir);
  const masterPassword = process.env.ALTLAYER_MASTER_PASSWORD;
  try {
    const session = await startPlatformSession(
      {
        ports: {
          platform: wish("--port", options.port, 7000),
          l1: wish("--l1-port", options.l1Port, 8545),
          beacon: wish("--beacon-port", options.beaconPort, 5052),
          rpc: wish("--rpc-port", options.rpcPort, 9545),
          flashblocks: wish("--flashblocks-port", options.flashblocksPort, 1111),
        },
        development: options.development,
        networks,
        runtime: options.runtime,
        ...(options.sharedDir === undefined ? {} : { sharedDir: resolve(options.sharedDir) }),
        l1BlockTimeSeconds: options.l1BlockTime,
        version: CLIENT_VERSION,
        ...(options.postgresEnv === undefined ? {} : { store: postgresStore(options.postgresEnv) }),
        ...(masterPassword === undefined ? {} : { masterPassword }),
        ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
        ...(options.trustProxy === undefined ? {} : { trustedProxies: options.trustProxy }),
        ...(consoleDir === undefined ? {} : { consoleDir }),
        ...(mail === null ? {} : { mail }),
        allowPrivateAddresses: options.allowPrivateAddresses === true,
      },
      {
        dataDir,
        log,
        onProgress: (text) => (output.live ? output.draw(`\r[2K${text}`) : undefined),
        signal: stop.signal,
      },
    );
    const shown = new AbortController();
    try {
      output.draw("\r\u001b[2K");
      printSignIn(session.ready, output);
      if (options.development && output.live) output.draw("launching the first rollup");
      const first = await Promise.race([session.firstRollup(stop.signal), session.failed]);
      output.draw("\r\u001b[2K");
      if (output.json) output.answer(answerOf(session, first));
      else if (!stop.signal.aborted) printChains(session.ready, first, output);
      const status = showStatus(
        { url: session.firstRpc, mach: true, also: () => othersOf(session) },
        { output, signal: AbortSignal.any([stop.signal, shown.signal]) },
      );
      await Promise.race([aborted(stop.signal), session.failed]);
      await status;
    } finally {
      shown.abort();
      await session.close();
    }
    return EXIT.ok;
  } catch (error) {
    if (stop.interrupted()) return EXIT.interrupted;
    throw error;
  } finally {
    stop.release();
    await file.close();
    dataDir.release();
  }
}

/** What scripts are told. */
function answerOf({ ready }: PlatformSession, first: FirstRollup | null) {
  const { url, signInUrl, l1, accounts, dataDir, resumed } = ready;
  return {
    url,
    signInUrl,
    l1: l1?.rpc ?? null,
    rollup: first?.endpoints.rpc ?? null,
    endpoints: {
      rpc: first?.endpoints.rpc ?? null,
      ws: first?.endpoints.ws ?? null,
      flashblocks: first?.endpoints.flashblocks ?? null,
      l1: l1?.rpc ?? null,
      beacon: l1?.beacon ?? null,
    },
    chains: { l1: l1?.chainId ?? null, l2: first?.chainId ?? null },
    accounts,
    addresses: first?.contracts ?? {},
    l2GenesisHash: first?.l2GenesisHash ?? null,
    mach: first?.mach ?? null,
    dataDir,
    resumed,
    clockBehindSeconds: l1?.clockBehindSeconds ?? 0,
  };
}

const PHASES_SHOWN = ["running", "launching", "waiting", "failed"] as const;

/** How many rollups there are, by phase: only what a person may have to look after. */
async function othersOf({ platform }: PlatformSession): Promise<string> {
  const counts = await platform.services.rollups.countByPhase();
  return PHASES_SHOWN.filter((phase) => (counts[phase] ?? 0) > 0)
    .map((phase) => `${counts[phase]} ${phase}`)
    .join(", ");
}

async function readNetworks(path: string): Promise<readonly NetworkInput[]> {
  const invalid = (problem: string, cause?: unknown) =>
    new CliError("CONFIG_INVALID", `${path} ${problem}`, { data: { path }, cause });
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw invalid("cannot be read", cause);
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid("is not JSON", cause);
  }
  // Loaded on demand: a start without such a file begins with the L1, and loads the rest beside it.
  const [{ networkSchema }, { z }] = await Promise.all([import("@altlayer/raas"), import("zod")]);
  const parsed = z.array(networkSchema).max(100).safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(`is not a list of networks: ${issue?.path.join(".")}: ${issue?.message}`);
}

/** The connection string holds a password, so it is named, never given. */
function postgresStore(name: string) {
  const url = process.env[name];
  if (url === undefined || url === "") throw new CliError("KEY_UNAVAILABLE", `environment variable ${name} is not set`);
  return { kind: "postgres" as const, url };
}

/** Like the store's, the server's URL may hold a password. */
function mailOf({ mailEnv, mailFrom }: PlatformCommandOptions) {
  if (mailEnv === undefined) return null;
  const url = process.env[mailEnv];
  if (url === undefined || url === "")
    throw new CliError("KEY_UNAVAILABLE", `environment variable ${mailEnv} is not set`);
  if (mailFrom === undefined) throw new CliError("USAGE", "--mail-env needs the sender's address: --mail-from");
  return { url, from: mailFrom };
}
