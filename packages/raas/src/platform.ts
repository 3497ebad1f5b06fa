import { join } from "node:path";
import type { Logger } from "@altlayer/rollup";
import { type AlarmTuning, createAlarms } from "./alarms/alarms.ts";
import type { MailOptions } from "./alarms/mail.ts";
import { Presenter } from "./api/present.ts";
import { createApiServer } from "./api/server.ts";
import type { Services } from "./api/services.ts";
import { AttachedRuntime } from "./attach/attached-runtime.ts";
import { LocalSignIn } from "./auth/local-sign-in.ts";
import { Drills } from "./drill/drills.ts";
import type { CopyL1 } from "./drill/isolated-l1.ts";
import { EventHub } from "./events.ts";
import { Explorer } from "./explorer/explorer.ts";
import { Faucet } from "./faucet.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { LiveView } from "./live.ts";
import { LogBook } from "./log-book.ts";
import { Ledger } from "./money/ledger.ts";
import { Money } from "./money/money.ts";
import type { NetworkInput } from "./networks.ts";
import { Networks } from "./networks.ts";
import { ANYWHERE, PUBLIC_ONLY } from "./outbound/addresses.ts";
import { Outbound } from "./outbound/outbound.ts";
import { Planner } from "./planner.ts";
import { Reconciler } from "./reconciler.ts";
import { Rotations } from "./rotation/rotations.ts";
import { InProcessRuntime } from "./runtime/in-process.ts";
import { ProcessRuntime } from "./runtime/process/process-runtime.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { KeyRotations } from "./secrets/key-rotations.ts";
import { KeyStore } from "./secrets/key-store.ts";
import { openVault } from "./secrets/vault.ts";
import { Snapshots } from "./snapshots/snapshots.ts";
import { makeActions } from "./steps/actions.ts";
import { AttachmentStore } from "./store/attachments.ts";
import { CredentialStore } from "./store/credentials.ts";
import type { StoreOptions } from "./store/database.ts";
import { openDatabase } from "./store/database.ts";
import { DrillStore } from "./store/drills.ts";
import { Outbox } from "./store/outbox.ts";
import { PeopleStore } from "./store/people.ts";
import { Records } from "./store/records.ts";
import { RollupStore } from "./store/rollups.ts";
import { SpendingStore } from "./store/spending.ts";
import { VerifiedStore } from "./store/verified.ts";
import { StoreWatch } from "./store-watch.ts";
import { Compiler } from "./verify/compiler.ts";
import { Verification } from "./verify/verification.ts";

export const RUNTIMES = ["in-process", "process"] as const;
export type RuntimeKind = (typeof RUNTIMES)[number];

export interface PlatformOptions {
  /**
   * Keys, rollups' data, and the store unless it is elsewhere. One process at a time, but with a PostgreSQL: then control
   * planes share it.
   */
  readonly dataDir: string;
  readonly store?: StoreOptions;
  readonly networks: readonly NetworkInput[];
  readonly host?: string;
  /** 0 for a free one. */
  readonly port: number;
  /** Origin under which browsers reach us, where that is not this machine. */
  readonly publicUrl?: string;
  readonly consoleDir?: string;
  readonly docsDir?: string;
  /** Protects the master key; without it the key lies in the data directory. */
  readonly masterPassword?: string;
  /** Makes the copies of settlement networks that drills play on; without it those drills are refused. */
  readonly copyL1?: CopyL1;
  /** How long after the L1 named it a sequencer's new key is used: longer than followers take to look. */
  readonly signerGraceMs?: number;
  /** Of each client's address. */
  readonly requestsPerMinute?: number;
  /** Addresses and ranges (CIDR) of proxies before us, whose `X-Forwarded-For` is believed; without them, nobody's is. */
  readonly trustedProxies?: readonly string[];
  /** The server that takes e-mail alarms; without it there are webhooks only. */
  readonly mail?: MailOptions;
  /** Let customers' URLs (webhooks, RPC of attached chains) name this machine and its network, over plain HTTP too. */
  readonly allowPrivateAddresses?: boolean;
  /** Paces, which only tests change. */
  readonly alarmTuning?: AlarmTuning;
  readonly ledgerEveryMs?: number;
  /** Where nodes run: as objects of this process, which is the default, or in a supervised process per team. */
  readonly runtime?: RuntimeKind;
  readonly version: string;
}

export interface Platform {
  /** Origin of console and API. */
  readonly url: string;
  readonly services: Services;
  /** A link that signs the person at this machine in, once, within ten minutes. */
  signInLink(): Promise<string>;
  close(): Promise<void>;
}

const LEASE_MS = 15_000;
/** No request takes so long. */
const ABANDONED_MS = 15 * 60_000;
const LAUNCH_CONCURRENCY = 4;
const START_CONCURRENCY = 8;
const ROTATION_POLL_MS = 1_000;
/** Followers look at the signer every 30 seconds. */
const SIGNER_GRACE_MS = 45_000;
const REQUESTS_PER_MINUTE = 20_000;

/** Boots the control plane: store, secrets, networks, reconciler, API. `close` takes them down in mirror order. */
export async function startPlatform(options: PlatformOptions, { log }: { readonly log: Logger }): Promise<Platform> {
  const { dataDir, version, host = "127.0.0.1" } = options;
  const nowMs = () => Date.now();
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const vault = await openVault({
      file: join(dataDir, "master-key.json"),
      ...(options.masterPassword === undefined ? {} : { password: options.masterPassword }),
    });
    const storeOptions = options.store ?? { kind: "sqlite" as const, file: join(dataDir, "platform.db") };
    const db = await openDatabase(storeOptions);
    closers.push(() => db.destroy());

    const people = new PeopleStore({ nowMs }, { db });
    const credentials = new CredentialStore({ nowMs }, { db });
    const records = new Records({ nowMs }, { db });
    const rollups = new RollupStore({ nowMs }, { db });
    const keys = new KeyStore({ nowMs }, { db, vault });
    const keyRotations = new KeyRotations({ nowMs }, { db, vault, keys });
    const networks = new Networks({ networks: options.networks });
    const events = new EventHub();
    const directoryOf = (id: string) => join(dataDir, "rollups", id);
    const logs = new LogBook({ fileOf: (id) => join(directoryOf(id), "node.log") });

    const own: Runtime =
      options.runtime === "process"
        ? new ProcessRuntime(
            { directory: join(dataDir, "groups"), clientVersion: version },
            { log: log.child("runtime") },
          )
        : new InProcessRuntime({ clientVersion: version }, { log: log.child("l1") });
    const outbound = new Outbound({ policy: options.allowPrivateAddresses === true ? ANYWHERE : PUBLIC_ONLY });
    closers.push(() => outbound.close());
    const attachments = new AttachmentStore({ db, vault });
    const runtime: Runtime = new AttachedRuntime({ own, attachments, networks, outbound });
    const explorer = new Explorer(
      { fileOf: (id) => join(directoryOf(id), "explorer.db") },
      { log: log.child("explorer") },
    );
    const verification = new Verification({ store: new VerifiedStore({ nowMs }, { db }), compiler: new Compiler() });
    closers.push(() => verification.close());
    const snapshots = new Snapshots({ directoryOf, nowMs }, { runtime });
    const planner = new Planner({ nowMs }, { networks, rollups });
    const shared = storeOptions.kind === "postgres";
    const keeper = new LeaseKeeper(
      // Nobody else opens an embedded store: its data directory is locked by the program around us.
      { name: "reconciler", ttlMs: LEASE_MS, exclusive: !shared },
      {
        db,
        log: log.child("lease"),
        onTaken: [() => reconciler.start(), () => drills.start(), async () => rotations.start()],
        onLost: async () => {
          reconciler.pause();
          await explorer.pause();
          await runtime.close();
        },
      },
    );
    const lease = () => keeper.lease;
    const outbox = new Outbox({ nowMs }, { db, lease });
    const actions = makeActions({
      networks,
      keys,
      outbox,
      directoryOf,
      networksDirectory: join(dataDir, "networks"),
      runtime,
      rollups,
      attachments,
      logs,
      explorer,
      snapshots,
      keyRotations,
      log: log.child("steps"),
    });
    const reconciler = new Reconciler(
      { concurrency: LAUNCH_CONCURRENCY, startConcurrency: START_CONCURRENCY, nowMs },
      { rollups, actions, events, lease, log: log.child("reconciler") },
    );

    const spending = new SpendingStore({ db });
    const money = new Money({ nowMs }, { spending, networks });
    const ledger = new Ledger(
      { nowMs, ...(options.ledgerEveryMs === undefined ? {} : { everyMs: options.ledgerEveryMs }) },
      { networks, rollups, spending, explorer, runtime, lease, log: log.child("ledger") },
    );
    const alarms = createAlarms(
      {
        nowMs,
        origin: () => url,
        ...(options.mail === undefined ? {} : { mail: options.mail }),
        ...(options.alarmTuning === undefined ? {} : { tuning: options.alarmTuning }),
      },
      { db, vault, rollups, networks, runtime, live: () => live, money, outbound, lease, log: log.child("alarms") },
    );
    const live = new LiveView({
      runtime,
      networks,
      keys,
      money,
      standing: (rollup) => alarms.watcher.standing(rollup),
    });
    const drillStore = new DrillStore({ nowMs }, { db });
    const drills = new Drills(
      { directory: join(dataDir, "drills"), directoryOf, nowMs },
      {
        store: drillStore,
        rollups,
        snapshots,
        runtime,
        networks,
        events,
        lease,
        copyL1: options.copyL1 ?? null,
        log: log.child("drills"),
      },
    );

    const rotations = new Rotations(
      { nowMs, pollMs: ROTATION_POLL_MS, signerGraceMs: options.signerGraceMs ?? SIGNER_GRACE_MS },
      {
        store: keyRotations,
        rollups,
        networks,
        runtime,
        outbox,
        events,
        lease,
        log: log.child("rotation"),
      },
    );

    const services: Services = {
      version,
      nowMs,
      people,
      credentials,
      records,
      rollups,
      keys,
      keyRotations,
      rotations,
      networks,
      planner,
      reconciler,
      runtime,
      live,
      alarms,
      money,
      spending,
      outbound,
      attachments,
      explorer,
      faucet: new Faucet(),
      verification,
      snapshots,
      drills,
      drillStore,
      logs,
      events,
      present: new Presenter({ runtime, rollups, keys, planner, drillStore, rotations }),
      directoryOf,
      origin: () => url,
      signIn: new LocalSignIn({ nowMs, origin: () => url }, { people }),
    };
    const api = await createApiServer(
      {
        host,
        port: options.port,
        requestsPerMinute: options.requestsPerMinute ?? REQUESTS_PER_MINUTE,
        ...(options.trustedProxies === undefined ? {} : { trustedProxies: options.trustedProxies }),
        ...(options.publicUrl === undefined ? {} : { hosts: [new URL(options.publicUrl).host] }),
        ...(options.consoleDir === undefined ? {} : { consoleDir: options.consoleDir }),
        ...(options.docsDir === undefined ? {} : { docsDir: options.docsDir }),
      },
      { services, log: log.child("api") },
    );
    const listening = await api.listen({ host, port: options.port });
    const url = options.publicUrl ?? listening;
    // The lease is given back when nothing runs for us any more.
    closers.push(() => keeper.close());
    closers.push(() => runtime.close());
    closers.push(() => explorer.close());
    closers.push(() => api.close());
    closers.push(() => reconciler.close());
    if (shared) {
      const watch = new StoreWatch({
        rollups,
        events,
        log: log.child("store"),
        onOrder: (id) => {
          if (keeper.held) reconciler.interrupt(id);
        },
      });
      closers.push(() => watch.close());
    }

    // A request that a crash cut off never answers: whoever asks again may.
    await records.abandonAll(shared ? ABANDONED_MS : 0);
    closers.push(() => drills.close());
    closers.push(() => rotations.close());
    await keeper.start();
    closers.push(() => alarms.close());
    alarms.start();
    closers.push(() => ledger.close());
    ledger.start();
    log.info("platform started", { url });

    return {
      url,
      services,
      signInLink: async () => (await services.signIn.link()).url,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
