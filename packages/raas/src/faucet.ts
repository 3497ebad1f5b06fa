import { createWalletClient, http } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { RaasError } from "./errors.ts";
import type { Hex } from "./spec/primitives.ts";

const DRIP_WEI = 10n * 10n ** 18n;
const TIMEOUT_MS = 10_000;
/** Drips of one rollup that wait for those before them. */
const WAITING_MAX = 100;

export interface DripRequest {
  readonly rollupId: string;
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly to: Hex;
  readonly account: PrivateKeyAccount;
}

export interface Drip {
  readonly transactionHash: Hex;
  readonly amountWei: string;
}

interface Queue {
  last: Promise<unknown>;
  waiting: number;
}

/** Ether on development rollups. On each one after the other, so that no two take the same nonce. */
export class Faucet {
  readonly #queues = new Map<string, Queue>();

  /** @throws RaasError `UPSTREAM` when the rollup refuses or does not answer, `RATE_LIMITED` when too many wait */
  async drip(request: DripRequest): Promise<Drip> {
    const { rollupId } = request;
    const queue = this.#queues.get(rollupId) ?? { last: Promise.resolve(), waiting: 0 };
    if (queue.waiting >= WAITING_MAX) throw new RaasError("RATE_LIMITED", "too many wait for this faucet: try again");
    this.#queues.set(rollupId, queue);
    queue.waiting++;
    const turn = queue.last.then(() => send(request));
    queue.last = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      if (--queue.waiting === 0) this.#queues.delete(rollupId);
    }
  }
}

async function send({ rpcUrl, chainId, to, account }: DripRequest): Promise<Drip> {
  const client = createWalletClient({
    account,
    chain: {
      id: chainId,
      name: "rollup",
      nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
      rpcUrls: { default: { http: [rpcUrl] } },
    },
    transport: http(rpcUrl, { timeout: TIMEOUT_MS }),
  });
  try {
    return { transactionHash: await client.sendTransaction({ to, value: DRIP_WEI }), amountWei: DRIP_WEI.toString() };
  } catch (cause) {
    throw new RaasError("UPSTREAM", "the rollup refused the faucet's transaction", { cause });
  }
}
