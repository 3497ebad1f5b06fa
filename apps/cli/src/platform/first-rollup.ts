import { setTimeout as sleep } from "node:timers/promises";
import { exampleSpec, type Platform } from "@altlayer/raas";
import { userAccounts } from "../dev/accounts.ts";

type Hex = `0x${string}`;

/** What a person or a script needs to use the first rollup. */
export interface FirstRollup {
  readonly id: string;
  readonly name: string;
  readonly chainId: number;
  readonly endpoints: { readonly rpc: string; readonly ws: string; readonly flashblocks: string | null };
  /** On the L1. */
  readonly contracts: Readonly<Record<string, Hex>>;
  readonly l2GenesisHash: Hex | null;
  /** Its MACH service; null where it is not restaked. */
  readonly mach: {
    readonly avs: string;
    readonly table: string;
    readonly verifier: string;
    readonly operators: readonly string[];
  } | null;
}

export interface LocalTeam {
  readonly teamId: string;
  readonly userId: string;
}

const NAME = "first-rollup";
const CHAIN_ID = 42_069;
const BALANCE_WEI = (10_000n * 10n ** 18n).toString();
const TIMEOUT_MS = 120_000;
const POLL_MS = 20;

/**
 * A platform that never had a rollup begins with one, on which the test accounts own ether.
 * @param options.ports wished for its node.
 * @returns its id; null where the oldest rollup is not meant to run.
 */
export async function ensureFirstRollup(
  {
    teamId,
    userId,
    ports,
  }: LocalTeam & { readonly ports: () => Promise<{ readonly rpc: number; readonly flashblocks: number }> },
  platform: Platform,
): Promise<string | null> {
  const { rollups, reconciler } = platform.services;
  const oldest = (await rollups.list(teamId, { limit: 100 })).at(-1);
  if (oldest !== undefined) return oldest.desired === "running" ? oldest.id : null;
  const spec = {
    ...exampleSpec(),
    name: NAME,
    chain: { chainId: CHAIN_ID, blockTimeSeconds: 1 },
    genesis: {
      funding: userAccounts().map(({ address }) => ({ address, amountWei: BALANCE_WEI })),
      contracts: [],
    },
  };
  const { id } = await rollups.create({ teamId, spec, authorId: userId, ports: await ports() });
  reconciler.kick(id);
  return id;
}

/** The first rollup once it runs; null where there is none, or it does not come up within two minutes. */
export async function firstRollup(
  id: string | null,
  { services }: Platform,
  signal: AbortSignal,
): Promise<FirstRollup | null> {
  const deadline = performance.now() + TIMEOUT_MS;
  while (id !== null && performance.now() < deadline && !signal.aborted) {
    const record = await services.rollups.get(id);
    const endpoints = record.phase === "running" ? services.runtime.running(id)?.endpoints : undefined;
    if (endpoints !== undefined) {
      const { name, chainId, contracts, l2GenesisHash, mach } = await services.present.full(record);
      return { id, name, chainId, endpoints, contracts: contracts ?? {}, l2GenesisHash, mach };
    }
    await sleep(POLL_MS);
  }
  return null;
}
