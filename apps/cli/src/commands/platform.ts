import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { NetworkInput } from "@altlayer/raas";
import { networkSchema } from "@altlayer/raas";
import { z } from "zod";
import { openDataDir } from "../dev/data-dir.ts";
import { wish } from "../dev/ports.ts";
import { CliError, EXIT } from "../errors.ts";
import { fileSink } from "../log.ts";
import type { Output } from "../output.ts";
import { builtConsole, startPlatformSession } from "../platform/session.ts";
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
  readonly l1BlockTime: number;
  readonly development: boolean;
  readonly networks?: string;
  readonly postgresEnv?: string;
  readonly publicUrl?: string;
  readonly consoleDir?: string;
  readonly mailEnv?: string;
  readonly mailFrom?: string;
  readonly allowPrivateAddresses?: boolean;
}

/** `altlayer platform`: development L1, control plane and a first rollup, until Ctrl-C. */
export async function platform(options: PlatformCommandOptions, output: Output): Promise<number> {
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
        },
        development: options.development,
        networks,
        l1BlockTimeSeconds: options.l1BlockTime,
        version: CLIENT_VERSION,
        ...(options.postgresEnv === undefined ? {} : { store: postgresStore(options.postgresEnv) }),
        ...(masterPassword === undefined ? {} : { masterPassword }),
        ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
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
    try {
      output.draw("\r[2K");
      output.line(`console   ${session.signInUrl}   (signs you in once, within ten minutes)`);
      if (session.l1 !== null) output.line(`L1        ${session.l1}`);
      const ready = await Promise.race([session.firstRollup(stop.signal), session.failed]);
      if (ready !== null) output.line(`rollup    ${ready}`);
      if (output.json) {
        output.answer({ url: session.platform.url, signInUrl: session.signInUrl, l1: session.l1, rollup: ready });
      }
      await Promise.race([aborted(stop.signal), session.failed]);
    } finally {
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

const networksFile = z.array(networkSchema).max(100);

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
  const parsed = networksFile.safeParse(json);
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
