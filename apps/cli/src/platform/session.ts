import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { kzg } from "@altlayer/engine";
import type { NetworkInput, Platform, PlatformOptions, StoreOptions } from "@altlayer/raas";
import { exampleSpec, startL1Clock, startPlatform } from "@altlayer/raas";
import type { Logger } from "@altlayer/rollup";
import { SystemClock, startBeaconFacade } from "@altlayer/rollup";
import { startAnvil } from "../dev/anvil.ts";
import type { DataDir } from "../dev/data-dir.ts";
import { writeDurably } from "../dev/durable.ts";
import { ACCOUNT_COUNT, MNEMONIC } from "../dev/mnemonic.ts";
import type { PortWish } from "../dev/ports.ts";
import { onPorts } from "../dev/ports.ts";
import { CREDENTIALS_FILE } from "./client.ts";

export interface PlatformSessionOptions {
  readonly ports: { readonly platform: PortWish; readonly l1: PortWish; readonly beacon: PortWish };
  /** False: only the networks given. */
  readonly development: boolean;
  readonly networks: readonly NetworkInput[];
  readonly store?: StoreOptions;
  readonly masterPassword?: string;
  readonly publicUrl?: string;
  readonly consoleDir?: string;
  readonly l1BlockTimeSeconds: number;
  readonly mail?: PlatformOptions["mail"];
  readonly allowPrivateAddresses?: boolean;
  readonly version: string;
}

export interface PlatformSession {
  readonly platform: Platform;
  readonly signInUrl: string;
  readonly l1: string | null;
  /** Rejects when the development L1 has ended. */
  readonly failed: Promise<never>;
  /** The first rollup's endpoint, once it runs; null where there is none. */
  firstRollup(signal: AbortSignal): Promise<string | null>;
  close(): Promise<void>;
}

const L1_CHAIN_ID = 31337;
const CATCH_UP_MAX_SECONDS = 10;
const LOCAL_TOKEN = "local command line";
const FIRST_ROLLUP_TIMEOUT_MS = 60_000;
const NEVER = new Promise<never>(() => {});

/** Where `npm run setup` leaves the console's build. */
export function builtConsole(): string | undefined {
  const directory = fileURLToPath(new URL("../../../console/dist", import.meta.url));
  return existsSync(join(directory, "index.html")) ? directory : undefined;
}

/** Where `npm run setup` leaves the documentation. */
function builtDocs(): string | undefined {
  const directory = fileURLToPath(new URL("../../../docs/dist", import.meta.url));
  return existsSync(join(directory, "index.html")) ? directory : undefined;
}

/** Boots the development L1, its blob archive, and the control plane; `close` takes them down in mirror order. */
export async function startPlatformSession(
  options: PlatformSessionOptions,
  dependencies: {
    readonly dataDir: DataDir;
    readonly log: Logger;
    readonly onProgress: (text: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<PlatformSession> {
  const { dataDir, log, onProgress, signal } = dependencies;
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const networks = [...options.networks];
    let l1: string | null = null;
    let failed = NEVER;
    if (options.development) {
      onProgress("starting the L1");
      const anvil = await onPorts({ l1: options.ports.l1 }, ({ l1: l1Port }) =>
        startAnvil(
          {
            directory: dataDir.l1,
            port: l1Port,
            chainId: L1_CHAIN_ID,
            blockTimeSeconds: options.l1BlockTimeSeconds,
            mnemonic: MNEMONIC,
            accounts: ACCOUNT_COUNT,
            catchUpMaxSeconds: CATCH_UP_MAX_SECONDS,
          },
          { log: log.child("anvil") },
        ),
      );
      closers.push(() => anvil.stop());
      signal.throwIfAborted();
      // A new chain's genesis lies a while back; its first block is of now.
      if (anvil.resumed === undefined) await anvil.mine();
      const clockOffsetMs = await anvil.startClock({ blocks: false });
      const clock = startL1Clock({
        url: anvil.url,
        blockTimeSeconds: options.l1BlockTimeSeconds,
        offsetMs: clockOffsetMs,
      });
      closers.push(() => clock.close());
      const blobs = await onPorts({ beacon: options.ports.beacon }, ({ beacon }) =>
        startBeaconFacade(
          {
            l1Url: anvil.url,
            blobsUrl: anvil.url,
            addressing: "block-number",
            directory: join(dataDir.l1, "blobs"),
            port: beacon,
            startBlock: 0,
          },
          { kzg, clock: new SystemClock({ offsetMs: clockOffsetMs }), log: log.child("beacon") },
        ),
      );
      closers.push(() => blobs.catchUp().catch(() => {}));
      closers.push(() => blobs.close());
      l1 = anvil.url;
      failed = anvil.failed;
      networks.push({
        id: "development",
        name: "Development L1",
        chainId: L1_CHAIN_ID,
        rpcUrl: anvil.url,
        beaconUrl: blobs.url,
        development: true,
        blockTimeSeconds: options.l1BlockTimeSeconds,
        clockOffsetMs,
      });
    }
    signal.throwIfAborted();
    onProgress("starting the platform");
    const { store, masterPassword, publicUrl, consoleDir, mail, allowPrivateAddresses = false, version } = options;
    const directory = join(dataDir.root, "platform");
    const docsDir = builtDocs();
    const platform = await onPorts({ platform: options.ports.platform }, ({ platform: port }) =>
      startPlatform(
        {
          dataDir: directory,
          networks,
          port,
          version,
          ...(store === undefined ? {} : { store }),
          ...(masterPassword === undefined ? {} : { masterPassword }),
          ...(publicUrl === undefined ? {} : { publicUrl }),
          ...(consoleDir === undefined ? {} : { consoleDir }),
          ...(docsDir === undefined ? {} : { docsDir }),
          ...(mail === undefined ? {} : { mail }),
          allowPrivateAddresses,
        },
        { log: log.child("platform") },
      ),
    );
    closers.push(() => platform.close());
    const team = await localTeam(platform);
    await writeCredentials(platform, { directory, ...team });
    const first = options.development ? await ensureFirstRollup(platform, team) : null;
    return {
      platform,
      signInUrl: await platform.signInLink(),
      l1,
      failed,
      firstRollup: (until) => endpointOf(platform, first, until),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface LocalTeam {
  readonly teamId: string;
  readonly userId: string;
}

async function localTeam({ services: { people } }: Platform): Promise<LocalTeam> {
  const user = await people.localUser();
  const [team] = await people.teamsOf(user.id);
  return { userId: user.id, teamId: team?.id ?? (await people.createTeam({ name: "My team", userId: user.id })).id };
}

/** Lets commands on this machine speak to the control plane: a new token each start, in a file of its owner only. */
async function writeCredentials(
  platform: Platform,
  { directory, teamId, userId }: LocalTeam & { readonly directory: string },
): Promise<void> {
  const { credentials } = platform.services;
  for (const { id, name } of await credentials.tokens(teamId)) {
    if (name === LOCAL_TOKEN) await credentials.revokeToken(teamId, id);
  }
  const { token } = await credentials.createToken({
    teamId,
    name: LOCAL_TOKEN,
    role: "owner",
    createdBy: userId,
    ttlMs: null,
  });
  await writeDurably(join(directory, CREDENTIALS_FILE), `${JSON.stringify({ url: platform.url, token })}\n`);
}

/** A platform that never had a rollup begins with one. */
async function ensureFirstRollup(platform: Platform, { teamId, userId }: LocalTeam): Promise<string | null> {
  const { rollups, reconciler } = platform.services;
  const oldest = (await rollups.list(teamId, { limit: 100 })).at(-1);
  if (oldest !== undefined) return oldest.desired === "running" ? oldest.id : null;
  const spec = { ...exampleSpec(), name: "first-rollup", chain: { chainId: 42069, blockTimeSeconds: 1 } };
  const { id } = await rollups.create({ teamId, spec, authorId: userId });
  reconciler.kick(id);
  return id;
}

async function endpointOf(platform: Platform, id: string | null, signal: AbortSignal): Promise<string | null> {
  const deadline = performance.now() + FIRST_ROLLUP_TIMEOUT_MS;
  while (id !== null && performance.now() < deadline && !signal.aborted) {
    const { phase } = await platform.services.rollups.get(id);
    if (phase === "running") return platform.services.runtime.running(id)?.endpoints.rpc ?? null;
    await sleep(50);
  }
  return null;
}
