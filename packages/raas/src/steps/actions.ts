import { access, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { loggerTo } from "@altlayer/rollup";
import { RaasError } from "../errors.ts";
import type { Explorer } from "../explorer/explorer.ts";
import type { LogBook } from "../log-book.ts";
import { rpcBatch } from "../rpc-batch.ts";
import { writeScheduledFiles } from "../runtime/chain-files.ts";
import { settingsOf } from "../runtime/node-config.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { KeyRotations } from "../secrets/key-rotations.ts";
import type { Snapshots } from "../snapshots/snapshots.ts";
import type { AttachmentStore } from "../store/attachments.ts";
import type { RollupRecord } from "../store/rollup-records.ts";
import type { RollupStore } from "../store/rollups.ts";
import { Foundations } from "./foundations.ts";
import type { LaunchDependencies } from "./launch.ts";
import { buildGenesis, deployContracts, fundRoles, makeKeys } from "./launch.ts";
import { isRestaked, machRunOf, restake, settleFirstTable } from "./restake.ts";
import { restoreNode } from "./restore.ts";
import type { NodeVersion, StartResult } from "./results.ts";
import { contractsResult, restakeResult, restoreResult, startResult } from "./results.ts";
import type { Actions, Step, StepContext } from "./step.ts";

export interface ActionDependencies extends LaunchDependencies {
  readonly runtime: Runtime;
  readonly rollups: RollupStore;
  readonly attachments: AttachmentStore;
  readonly logs: LogBook;
  readonly explorer: Explorer;
  readonly snapshots: Snapshots;
  readonly keyRotations: KeyRotations;
  /** Keeps what rollups of a development network share there. */
  readonly networksDirectory: string;
}

const HEALTH_TIMEOUT_MS = 30_000;
const HEALTH_POLL_MS = 50;

/** The real world: networks, keys, files and nodes. */
export function makeActions(dependencies: ActionDependencies): Actions {
  const { runtime, directoryOf, explorer } = dependencies;
  const foundations = new Foundations(dependencies);
  return {
    steps: {
      keys: async (context) => {
        runtime.prepare?.(context.rollup.teamId);
        return await makeKeys(dependencies)(context);
      },
      fund: fundRoles(dependencies),
      contracts: beside(deployContracts(dependencies), foundationOf({ ...dependencies, foundations })),
      genesis: buildGenesis(dependencies),
      restake: restake({ ...dependencies, foundations }),
      restore: restoreNode(dependencies),
      start: startNode(dependencies),
      health: awaitFirstBlock(dependencies),
    },
    stop: async (id) => {
      await explorer.stop(id);
      await runtime.stop(id);
    },
    running: (id) => runtime.running(id)?.settings ?? null,
    settingsOf,
    hasData: (id) =>
      access(directoryOf(id)).then(
        () => true,
        () => false,
      ),
    remove: async (id) => {
      await explorer.forget(id);
      dependencies.logs.forget(id);
      await rm(directoryOf(id), { recursive: true, force: true });
    },
    onExit: (listener) => runtime.onExit(listener),
  };
}

/** Begins something that a later step will want, and will do itself where this fails. */
const beside =
  (step: Step, early: Step): Step =>
  async (context) => {
    early(context).catch(() => {});
    return await step(context);
  };

/** What a restaked rollup's service will stand on. */
const foundationOf =
  ({ networks, foundations }: Pick<ActionDependencies, "networks"> & { readonly foundations: Foundations }): Step =>
  async ({ rollup, spec, signal }) => {
    const network = networks.get(rollup.networkId);
    if (isRestaked(spec, network)) await foundations.ensure({ network, rollupId: rollup.id, signal });
  };

const startNode =
  (dependencies: ActionDependencies) =>
  async ({ rollup, spec, lease, result, signal }: StepContext): Promise<unknown> => {
    const { runtime, networks, keys, rollups, attachments, keyRotations, directoryOf, snapshots, logs } = dependencies;
    const network = await networks.check(rollup.networkId);
    const { addresses } = contractsResult.parse(result("contracts"));
    const restored = restoreResult.nullable().parse(result("restore"))?.snapshot ?? null;
    const { service } = restakeResult.parse(result("restake"));
    const startedBefore = await operatorsStarted(rollup, attachments);
    const mach = await machRunOf(service, { rollup, spec, network, keys, networks, startedBefore });
    const logLine = logs.writerOf(rollup.id);
    signal.throwIfAborted();
    const directory = directoryOf(rollup.id);
    if (rollup.kind === "managed") await writeScheduledFiles(directory, spec);
    const starting = runtime.start({
      id: rollup.id,
      group: rollup.teamId,
      spec,
      settings: settingsOf(spec),
      network,
      directory,
      disputeGameFactory: addresses.DisputeGameFactoryProxy ?? `0x${"00".repeat(20)}`,
      ports: rollup.ports,
      snapshot:
        restored === null ? null : { file: snapshots.path(rollup.id, restored.file), blockHash: restored.blockHash },
      mach,
      privateKey: (role) => keyRotations.privateKey(rollup.id, role),
      logLine,
    });
    try {
      const log = loggerTo([{ level: "info", format: "json", write: logLine }]);
      const [running] = await Promise.all([starting, mach === null ? null : settleFirstTable(mach, { network, log })]);
      if (!isDeepStrictEqual(running.ports, rollup.ports)) await rollups.setPorts(lease, rollup.id, running.ports);
      if (mach !== null && rollup.kind === "attached") await attachments.operatorsStarted(lease, rollup.id, Date.now());
      return running.node === undefined ? {} : startedBy(running.node, result("start"));
    } catch (error) {
      // Without the lease nothing may run for us: another control plane may be starting it.
      await runtime.stop(rollup.id);
      throw error;
    }
  };

/** The program that runs the node, and its predecessor: the one before it that was another. */
function startedBy({ version, engine }: NodeVersion, earlier: unknown): StartResult {
  const before = startResult.safeParse(earlier).data;
  if (before?.node.version === version && before.node.engine === engine) return before;
  return { node: { version, engine, since: Date.now() }, predecessor: before?.node ?? null };
}

/** Whether its operators have run, and may have signed. An attached chain is there before it has any. */
async function operatorsStarted({ id, kind, readyAt }: RollupRecord, attachments: AttachmentStore): Promise<boolean> {
  if (kind === "managed") return readyAt !== null;
  return (await attachments.find(id))?.mach?.startedAt != null;
}

/** @throws RaasError `NODE_UNHEALTHY` when the node makes no block in time */
const awaitFirstBlock =
  ({ runtime, explorer }: ActionDependencies) =>
  async ({ rollup, spec, signal }: StepContext): Promise<unknown> => {
    const running = runtime.running(rollup.id);
    if (running === null) throw new RaasError("NODE_CRASHED", `the node of ${rollup.name} has ended`);
    const deadline = performance.now() + HEALTH_TIMEOUT_MS + spec.chain.blockTimeSeconds * 2_000;
    for (;;) {
      signal.throwIfAborted();
      const number = await blockNumber(running.endpoints.rpc);
      if (number > 0) {
        await explorer.start(rollup.id, running.endpoints.rpc, running.onHead ?? null);
        return { blockNumber: number };
      }
      if (performance.now() > deadline) {
        throw new RaasError(
          "NODE_UNHEALTHY",
          `${rollup.name} made no block for ${HEALTH_TIMEOUT_MS / 1_000} s: see its log`,
        );
      }
      await sleep(HEALTH_POLL_MS, undefined, { signal });
    }
  };

/** 0 while the node does not answer. */
async function blockNumber(rpcUrl: string): Promise<number> {
  const [number] = await rpcBatch(rpcUrl, [["eth_blockNumber", []]]).catch(() => [null]);
  return Number(number ?? 0);
}
