import { FEE_DEFAULTS } from "@altlayer/rollup";
import {
  createPublicClient,
  createWalletClient,
  custom,
  http,
  type PublicClient,
  type TransactionSerialized,
  type WalletClient,
} from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import type { Network } from "../networks.ts";
import type { Hex } from "../spec/primitives.ts";
import type { Outbox } from "../store/outbox.ts";
import { PendingTransactions } from "./pending-transactions.ts";

const BATCH_SIZE = 60;
const TIMEOUT_MS = 60_000;
/** A burst has ended when nothing was sent for so long. */
const BURST_END_MS = 15;
const POLL_DEVELOPMENT_MS = 20;
const POLL_MS = 4_000;
const RESUBMISSION_DEVELOPMENT_MS = 10_000;
/** As the OP Stack's own services have it, and a few blocks at least. */
const RESUBMISSION_MS = 48_000;
const RESUBMISSION_BLOCKS = 4;
const GWEI = 1_000_000_000n;

/**
 * The L1 as the deployer sees it, with two differences: a signed transaction is stored before it is sent, and where one
 * of that nonce is stored already, that one is sent; and what the L1 ignores is sent again for higher fees.
 */
export function l1AccessOf(
  options: {
    readonly network: Network;
    readonly rollupId: string;
    /** Of the wallet client; what others have signed may be sent by the public client. */
    readonly account: PrivateKeyAccount;
    /** Others whose transactions may be signed again for higher fees. */
    readonly others?: readonly PrivateKeyAccount[];
    readonly burstEndMs?: number;
    readonly resubmissionMs?: number;
  },
  { outbox, notice = () => {} }: { readonly outbox: Outbox; readonly notice?: (text: string) => void },
): { readonly publicClient: PublicClient; readonly walletClient: WalletClient } {
  const { network, rollupId, account, others = [], burstEndMs = BURST_END_MS } = options;
  const direct = createPublicClient({
    transport: http(network.rpcUrl, { batch: { batchSize: BATCH_SIZE }, timeout: TIMEOUT_MS }),
  });
  const request = (method: string, params: unknown) => direct.request({ method, params } as never);
  const mineSoon = network.development
    ? debounced(() => void mine(request, network).catch(() => {}), burstEndMs)
    : () => {};
  const pending = new PendingTransactions(
    {
      networkId: network.id,
      rollupId,
      accounts: [account, ...others],
      limits: { ...FEE_DEFAULTS, maxFeePerGasWei: BigInt(network.maxFeePerGasGwei) * GWEI },
      resubmissionMs: options.resubmissionMs ?? resubmissionMsOf(network),
    },
    { outbox, request, notice },
  );
  const provider = {
    async request({ method, params }: { method: string; params?: unknown }) {
      switch (method) {
        case "eth_sendRawTransaction": {
          const hash = await pending.send((params as [TransactionSerialized])[0]);
          mineSoon();
          return hash;
        }
        case "eth_getTransactionReceipt":
          return await pending.receipt((params as [Hex])[0]);
        case "eth_getTransactionByHash":
          return await pending.transaction((params as [Hex])[0]);
        default:
          return await request(method, params);
      }
    },
  };
  // The client beneath tries again by itself.
  const transport = custom(provider, { retryCount: 0 });
  const pollingInterval = network.development ? POLL_DEVELOPMENT_MS : POLL_MS;
  return {
    publicClient: createPublicClient({ transport, pollingInterval, cacheTime: 0 }),
    walletClient: createWalletClient({ account, transport }),
  };
}

function resubmissionMsOf({ development, blockTimeSeconds }: Network): number {
  if (development) return RESUBMISSION_DEVELOPMENT_MS;
  return Math.max(RESUBMISSION_MS, RESUBMISSION_BLOCKS * blockTimeSeconds * 1_000);
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
