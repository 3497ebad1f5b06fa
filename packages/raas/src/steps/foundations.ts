import { join } from "node:path";
import { ensureFoundation, type Foundation, grantAlt, type RollupTiming, type Sending } from "@altlayer/restaking";
import { localAccount } from "@altlayer/rollup";
import { type Hex, keccak256, numberToHex, type PublicClient, stringToHex } from "viem";
import { RaasError } from "../errors.ts";
import type { Network, Networks } from "../networks.ts";
import type { Outbox } from "../store/outbox.ts";
import { l1AccessOf } from "./l1-access.ts";
import { MAX_SEQUENCER_DRIFT_SECONDS, SEQUENCING_WINDOW_DEVELOPMENT_BLOCKS } from "./launch.ts";

const BALANCE_WEI = 10n ** 21n;
/** Deploys what all services of a development network share. Public, as all of such a network is. */
const FOUNDATION_KEY = keccak256(stringToHex("altlayer platform: restaking of a development network"));

/** A development L1 makes a block when a burst of transactions has ended (l1-access.ts). */
export const SENDING: Sending = { accountOf: localAccount, atOnce: true };

export interface FoundationsDependencies {
  readonly networks: Networks;
  readonly outbox: Outbox;
  /** Keeps what rollups of a development network share there. */
  readonly networksDirectory: string;
}

/** Whose launch asks, and until when. */
interface Asked {
  readonly network: Network;
  readonly rollupId: string;
  readonly signal: AbortSignal;
}

/** Restaking core, ALT and factory of development networks: deployed by the first rollup there that needs them. */
export class Foundations {
  readonly #d: FoundationsDependencies;
  /** By network: its account is one for all rollups, so they take turns. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(dependencies: FoundationsDependencies) {
    this.#d = dependencies;
  }

  /** @param grant whose ALT its service takes; left out: the foundation alone, for whoever comes next */
  async ensure(asked: Asked, grant?: { readonly to: Hex; readonly amount: bigint }): Promise<Foundation> {
    const { network, rollupId, signal } = asked;
    return await this.#inTurn(network.id, async () => {
      signal.throwIfAborted();
      await fundAccounts([FOUNDATION_KEY], network, this.#d.networks);
      const account = localAccount(FOUNDATION_KEY);
      const { publicClient } = l1AccessOf({ network, rollupId, account }, this.#d);
      const directory = join(this.#d.networksDirectory, network.id);
      const options = { directory, timing: timingOf(network), deployerKey: FOUNDATION_KEY };
      const foundation = await ensureFoundation(options, publicClient, SENDING);
      // Whoever has begun was given it.
      if (grant !== undefined && (await isNew(grant.to, publicClient))) {
        await grantAlt({ foundation, deployerKey: FOUNDATION_KEY, ...grant }, publicClient);
      }
      return foundation;
    });
  }

  #inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(id) ?? Promise.resolve()).then(work, work);
    this.#turns.set(
      id,
      turn.catch(() => {}),
    );
    return turn;
  }
}

/** Sets the balances of accounts of a development network that have little. */
export async function fundAccounts(keys: readonly Hex[], network: Network, networks: Networks): Promise<void> {
  if (!network.development) throw new RaasError("INTERNAL", `${network.name} gives no ether`);
  await Promise.all(
    keys.map(async (key) => {
      const { address } = localAccount(key);
      const held = BigInt(await networks.request<Hex>(network.id, "eth_getBalance", [address, "latest"]));
      if (held >= BALANCE_WEI / 2n) return;
      await networks.request(network.id, "anvil_setBalance", [address, numberToHex(BALANCE_WEI)]);
    }),
  );
}

export function timingOf({ blockTimeSeconds }: Network): RollupTiming {
  return {
    sequencingWindow: SEQUENCING_WINDOW_DEVELOPMENT_BLOCKS,
    maxSequencerDrift: MAX_SEQUENCER_DRIFT_SECONDS,
    l1BlockTime: blockTimeSeconds,
  };
}

async function isNew(address: Hex, publicClient: PublicClient): Promise<boolean> {
  return (await publicClient.getTransactionCount({ address, blockTag: "pending" })) === 0;
}
