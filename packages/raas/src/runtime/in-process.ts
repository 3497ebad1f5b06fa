import { join } from "node:path";
import { engineFingerprint, installSnapshot, kzg, openEngine } from "@altlayer/engine";
import {
  type Logger,
  localAccount,
  loggerTo,
  type NodeConfig,
  parseNodeConfig,
  RollupNode,
  SharedL1,
  SystemClock,
} from "@altlayer/rollup";
import { RaasError } from "../errors.ts";
import type { Network } from "../networks.ts";
import type { Role } from "../secrets/key-store.ts";
import { ROLES } from "../secrets/key-store.ts";
import type { Ports } from "../store/rollup-records.ts";
import { GENESIS_FILE, readRollupConfig } from "./chain-files.ts";
import { nodeConfigOf } from "./node-config.ts";
import { drainOf, rotateKeysOf } from "./orders.ts";
import { bootOnPorts } from "./ports.ts";
import type { Running, RunRequest, Runtime, SnapshotOptions, SnapshotResult } from "./runtime.ts";
import { startService } from "./service.ts";
import { snapshotOf } from "./snapshot.ts";

interface Entry {
  /** Ends operators, keeper and watch. */
  readonly endService: () => Promise<void>;
  readonly running: Running;
  readonly node: RollupNode;
  readonly dataDir: string;
}

/** Rollups as objects of this process: the cheapest way, for one machine whose rollups may share a fate. */
export class InProcessRuntime implements Runtime {
  readonly #clientVersion: string;
  readonly #log: Logger;
  readonly #entries = new Map<string, Entry>();
  /** By network: heads are asked for once for all rollups that settle there, and blocks kept once. */
  readonly #l1s = new Map<string, SharedL1>();
  /** Starts and stops of one rollup follow each other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: { readonly clientVersion: string }, { log }: { readonly log: Logger }) {
    this.#clientVersion = options.clientVersion;
    this.#log = log;
  }

  start(request: RunRequest): Promise<Running> {
    return this.#inTurn(request.id, async () => {
      const known = this.#entries.get(request.id);
      if (known !== undefined) return known.running;
      const entry = await bootOnPorts(request.ports, (ports) => this.#boot(request, ports));
      this.#entries.set(request.id, entry);
      return entry.running;
    });
  }

  stop(id: string): Promise<void> {
    return this.#inTurn(id, async () => {
      const entry = this.#entries.get(id);
      if (entry === undefined) return;
      await entry.endService();
      await entry.node.close();
      this.#entries.delete(id);
    });
  }

  running(id: string): Running | null {
    return this.#entries.get(id)?.running ?? null;
  }

  async rotateKeys(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry !== undefined) await rotateKeysOf(entry.dataDir);
  }

  /** A node of this process only ends with it. */
  onExit(): () => void {
    return () => {};
  }

  async snapshot(id: string, options: SnapshotOptions): Promise<SnapshotResult> {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new RaasError("NOT_RUNNING", "the rollup does not run: start it first");
    return await snapshotOf(entry.dataDir, options);
  }

  async drain(id: string, timeoutMs: number): Promise<number> {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new RaasError("NOT_RUNNING", "the rollup does not run: start it first");
    return await drainOf(entry.dataDir, timeoutMs);
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#turns.values()]);
    const results = await Promise.allSettled([...this.#entries.keys()].map((id) => this.stop(id)));
    for (const l1 of this.#l1s.values()) await l1.close();
    this.#l1s.clear();
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async #boot(request: RunRequest, ports: Ports): Promise<Entry> {
    const fingerprint = engineFingerprint();
    const input = nodeConfigOf(request, ports);
    const config = parseNodeConfig(input);
    const accountOf = async (name: string) => {
      const role = ROLES.find((known): known is Role => known === name);
      if (role === undefined) throw new RaasError("INTERNAL", `there is no role ${name}`);
      return localAccount(await request.privateKey(role));
    };
    const rollup = await readRollupConfig(request.directory);
    // A file of megabytes, which the engine knows after the first start.
    const genesisJson = { file: join(request.directory, GENESIS_FILE) };
    const chain = { rollup, genesisJson, clientVersion: this.#clientVersion };
    const clock = new SystemClock({ offsetMs: config.clockOffsetMs });
    const log = loggerTo([{ level: "info", format: "json", write: request.logLine }]);
    const sharedL1 = this.#l1Of(request.network, config.l1, clock);
    const node = await RollupNode.start(
      { config, ...chain },
      { openEngine, installSnapshot, kzg, clock, log, sharedL1, providedAccount: accountOf },
    );
    const endService = await startService(request, { l1: input.l1, ...chain }, { node, clock, log, sharedL1 }).catch(
      async (error: unknown) => {
        await node.close();
        throw error;
      },
    );
    const endpoints = {
      rpc: `http://127.0.0.1:${ports.rpc}`,
      ws: `ws://127.0.0.1:${ports.rpc}`,
      flashblocks: node.flashblocks === null ? null : `ws://127.0.0.1:${ports.flashblocks}`,
    };
    const onHead = (listener: () => void) => node.engine.onEvent(({ kind }) => kind === "heads" && listener());
    return {
      node,
      endService,
      dataDir: config.dataDir,
      running: {
        settings: request.settings,
        endpoints,
        ports,
        node: { version: this.#clientVersion, engine: await fingerprint },
        onHead,
      },
    };
  }

  #l1Of({ id }: Network, config: NodeConfig["l1"], clock: SystemClock): SharedL1 {
    const known = this.#l1s.get(id);
    if (known !== undefined) return known;
    const l1 = new SharedL1(config, { clock, log: this.#log.child(id) });
    this.#l1s.set(id, l1);
    return l1;
  }

  #inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(id) ?? Promise.resolve()).then(work, work);
    const settled = turn.catch(() => {});
    this.#turns.set(id, settled);
    void settled.then(() => {
      if (this.#turns.get(id) === settled) this.#turns.delete(id);
    });
    return turn;
  }
}
