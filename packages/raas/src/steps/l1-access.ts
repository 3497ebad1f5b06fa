import {
  createPublicClient,
  createWalletClient,
  custom,
  http,
  type PublicClient,
  parseTransaction,
  recoverTransactionAddress,
  type TransactionSerialized,
  type WalletClient,
} from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import type { Network } from "../networks.ts";
import type { Hex } from "../spec/primitives.ts";
import type { Outbox } from "../store/outbox.ts";

const BATCH_SIZE = 60;
const TIMEOUT_MS = 60_000;
/** A burst has ended when nothing was sent for so long. */
const BURST_END_MS = 15;
const POLL_DEVELOPMENT_MS = 50;
const POLL_MS = 4_000;

/**
 * The L1 as the deployer sees it, with one difference: a signed transaction is stored before it is sent, and where one
 * of that nonce is stored already, that one is sent.
 */
export function l1AccessOf(
  options: {
    readonly network: Network;
    readonly rollupId: string;
    /** Of the wallet client; what others have signed may be sent by the public client. */
    readonly account: PrivateKeyAccount;
    readonly burstEndMs?: number;
  },
  { outbox }: { readonly outbox: Outbox },
): { readonly publicClient: PublicClient; readonly walletClient: WalletClient } {
  const { network, rollupId, account, burstEndMs = BURST_END_MS } = options;
  const direct = createPublicClient({
    transport: http(network.rpcUrl, { batch: { batchSize: BATCH_SIZE }, timeout: TIMEOUT_MS }),
  });
  const request = (method: string, params: unknown) => direct.request({ method, params } as never);
  const mineSoon = network.development
    ? debounced(() => void mine(request, network).catch(() => {}), burstEndMs)
    : () => {};
  const transport = custom({
    async request({ method, params }: { method: string; params?: unknown }) {
      if (method !== "eth_sendRawTransaction") return await request(method, params);
      const [raw] = params as [TransactionSerialized];
      const { nonce = 0 } = parseTransaction(raw);
      const sender = (await recoverTransactionAddress({ serializedTransaction: raw })).toLowerCase() as Hex;
      const stored = await outbox.store({ networkId: network.id, sender, nonce, raw, rollupId });
      const hash = await request(method, [stored.raw]).catch(async (error: unknown) => {
        // It was sent before a crash: what counts is that the network has it.
        if ((await request("eth_getTransactionByHash", [stored.hash])) === null) throw error;
        return stored.hash;
      });
      mineSoon();
      return hash;
    },
  });
  const pollingInterval = network.development ? POLL_DEVELOPMENT_MS : POLL_MS;
  return {
    publicClient: createPublicClient({ transport, pollingInterval, cacheTime: 0 }),
    walletClient: createWalletClient({ account, transport }),
  };
}

/** A block of what waits, at its chain's time, which must rise. */
export async function mineBlock(network: Network, publicClient: Pick<PublicClient, "request">): Promise<void> {
  await mine((method, params) => publicClient.request({ method, params } as never), network);
}

async function mine(
  request: (method: string, params: unknown) => Promise<unknown>,
  { clockOffsetMs }: Network,
): Promise<void> {
  const head = (await request("eth_getBlockByNumber", ["latest", false])) as { readonly timestamp: Hex };
  const now = Math.floor((Date.now() + clockOffsetMs) / 1_000);
  await request("evm_mine", [{ timestamp: Math.max(Number(head.timestamp) + 1, now) }]);
}

/** A development L1 mines on an interval; nobody needs to wait for it. */
function debounced(work: () => void, ms: number): () => void {
  let timer: NodeJS.Timeout | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, ms);
  };
}
