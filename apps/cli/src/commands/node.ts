import { resolve } from "node:path";
import { installSnapshot, kzg, openEngine } from "@altlayer/engine";
import { createProcessMetrics, loadNodeFiles, RollupNode } from "@altlayer/rollup";
import { EXIT } from "../errors.ts";
import type { Output } from "../output.ts";
import type { LoggingOptions } from "./logging.ts";
import { loggerOf } from "./logging.ts";
import { stopSignal } from "./stop-signal.ts";
import { CLIENT_VERSION } from "./version.ts";

export interface NodeCommandOptions extends LoggingOptions {
  readonly config: string;
  readonly snapshot?: string;
  readonly snapshotHash?: string;
}

export type NodeFiles = Awaited<ReturnType<typeof loadNodeFiles>>;

/** What runs beside a node, for as long as it does. */
export interface Companion {
  /** Before the node starts. */
  check(files: NodeFiles): void;
  /** @returns how to stop it, before the node. */
  start(running: RollupNode, files: NodeFiles): Promise<() => Promise<void>>;
  /** Of the answer. */
  readonly role: string;
}

/** `altlayer node`: a sequencer or follower of any L1, until Ctrl-C. */
export function node(options: NodeCommandOptions, output: Output): Promise<number> {
  return runNode(options, output);
}

export async function runNode(options: NodeCommandOptions, output: Output, companion?: Companion): Promise<number> {
  const files = await loadNodeFiles(options.config, snapshotOf(options));
  const { config, rollup, genesisJson } = files;
  companion?.check(files);
  const log = loggerOf(options, config.logLevel);
  const stop = stopSignal({ onStop: () => output.note("stopping"), onForced: () => output.note("stopped at once") });
  try {
    const running = await RollupNode.start(
      { config, rollup, genesisJson, clientVersion: CLIENT_VERSION },
      { openEngine, installSnapshot, kzg, log, processMetrics: createProcessMetrics() },
    );
    let stopCompanion = async () => {};
    try {
      if (companion !== undefined) stopCompanion = await companion.start(running, files);
      const ready = {
        role: companion?.role ?? (config.sequencer === undefined ? "follower" : "sequencer"),
        l1ChainId: rollup.l1ChainId,
        l2ChainId: rollup.l2ChainId,
        rpc: running.rpc?.httpUrl ?? null,
        engineApi: running.engineApi?.httpUrl ?? null,
        metrics: running.metrics === null ? null : `${running.metrics.url}/metrics`,
        peerId: running.gossip?.node.peerId ?? null,
        gossip: running.gossip?.node.addresses ?? [],
        mach: running.mach?.service.status().addresses ?? [],
        dataDir: resolve(config.dataDir),
      };
      if (output.json) output.answer(ready);
      else {
        output.line(`${ready.role} of chain ${ready.l2ChainId} on L1 ${ready.l1ChainId}`);
        if (ready.rpc !== null) output.line(`  JSON-RPC    ${ready.rpc}`);
        if (ready.engineApi !== null) output.line(`  Engine API  ${ready.engineApi}`);
        if (ready.metrics !== null) output.line(`  metrics     ${ready.metrics}`);
        for (const address of ready.gossip) output.line(`  gossip      ${address}`);
        for (const address of ready.mach) output.line(`  MACH        ${address}`);
      }
      if (!stop.signal.aborted)
        await new Promise((done) => stop.signal.addEventListener("abort", done, { once: true }));
    } finally {
      await stopCompanion();
      await running.close();
    }
    return EXIT.ok;
  } finally {
    stop.release();
  }
}

/** What the command line says of a snapshot, in the configuration's terms. */
function snapshotOf({ snapshot, snapshotHash }: NodeCommandOptions) {
  if (snapshot === undefined) return {};
  return { snapshot: { file: resolve(snapshot), ...(snapshotHash === undefined ? {} : { blockHash: snapshotHash }) } };
}
