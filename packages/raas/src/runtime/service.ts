import { join } from "node:path";
import { kzg, openEngine } from "@altlayer/engine";
import { Keeper } from "@altlayer/restaking";
import type { Logger, RollupNode, SharedL1, SystemClock } from "@altlayer/rollup";
import { createPublicClient, createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { startEvidenceWatch } from "./evidence.ts";
import { type OperatorsOptions, startOperators } from "./operators.ts";
import type { RunRequest } from "./runtime.ts";

const KEEPER_POLL_MS = 500;
/** An operator's node hears of the others' shares: two hear of everybody's. */
const WATCHED_NODES = 2;

/**
 * What a restaked rollup of a development network has beside its node: operators, the keeper of their tables, and the
 * watch for contradictions among what they sign.
 * @returns how to end them, in mirror order.
 */
export async function startService(
  { mach, network, directory }: Pick<RunRequest, "mach" | "network" | "directory">,
  chain: Pick<OperatorsOptions, "l1" | "rollup" | "genesisJson" | "clientVersion">,
  parts: {
    readonly node: RollupNode;
    readonly clock: SystemClock;
    readonly sharedL1: SharedL1;
    readonly log: Logger;
  },
): Promise<() => Promise<void>> {
  if (mach === null) return async () => {};
  const { service, operators, startedBefore } = mach;
  const { log } = parts;
  const transport = http(network.rpcUrl);
  const publicClient = createPublicClient({ transport, pollingInterval: KEEPER_POLL_MS, cacheTime: 0 });
  const walletClient = createWalletClient({ account: privateKeyToAccount(mach.keeper), transport });
  const clients = { publicClient, walletClient };
  const keeper = new Keeper(
    service,
    {
      clients,
      log: log.child("keeper"),
      reports: async (epochs) => (await parts.node.mach?.service.report(epochs)) ?? null,
    },
    { pollMs: KEEPER_POLL_MS },
  );
  const nodes = await startOperators(
    { ...chain, service, operators, startedBefore, directory: join(directory, "operators") },
    { ...parts, openEngine, kzg },
  );
  const stopWatch = await startEvidenceWatch(
    { service, nodes: nodes.slice(0, WATCHED_NODES) },
    { clients, log: log.child("evidence") },
  ).catch(async (error: unknown) => {
    await Promise.all(nodes.map((operator) => operator.close()));
    throw error;
  });
  keeper.start();
  return async () => {
    await stopWatch();
    await Promise.all(nodes.map((operator) => operator.close()));
    await keeper.close();
  };
}
