import { readFile } from "node:fs/promises";
import { type Engine, type EngineOptions, type GenesisFile, type Hex, keccak256 } from "@altlayer/engine";
import type { Keccak256, RollupConfig } from "@altlayer/protocol";
import { hexToBytes } from "viem/utils";
import type { Clock } from "../clock.ts";
import type { NodeConfig } from "../config/node-config.ts";
import { RollupError } from "../errors.ts";
import { EngineApiClient } from "../external-engine/engine-api-client.ts";
import type { L1Reader } from "../l1/l1-client.ts";
import { JSON_RPC_DEFAULTS, JsonRpcClient } from "../l1/rpc-client.ts";
import { hash, parseAnswer } from "../l1/schemas.ts";
import type { Logger } from "../log.ts";
import type { ForwardTransaction, NodeInfo } from "../rpc/providers.ts";
import type { RpcServerOptions } from "../rpc/server.ts";
import type { SnapshotConfirmation } from "../snapshot/confirmation.ts";
import type { GossipService } from "./gossip.ts";

/** As every part of a node computes it. */
export const keccakBytes: Keccak256 = keccak256;

/** Undoes in mirror order; every closer gets its turn, the first failure is thrown at the end. */
export async function closeAll(closers: readonly (() => Promise<void> | void)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closers.toReversed()) {
    try {
      await close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** The L1 must be the rollup's, down to the block that it starts after. */
export async function requireChain(l1: L1Reader, rollup: RollupConfig): Promise<void> {
  const chainId = await l1.chainId();
  if (chainId !== rollup.l1ChainId) {
    throw new RollupError("L1_WRONG_CHAIN", `the L1 has chain id ${chainId}, the rollup lives on ${rollup.l1ChainId}`, {
      severity: "critical",
      data: { chainId, expected: rollup.l1ChainId },
    });
  }
  const { number, hash: expected } = rollup.genesis.l1;
  const anchor = await l1.headerByNumber(number);
  if (anchor?.hash === expected) return;
  const found = anchor ? `has ${anchor.hash} there` : "is shorter";
  throw new RollupError(
    "L1_WRONG_CHAIN",
    `the rollup starts after L1 block ${number} (${expected}), but this L1 ${found}: use the L1 that it was deployed on`,
    {
      severity: "critical",
      data: { number, expected, found: anchor?.hash },
    },
  );
}

export function requireGenesis(engine: Engine, rollup: RollupConfig): void {
  if (engine.genesis.hash === rollup.genesis.l2.hash) return;
  throw new RollupError(
    "CONFIG_INVALID",
    `genesis.json makes block ${engine.genesis.hash}, but rollup.json names ${rollup.genesis.l2.hash}`,
    {
      severity: "critical",
      data: { genesis: engine.genesis.hash, expected: rollup.genesis.l2.hash },
    },
  );
}

/** Nobody may follow a sequencer whose own chain the L1 has not confirmed. */
export function requireConfirmed(config: NodeConfig, snapshot: SnapshotConfirmation | null): void {
  if (!config.sequencer || snapshot?.confirmedBy !== null) return;
  throw new RollupError(
    "CONFIG_INVALID",
    `a sequencer begins from a snapshot only when its block (${snapshot.number}, ${snapshot.hash}) is confirmed: name its hash (snapshot.blockHash), or run as a follower first`,
    { severity: "critical", data: { number: snapshot.number, hash: snapshot.hash } },
  );
}

export async function openEngineOf(
  options: {
    readonly config: NodeConfig;
    readonly genesisJson: string | GenesisFile;
    readonly engineDir: string;
  },
  dependencies: {
    readonly openEngine: (options: EngineOptions) => Promise<Engine>;
    readonly clock: Clock;
    readonly log: Logger;
  },
): Promise<Engine> {
  const { engine } = options.config;
  if (engine.kind === "embedded") {
    const { history, pool, limits } = engine;
    return await dependencies.openEngine({
      dataDir: options.engineDir,
      genesisJson: options.genesisJson,
      history,
      pool: withoutUndefined(pool),
      limits: withoutUndefined(limits),
    });
  }
  const client = new EngineApiClient(
    { url: engine.url, jwtSecret: await readJwtSecret(engine.jwtSecretFile) },
    dependencies,
  );
  await client.connect();
  return client;
}

export async function readJwtSecret(path: string): Promise<Uint8Array> {
  const text = (await readFile(path, "utf8").catch(() => "")).trim();
  const hex = (text.startsWith("0x") ? text : `0x${text}`) as Hex;
  if (!/^0x[0-9a-fA-F]{64}$/.test(hex)) {
    throw new RollupError("CONFIG_INVALID", `${path} does not hold a JWT secret of 32 bytes in hex`, {
      severity: "critical",
      data: { path },
    });
  }
  return hexToBytes(hex);
}

/** Sends a follower's transactions on to the sequencer. */
export function forwarder(
  url: string,
  dependencies: { readonly clock: Clock; readonly log: Logger },
): ForwardTransaction {
  const rpc = new JsonRpcClient({ ...JSON_RPC_DEFAULTS, url }, dependencies);
  const method = "eth_sendRawTransaction";
  return async (raw) => parseAnswer(hash, await rpc.call(method, [raw], { idempotent: false }), method);
}

export async function genesisText(genesis: string | GenesisFile): Promise<string> {
  return typeof genesis === "string" ? genesis : await readFile(genesis.file, "utf8");
}

/** A genesis may have a million accounts: whoever has read it already tells. */
export async function chainConfigOf(
  engine: Engine,
  genesis: string | GenesisFile,
): Promise<Readonly<Record<string, unknown>>> {
  if (engine.chainConfig !== undefined) return engine.chainConfig;
  return (JSON.parse(await genesisText(genesis)) as { readonly config: Record<string, unknown> }).config;
}

export function nodeInfo(
  options: {
    readonly chainConfig: Readonly<Record<string, unknown>>;
    readonly clientVersion: string;
    readonly rollup: RollupConfig;
  },
  dependencies: {
    readonly engine: Engine;
    readonly gossip: () => GossipService | null;
    readonly syncing: NodeInfo["syncing"];
  },
): NodeInfo {
  return {
    chainId: options.rollup.l2ChainId,
    chainConfig: options.chainConfig,
    clientVersion: options.clientVersion,
    syncing: dependencies.syncing,
    peers: () =>
      (dependencies.gossip()?.node.peers() ?? []).map((id) => ({ id, name: "", address: "", inbound: false })),
  };
}

/** Optional fields of a parsed configuration hold `undefined`; the engine's options want them absent. */
function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

export function rpcOptions({ limits, admin: _admin, ...listen }: NonNullable<NodeConfig["rpc"]>): RpcServerOptions {
  return { listen: withoutUndefined(listen), limits: withoutUndefined(limits ?? {}) };
}

/** The stricter of two limits, where `null` is none. */
export function smallest(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.min(a, b);
}
