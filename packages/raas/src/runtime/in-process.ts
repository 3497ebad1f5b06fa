import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { installSnapshot, kzg, openEngine } from "@altlayer/engine";
import { parseRollupConfig } from "@altlayer/protocol";
import { Keeper } from "@altlayer/restaking";
import {
  giveOrder,
  type Logger,
  type NodeConfig,
  parseNodeConfig,
  RollupNode,
  SharedL1,
  SystemClock,
} from "@altlayer/rollup";
import { createPublicClient, createWalletClient, http } from "viem";
import { RaasError } from "../errors.ts";
import type { Network } from "../networks.ts";
import type { Role } from "../secrets/key-store.ts";
import { ROLES } from "../secrets/key-store.ts";
import type { Hex } from "../spec/primitives.ts";
import type { Ports } from "../store/rollups.ts";
import { GENESIS_FILE, nodeConfigOf, ROLLUP_FILE } from "./node-config.ts";
import { type OperatorsOptions, startOperators } from "./operators.ts";
import type { Running, RunRequest, Runtime, SnapshotResult } from "./runtime.ts";

interface Entry {
  /** Ends operators and keeper. */
  readonly endMach: () => Promise<void>;
  readonly running: Running;
  readonly node: RollupNode;
  readonly dataDir: string;
}

const PORT_ATTEMPTS = 3;
const KEEPER_POLL_MS = 500;

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
      const entry = await this.#bootOnPorts(request);
      this.#entries.set(request.id, entry);
      return entry.running;
    });
  }

  stop(id: string): Promise<void> {
    return this.#inTurn(id, async () => {
      const entry = this.#entries.get(id);
      if (entry === undefined) return;
      await entry.endMach();
      await entry.node.close();
      this.#entries.delete(id);
    });
  }

  running(id: string): Running | null {
    return this.#entries.get(id)?.running ?? null;
  }

  /** A node of this process only ends with it. */
  onExit(): () => void {
    return () => {};
  }

  async snapshot(
    id: string,
    { path, block }: { readonly path: string; readonly block: "safe" | "finalized" },
  ): Promise<SnapshotResult> {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new RaasError("NOT_RUNNING", "the rollup does not run: start it first");
    const info = (await giveOrder(entry.dataDir, "snapshot", { path, block })) as {
      readonly block: { readonly number: number; readonly hash: Hex };
      readonly bytes: number;
    };
    return { blockNumber: info.block.number, blockHash: info.block.hash, bytes: info.bytes };
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#turns.values()]);
    const results = await Promise.allSettled([...this.#entries.keys()].map((id) => this.stop(id)));
    for (const l1 of this.#l1s.values()) await l1.close();
    this.#l1s.clear();
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  /** Between choosing a port and binding it, somebody else may be faster. */
  async #bootOnPorts(request: RunRequest): Promise<Entry> {
    for (let attempt = 1; ; attempt++) {
      const ports = await choosePorts(attempt === 1 ? request.ports : null);
      try {
        return await this.#boot(request, ports);
      } catch (error) {
        if (attempt === PORT_ATTEMPTS || !isPortTaken(error)) throw error;
      }
    }
  }

  async #boot(request: RunRequest, ports: Ports): Promise<Entry> {
    const input = nodeConfigOf(request, ports);
    const config = parseNodeConfig(input);
    const [genesisJson, rollupJson] = await Promise.all(
      [GENESIS_FILE, ROLLUP_FILE].map((name) => readFile(join(request.directory, name), "utf8")),
    );
    const accountOf = (name: string) => {
      const role = ROLES.find((known): known is Role => known === name);
      if (role === undefined) throw new RaasError("INTERNAL", `there is no role ${name}`);
      return request.account(role);
    };
    const rollup = parseRollupConfig(rollupJson!);
    const chain = { rollup, genesisJson: genesisJson!, clientVersion: this.#clientVersion };
    const clock = new SystemClock({ offsetMs: config.clockOffsetMs });
    const { log } = request;
    const sharedL1 = this.#l1Of(request.network, config.l1, clock);
    const node = await RollupNode.start(
      { config, ...chain },
      { openEngine, installSnapshot, kzg, clock, log, sharedL1, providedAccount: accountOf },
    );
    const endMach = await startMach(request, { l1: input.l1, ...chain }, { node, clock, sharedL1 }).catch(
      async (error: unknown) => {
        await node.close();
        throw error;
      },
    );
    const endpoints = {
      rpc: `http://127.0.0.1:${ports.rpc}`,
      ws: `ws://127.0.0.1:${ports.rpc}`,
      flashblocks: `ws://127.0.0.1:${ports.flashblocks}`,
    };
    return { node, endMach, dataDir: config.dataDir, running: { settings: request.settings, endpoints, ports } };
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

/** The keeper and the operators of a restaked rollup, beside its node. */
async function startMach(
  { mach, network, directory, log }: RunRequest,
  chain: Pick<OperatorsOptions, "l1" | "rollup" | "genesisJson" | "clientVersion">,
  parts: { readonly node: RollupNode; readonly clock: SystemClock; readonly sharedL1: SharedL1 },
): Promise<() => Promise<void>> {
  if (mach === null) return async () => {};
  const { service, operators } = mach;
  const transport = http(network.rpcUrl);
  const publicClient = createPublicClient({ transport, pollingInterval: KEEPER_POLL_MS, cacheTime: 0 });
  const walletClient = createWalletClient({ account: mach.keeper, transport });
  const keeper = new Keeper(
    service,
    {
      clients: { publicClient, walletClient },
      log: log.child("keeper"),
      reports: async (epochs) => (await parts.node.mach?.service.report(epochs)) ?? null,
    },
    { pollMs: KEEPER_POLL_MS },
  );
  const nodes = await startOperators(
    { ...chain, service, operators, directory: join(directory, "operators") },
    { ...parts, log, openEngine, kzg },
  );
  keeper.start();
  return async () => {
    await Promise.all(nodes.map((operator) => operator.close()));
    await keeper.close();
  };
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && ((error as NodeJS.ErrnoException).code === "EADDRINUSE" || isPortTaken(error.cause));
}

/** The ports of the last run, so that wallets keep their URL, unless somebody has taken one meanwhile. */
async function choosePorts(last: Ports | null): Promise<Ports> {
  const rpc = await listenable(last?.rpc ?? 0);
  return { rpc, flashblocks: await listenable(last?.flashblocks ?? 0, rpc) };
}

function listenable(wished: number, taken?: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" && wished !== 0) resolve(listenable(0, taken));
      else reject(error);
    });
    server.listen({ port: wished, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port === taken ? listenable(0, taken) : port));
    });
  });
}
