// Size: the composition root of a node, in the order of its boot; what it composes lies in the other files of this folder.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type {
  Engine,
  EngineOptions,
  ExecutionPayload,
  GenesisFile,
  InstallSnapshotOptions,
  SnapshotInfo,
} from "@altlayer/engine";
import type { MachOperatorOptions } from "@altlayer/mach";
import { DerivationPipeline, type RollupConfig } from "@altlayer/protocol";
import { decompress } from "@altlayer/protocol/compression";
import type { Registry } from "prom-client";
import { startAdminServer } from "../admin/server.ts";
import { Batcher } from "../batcher/batcher.ts";
import { BEACON_API_DEFAULTS, BeaconApi } from "../beacon/beacon-api.ts";
import { type Clock, SystemClock } from "../clock.ts";
import type { NodeConfig } from "../config/node-config.ts";
import { DerivationDriver } from "../derivation/driver.ts";
import { L1Data } from "../derivation/l1-data.ts";
import { L2Chain } from "../derivation/l2-chain.ts";
import { SafeHeadStore } from "../derivation/safe-head-store.ts";
import { describeError } from "../errors.ts";
import { BeaconBlobSource } from "../l1/blob-source.ts";
import { HeadWatcher } from "../l1/head-watcher.ts";
import { type KeyReference, loadAccount, type ProvidedAccount } from "../l1/keys.ts";
import type { Kzg } from "../l1/kzg.ts";
import { L1Client } from "../l1/l1-client.ts";
import { RoleTransactions } from "../l1/role-transactions.ts";
import { JSON_RPC_DEFAULTS, JsonRpcClient } from "../l1/rpc-client.ts";
import type { SharedL1 } from "../l1/shared-l1.ts";
import { createLogger, type Logger } from "../log.ts";
import { observeEngine } from "../metrics/observe-engine.ts";
import { NodeMetrics } from "../metrics/registry.ts";
import { requestObserver } from "../metrics/request-classes.ts";
import type { MetricsServer } from "../metrics/server.ts";
import { Mutex } from "../mutex.ts";
import { Proposer } from "../proposer/proposer.ts";
import { startEngineApiServer } from "../rpc/engine-api/server.ts";
import type { RpcDependencies } from "../rpc/providers.ts";
import { type RpcServer, startRpcServer } from "../rpc/server.ts";
import type { SequencerControl } from "../sequencer/control.ts";
import type { Sequencer } from "../sequencer/sequencer.ts";
import type { WindowGuard } from "../sequencer/window-guard.ts";
import { CertificationPoints, DEFAULT_MARK_MS } from "../slices/certification-points.ts";
import { SliceFeed } from "../slices/slice-feed.ts";
import type { SliceFollower } from "../slices/slice-follower.ts";
import type { SliceStream } from "../slices/stream-server.ts";
import { beginFromSnapshot } from "../snapshot/begin.ts";
import { createSnapshot } from "../snapshot/create.ts";
import { takeCommand } from "./command.ts";
import { requireKnownFormat } from "./data-format.ts";
import { drain } from "./drain.ts";
import { keepForkSchedule, requireSameSchedule } from "./fork-schedule.ts";
import type { GossipService } from "./gossip.ts";
import type { NodeMach } from "./mach.ts";
import { startMonitoring } from "./monitoring.ts";
import { RotatingSigner } from "./rotating-signer.ts";
import { makeSequencing, type Sequencing } from "./sequencing.ts";
import { followedSlices, startSlices } from "./slices.ts";
import {
  chainConfigOf,
  closeAll,
  forwarder,
  keccakBytes,
  nodeInfo,
  openEngineOf,
  readJwtSecret,
  requireChain,
  requireConfirmed,
  requireGenesis,
  rpcOptions,
} from "./support.ts";
import { syncProgress } from "./sync-progress.ts";
import { optimismProvider } from "./sync-status.ts";
import { watchUnsafeSigner } from "./unsafe-signer.ts";

export interface RollupNodeOptions {
  readonly config: NodeConfig;
  readonly rollup: RollupConfig;
  /** go-ethereum's genesis.json: its text, or where it lies, for a node with an embedded engine. */
  readonly genesisJson: string | GenesisFile;
  /** As `web3_clientVersion` tells it. */
  readonly clientVersion: string;
}

export interface RollupNodeDependencies {
  readonly openEngine: (options: EngineOptions) => Promise<Engine>;
  /** Needed to read or send blobs. */
  readonly kzg: Kzg | null;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Signs MACH's messages as that operator, instead of the one that the configuration names. */
  readonly machOperator?: MachOperatorOptions;
  /** The L1 of the configuration's URL, where several nodes of this process read it. */
  readonly sharedL1?: SharedL1;
  /** Needed to begin from a snapshot. */
  readonly installSnapshot?: (options: InstallSnapshotOptions) => Promise<SnapshotInfo>;
  /** Holds the keys that the configuration calls `provided`. */
  readonly providedAccount?: ProvidedAccount;
  /** `createProcessMetrics()`, once in a process: served with this node's own. */
  readonly processMetrics?: Registry;
}

/**
 * One rollup's node: an object with its own data directory, ports and lifetime. `start` reads as its boot story,
 * `close` undoes it in mirror order.
 */
export class RollupNode {
  readonly engine: Engine;
  readonly driver: DerivationDriver | null;
  readonly sequencer: Sequencer | null;
  /** Starts and stops sequencing by command. */
  readonly control: SequencerControl | null;
  /** Of a sequencer: how far lagging batches have used up the sequencing window. */
  readonly windowGuard: WindowGuard | null;
  readonly batcher: Batcher | null;
  readonly proposer: Proposer | null;
  readonly watcher: HeadWatcher;
  readonly rpc: RpcServer | null;
  readonly engineApi: RpcServer | null;
  readonly gossip: GossipService | null;
  readonly flashblocks: SliceStream | null;
  readonly sliceFollower: SliceFollower | null;
  /** Of a node with `mach`. */
  readonly mach: NodeMach | null;
  readonly metrics: MetricsServer | null;
  readonly #rotateKeys: () => Promise<void>;
  readonly #closers: readonly (() => Promise<void> | void)[];
  #closed: Promise<void> | null = null;

  private constructor(parts: NodeParts) {
    this.engine = parts.engine;
    this.driver = parts.driver;
    this.sequencer = parts.sequencer;
    this.control = parts.control;
    this.windowGuard = parts.windowGuard;
    this.batcher = parts.batcher;
    this.proposer = parts.proposer;
    this.watcher = parts.watcher;
    this.rpc = parts.rpc;
    this.engineApi = parts.engineApi;
    this.gossip = parts.gossip;
    this.flashblocks = parts.flashblocks;
    this.sliceFollower = parts.sliceFollower;
    this.mach = parts.mach;
    this.metrics = parts.metrics;
    this.#rotateKeys = parts.rotateKeys;
    this.#closers = parts.closers;
  }

  /** Boots; whatever fails on the way undoes what stands already. */
  static async start(options: RollupNodeOptions, dependencies: RollupNodeDependencies): Promise<RollupNode> {
    const closers: (() => Promise<void> | void)[] = [];
    try {
      return new RollupNode(await boot(options, dependencies, closers));
    } catch (error) {
      await closeAll(closers);
      throw error;
    }
  }

  /**
   * Asks for the keys of batcher, proposer and sequencer again, and goes on with those: no block is missed. Accounts in
   * between are the caller's business: a key must be what the L1 accepts.
   */
  rotateKeys(): Promise<void> {
    return this.#rotateKeys();
  }

  close(): Promise<void> {
    this.#closed ??= closeAll(this.#closers);
    return this.#closed;
  }
}

interface NodeParts extends Omit<RollupNode, "close"> {
  readonly closers: readonly (() => Promise<void> | void)[];
}

async function boot(
  options: RollupNodeOptions,
  dependencies: RollupNodeDependencies,
  closers: (() => Promise<void> | void)[],
): Promise<NodeParts> {
  const { config, rollup, genesisJson, clientVersion } = options;
  const { kzg, openEngine } = dependencies;
  const clock = dependencies.clock ?? new SystemClock({ offsetMs: config.clockOffsetMs });
  const log = dependencies.log ?? createLogger({ level: config.logLevel });
  const { dataDir } = config;
  await mkdir(dataDir, { recursive: true });
  await requireKnownFormat({ dataDir, clientVersion });

  const { url, timeoutMs, maxResponseBytes, attempts } = config.l1;
  const rpcClient = new JsonRpcClient(
    { ...JSON_RPC_DEFAULTS, url, timeoutMs, maxResponseBytes, attempts },
    { clock, log: log.child("l1") },
  );
  closers.push(() => rpcClient.close());
  const { sharedL1 } = dependencies;
  const leaving = new AbortController();
  const l1 = sharedL1?.readerFor(leaving.signal) ?? new L1Client({ verify: !config.l1.trustRpc }, { rpc: rpcClient });
  await requireChain(l1, rollup);
  const l1Data = new L1Data({ rollup, blobSchedule: config.l1.blobSchedule }, { l1 });
  const watcher = sharedL1?.watcher ?? new HeadWatcher(config.l1, { l1, clock, log: log.child("l1") });
  const { beacon } = config.l1;
  const servers = beacon?.urls.map((server) => new BeaconApi({ ...BEACON_API_DEFAULTS, url: server })) ?? [];
  const blobs = beacon && kzg ? new BeaconBlobSource({ addressing: beacon.addressing }, { servers, kzg }) : null;

  const engineDir = join(dataDir, "engine");
  const snapshot = await beginFromSnapshot(
    { snapshot: config.snapshot, dataDir, engineDir, genesisJson, rollup },
    { install: dependencies.installSnapshot ?? null, l1: rpcClient, log: log.child("snapshot") },
  );
  requireConfirmed(config, snapshot);
  const opened = await openEngineOf({ config, genesisJson, engineDir }, { openEngine, clock, log });
  closers.push(() => opened.close());
  const ownMetrics = config.metrics ? new NodeMetrics() : null;
  const engine = ownMetrics ? observeEngine(opened, ownMetrics) : opened;
  requireGenesis(engine, rollup);
  requireSameSchedule(engine, rollup);
  await keepForkSchedule(rollup, { dataDir, headTimestamp: engine.heads().unsafe.timestamp });
  const l2 = new L2Chain({ rollup }, { engine });
  const headLock = new Mutex();

  // A consensus client of one's own (op-node) derives and sequences: this node only executes.
  const driven = config.engineApi !== undefined;
  const store = new SafeHeadStore({ directory: dataDir, maxEntries: 50_000 }, { log: log.child("derivation") });
  await store.open();
  closers.push(() => store.close());
  let mach: NodeMach | null = null;
  const driver = driven
    ? null
    : new DerivationDriver(
        // The watcher tells of every change of the L1: the polls are a safeguard.
        {
          rollup,
          confirmations: config.derivation.confirmations,
          idleMs: Math.max(1_000, config.l1.pollMs),
          maxBackoffMs: 10_000,
        },
        {
          engine,
          pipeline: new DerivationPipeline({ config: rollup }, { keccak256: keccakBytes, decompress }),
          l1,
          l1Data,
          l2,
          watcher,
          blobs,
          store,
          snapshot,
          certified: () => mach?.branch ?? null,
          headLock,
          clock,
          log: log.child("derivation"),
        },
      );

  const slices = new SliceFeed({ engine });
  closers.push(() => slices.close());
  let control: SequencerControl | null = null;
  let gossip: GossipService | null = null;
  let followed: SliceFollower | null = null;
  const startingBlock = engine.heads().unsafe.number;
  const syncing = () =>
    driver === null
      ? false
      : syncProgress(
          { startingBlock, unsafe: engine.heads().unsafe, l1: watcher.heads?.latest ?? null },
          {
            blockTime: rollup.blockTime,
            idle: driver.status.idle,
          },
        );
  let sequencing: Sequencing | null = null;
  const rpcDependencies: RpcDependencies = {
    engine,
    ...(config.sequencer?.idleMs ? { current: async () => sequencing?.idle?.current() } : {}),
    ...(config.sequencer ? { sequencer: { control: () => control, commands: config.rpc?.admin ?? false } } : {}),
    slices,
    node: nodeInfo(
      { chainConfig: await chainConfigOf(engine, genesisJson), clientVersion, rollup },
      { engine, gossip: () => gossip, syncing },
    ),
    optimism: optimismProvider({ rollup }, { engine, driver, l2, watcher }),
    ...(config.mach && !driven ? { mach: () => mach?.provider ?? null } : {}),
    ...(config.forwardTo === undefined
      ? {}
      : { forward: forwarder(config.forwardTo, { clock, log }), forwards: () => control?.active !== true }),
    ...(ownMetrics ? { observe: requestObserver(ownMetrics.metrics.rpcDuration) } : {}),
    onInternalError: ({ method, error }) => log.error("rpc failed", { method, error: describeError(error) }),
  };
  const rpc = config.rpc && (await startRpcServer(rpcOptions(config.rpc), rpcDependencies));
  if (rpc) closers.push(() => rpc.close());
  const engineApi = config.engineApi
    ? await startEngineApiServer(
        {
          listen: { host: config.engineApi.host, port: config.engineApi.port },
          jwtSecret: await readJwtSecret(config.engineApi.jwtSecretFile),
          clientVersion: { code: "AL", name: "altlayer", version: clientVersion, commit: "00000000" },
        },
        { ...rpcDependencies, now: () => clock.nowMs() },
      )
    : null;
  if (engineApi) closers.push(() => engineApi.close());

  if (!sharedL1) {
    watcher.start();
    closers.push(() => watcher.close());
  }
  driver?.start();
  if (driver) closers.push(() => driver.close());

  const points = new CertificationPoints({ markMs: config.flashblocks?.markMs ?? DEFAULT_MARK_MS }, { engine, clock });
  closers.push(() => points.close());

  const signer = config.sequencer?.signer
    ? new RotatingSigner(await loadAccount(config.sequencer.signer, dependencies.providedAccount))
    : null;
  const unsafeSigner =
    (config.gossip && driver) || followedSlices(config) !== undefined
      ? await watchUnsafeSigner({ rollup }, { l1: rpcClient, log })
      : null;
  if (unsafeSigner) closers.push(() => unsafeSigner.close());
  if (config.mach && driver) {
    const { startNodeMach } = await import("./mach.ts");
    const started = await startNodeMach(
      { config: config.mach, rollup, dataDir },
      {
        engine,
        driver,
        store,
        watcher,
        feed: slices,
        l1,
        l1Rpc: rpcClient,
        signer: () => signer?.address ?? unsafeSigner?.address ?? null,
        payloadByNumber: async (number) => (await gossip?.node.requestPayload(number)) ?? null,
        histories: async (height) => (await gossip?.node.requestHistories(height)) ?? [],
        openBlock: async (parent, take) => (await gossip?.node.requestOpenBlock(parent, take)) ?? null,
        operator: dependencies.machOperator ?? null,
        clock,
        log: log.child("mach"),
      },
    );
    mach = started;
    closers.push(() => started.close());
    if (config.sequencer) points.listen((point) => started.chain.mark(point));
  }
  const witness = mach?.chain ?? null;
  if (config.gossip && driver && unsafeSigner) {
    // Loaded on demand: libp2p is a third of all modules, and a node that does not gossip starts without them.
    const { startGossipService } = await import("./gossip.ts");
    gossip = await startGossipService(
      { config: config.gossip, dataDir, rollup },
      {
        engine,
        insert: async (payload) => {
          const status = await driver.insertUnsafe(payload);
          if (status.status === "INVALID") await mach?.chain.judge(payload);
          return status;
        },
        signed: (payload) => witness?.signed(payload.blockHash),
        unsafeBlockSigner: () => unsafeSigner.address,
        openBlock: (parentHash) => followed?.openBlock(parentHash) ?? null,
        history: async (height) => (await mach?.chain.history.upTo(height)) ?? null,
        previousBlockSigner: () => unsafeSigner.previous,
        signer,
        clock,
        log: log.child("gossip"),
      },
    );
    const service = gossip;
    closers.push(() => service.close());
  }

  const {
    stream: flashblocks,
    follower: sliceFollower,
    kept,
  } = await startSlices(
    { config, rollup, dataDir },
    { engine, driver, feed: slices, signer, unsafeSigner, points, witness, clock, log: log.child("slices") },
  );
  followed = sliceFollower;
  if (flashblocks) closers.push(() => flashblocks.close());
  if (kept) closers.push(() => kept.close());
  if (sliceFollower) closers.push(() => sliceFollower.close());

  const managers = new Map<"batcher" | "proposer", RoleTransactions>();
  const manager = async (kind: "batcher" | "proposer", settings: NonNullable<NodeConfig["batcher" | "proposer"]>) => {
    const { resubmissionMs, minTipWei, maxFeePerGasWei, maxFeePerBlobGasWei } = settings.transactions;
    const transactions = await RoleTransactions.start(
      {
        chainId: rollup.l1ChainId,
        directory: join(dataDir, `${kind}-transactions`),
        pollMs: Math.min(settings.pollMs, 1_000),
        resubmissionMs,
        fees: { minTipWei, maxFeePerGasWei, maxFeePerBlobGasWei },
        reorgBlocks: 64,
      },
      {
        account: await loadAccount(settings.key, dependencies.providedAccount),
        rpc: rpcClient,
        clock,
        log: log.child(kind),
        kzg,
      },
    );
    closers.push(() => transactions.close());
    managers.set(kind, transactions);
    return transactions;
  };

  let batcher: Batcher | null = null;
  if (config.batcher && driver) {
    const { key: _key, transactions: _transactions, ...settings } = config.batcher;
    batcher = new Batcher(
      { ...settings, rollup, derivationConfirmations: config.derivation.confirmations },
      {
        engine,
        driver,
        l2,
        l1,
        l1Data,
        watcher,
        transactions: await manager("batcher", config.batcher),
        certified: mach?.branch ?? null,
        clock,
        log: log.child("batcher"),
      },
    );
    const started = batcher;
    closers.push(() => started.close());
  }

  if (config.sequencer && driver) {
    const network = gossip;
    const publish =
      network && config.sequencer.signer ? (payload: ExecutionPayload) => network.node.publish(payload) : null;
    const made = makeSequencing(
      { config: config.sequencer, rollup },
      {
        engine,
        driver,
        l1,
        l1Data,
        l2,
        watcher,
        headLock,
        clock,
        log: log.child("sequencer"),
        batcherThrottle: () => batcher?.throttle ?? null,
        witness,
        recover: mach?.recover ?? null,
        publish,
        watched: () => (rpc?.subscriptions ?? 0) > 0,
      },
    );
    sequencing = made;
    closers.push(async () => {
      made.close();
      await made.sequencer.close();
      await made.lease?.release();
    });
  }
  const { sequencer, windowGuard, lease } = sequencing ?? { sequencer: null, windowGuard: null, lease: null };

  let proposer: Proposer | null = null;
  if (config.proposer && driver) {
    const { key: _key, transactions: _transactions, ...settings } = config.proposer;
    proposer = new Proposer(settings, {
      engine,
      rpc: rpcClient,
      transactions: await manager("proposer", config.proposer),
      keccak256: keccakBytes,
      clock,
      log: log.child("proposer"),
    });
    const started = proposer;
    closers.push(() => started.close());
  }

  const command = takeCommand(
    { config },
    { engine, sequencer, lease, batcher, proposer, follower: sliceFollower, clock, log: log.child("sequencer") },
  );
  control = command.control;
  closers.push(() => command.close());

  const rotateKeys = async () => {
    const load = (key: KeyReference) => loadAccount(key, dependencies.providedAccount);
    if (signer && config.sequencer?.signer) signer.rotate(await load(config.sequencer.signer));
    for (const [role, transactions] of managers) {
      const key = config[role]?.key;
      if (key) await transactions.rotate(await load(key));
    }
  };

  if (config.engine.kind === "embedded") {
    const admin = await startAdminServer(
      { dataDir },
      {
        handlers: {
          snapshot: ({ path, block }) => createSnapshot({ path, block, rollup }, { engine, l2 }),
          rotateKeys,
          drain: ({ timeoutMs }) => drain({ timeoutMs }, { engine, sequencer, batcher, clock }),
        },
        log: log.child("admin"),
      },
    );
    if (admin) closers.push(() => admin.close());
  }

  let metrics: MetricsServer | null = null;
  if (config.metrics && ownMetrics) {
    const parts = {
      snapshot,
      engine,
      driver,
      sequencer,
      windowGuard,
      batcher,
      proposer,
      watcher,
      rpc,
      gossip,
      sliceFollower,
      mach,
    };
    const started = await startMonitoring(
      { metrics: config.metrics, clientVersion, idleMs: config.sequencer?.idleMs ?? 0 },
      {
        own: ownMetrics,
        process: dependencies.processMetrics ?? null,
        node: { ...parts, dataDir, rollup, clock, l1: rpcClient, transactions: managers },
        log,
      },
    );
    metrics = started;
    closers.push(() => started.close());
  }

  // Closed first: whoever waits for a silent L1 is let go, so that all the others close at once.
  closers.push(() => {
    rpcClient.close();
    leaving.abort();
  });

  log.info("node started", {
    l2ChainId: rollup.l2ChainId,
    rpc: rpc?.httpUrl,
    metrics: metrics?.url,
    head: engine.heads().unsafe.number,
  });
  return {
    engine,
    driver,
    sequencer,
    control,
    windowGuard,
    batcher,
    proposer,
    watcher,
    rpc,
    engineApi,
    gossip,
    flashblocks,
    sliceFollower,
    mach,
    metrics,
    rotateKeys,
    closers,
  };
}
