import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { NetworkInput, Platform, PlatformOptions, RuntimeKind, StoreOptions } from "@altlayer/raas";

import type { Logger } from "@altlayer/rollup";
import type { TestAccount } from "../dev/accounts.ts";
import { startAnvil } from "../dev/anvil.ts";
import type { DataDir } from "../dev/data-dir.ts";
import { writeDurably } from "../dev/durable.ts";
import { ACCOUNT_COUNT, MNEMONIC } from "../dev/mnemonic.ts";
import type { PortWish } from "../dev/ports.ts";
import { choosePort, onPorts } from "../dev/ports.ts";
import { CREDENTIALS_FILE, type LocalAccess } from "./client.ts";
import { copyL1 } from "./copy-l1.ts";
import type { FirstRollup, LocalTeam } from "./first-rollup.ts";

export interface PlatformSessionOptions {
  readonly ports: {
    readonly platform: PortWish;
    readonly l1: PortWish;
    readonly beacon: PortWish;
    /** Of the first rollup, where it is made now. */
    readonly rpc: PortWish;
    readonly flashblocks: PortWish;
  };
  /** False: only the networks given. */
  readonly development: boolean;
  readonly networks: readonly NetworkInput[];
  readonly store?: StoreOptions;
  readonly masterPassword?: string;
  readonly publicUrl?: string;
  readonly trustedProxies?: PlatformOptions["trustedProxies"];
  readonly consoleDir?: string;
  readonly runtime: RuntimeKind;
  /** Keys and rollups' data, which other control planes on the same store reach too. */
  readonly sharedDir?: string;
  readonly l1BlockTimeSeconds: number;
  readonly mail?: PlatformOptions["mail"];
  readonly allowPrivateAddresses?: boolean;
  readonly version: string;
}

export interface PlatformReady {
  readonly url: string;
  readonly signInUrl: string;
  /** The development L1; null without. */
  readonly l1: {
    readonly rpc: string;
    readonly beacon: string;
    readonly chainId: number;
    readonly clockBehindSeconds: number;
  } | null;
  readonly accounts: readonly TestAccount[];
  readonly dataDir: string;
  readonly resumed: boolean;
}

export interface PlatformSession {
  readonly platform: Platform;
  readonly ready: PlatformReady;
  /** Rejects when the development L1 has ended. */
  readonly failed: Promise<never>;
  /** The first rollup, once it runs; null where there is none. */
  firstRollup(signal: AbortSignal): Promise<FirstRollup | null>;
  /** RPC of the first rollup as long as it runs. */
  readonly firstRpc: () => string | null;
  close(): Promise<void>;
}

const L1_CHAIN_ID = 31337;
const CATCH_UP_MAX_SECONDS = 10;
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
    const loading = import("./parts.ts");
    // Whoever awaits the result hears of the failure; until then it must not count as unhandled.
    loading.catch(() => {});
    const networks = [...options.networks];
    let l1: PlatformReady["l1"] = null;
    let resumed = false;
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
      resumed = anvil.resumed !== undefined;
      const { startBeaconFacade, startL1Clock, SystemClock, kzg } = await loading;
      signal.throwIfAborted();
      // A new chain's genesis lies a while back; its first block is of now.
      if (!resumed) await anvil.mine();
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
            trustRpc: true,
          },
          { kzg, clock: new SystemClock({ offsetMs: clockOffsetMs }), log: log.child("beacon") },
        ),
      );
      closers.push(() => blobs.catchUp().catch(() => {}));
      closers.push(() => blobs.close());
      const clockBehindSeconds = Math.round(Math.max(0, -clockOffsetMs) / 1000);
      l1 = { rpc: anvil.url, beacon: blobs.url, chainId: L1_CHAIN_ID, clockBehindSeconds };
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
    const parts = await loading;
    signal.throwIfAborted();
    onProgress("starting the platform");
    const {
      store,
      masterPassword,
      publicUrl,
      trustedProxies,
      consoleDir,
      mail,
      allowPrivateAddresses = false,
      runtime,
      version,
    } = options;
    const directory = join(dataDir.root, "platform");
    const docsDir = builtDocs();
    const platform = await onPorts({ platform: options.ports.platform }, ({ platform: port }) =>
      parts.startPlatform(
        {
          dataDir: options.sharedDir ?? directory,
          networks,
          copyL1,
          port,
          runtime,
          version,
          ...(store === undefined ? {} : { store }),
          ...(masterPassword === undefined ? {} : { masterPassword }),
          ...(publicUrl === undefined ? {} : { publicUrl }),
          ...(trustedProxies === undefined ? {} : { trustedProxies }),
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
    const ports = async () => {
      const rpc = await choosePort(options.ports.rpc);
      return { rpc, flashblocks: await choosePort(options.ports.flashblocks, new Set([rpc])) };
    };
    const first = options.development ? await parts.ensureFirstRollup({ ...team, ports }, platform) : null;
    return {
      platform,
      ready: {
        url: platform.url,
        signInUrl: await platform.signInLink(),
        l1,
        accounts: options.development ? parts.userAccounts() : [],
        dataDir: dataDir.root,
        resumed,
      },
      failed,
      firstRollup: (until) => parts.firstRollup(first, platform, until),
      firstRpc: () => (first === null ? null : (platform.services.runtime.running(first)?.endpoints.rpc ?? null)),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
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
  // By its place: another control plane on this store has one of its own.
  const place = createHash("sha256").update(`${hostname()}:${directory}`).digest("hex").slice(0, 8);
  const tokenName = `local command line ${place}`;
  for (const { id, name } of await credentials.tokens(teamId)) {
    if (name === tokenName) await credentials.revokeToken(teamId, id);
  }
  const { token } = await credentials.createToken({
    teamId,
    name: tokenName,
    role: "owner",
    createdBy: userId,
    ttlMs: null,
  });
  // Not there yet where keys and rollups' data are shared.
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const access: LocalAccess = { url: platform.url, token, linkSecret: platform.services.signIn.secret };
  await writeDurably(join(directory, CREDENTIALS_FILE), `${JSON.stringify(access)}\n`);
}
