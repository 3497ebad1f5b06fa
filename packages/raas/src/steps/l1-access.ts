import type { L1Access } from "@altlayer/deployer";
import { createPublicClient, createWalletClient, custom, http, parseTransaction } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import type { Network } from "../networks.ts";
import type { Hex } from "../spec/primitives.ts";
import type { Outbox } from "../store/outbox.ts";

const BATCH_SIZE = 60;
const TIMEOUT_MS = 60_000;
/** A burst has ended when nothing was sent for so long. */
const BURST_END_MS = 15;

/**
 * The L1 as the deployer sees it, with one difference: a signed transaction is stored before it is sent, and where one
 * of that nonce is stored already, that one is sent.
 */
export function l1AccessOf(
  options: { readonly network: Network; readonly rollupId: string; readonly account: PrivateKeyAccount },
  { outbox }: { readonly outbox: Outbox },
): L1Access {
  const { network, rollupId, account } = options;
  const direct = createPublicClient({
    transport: http(network.rpcUrl, { batch: { batchSize: BATCH_SIZE }, timeout: TIMEOUT_MS }),
  });
  const request = (method: string, params: unknown) => direct.request({ method, params } as never);
  const mineSoon = network.development ? debounced(() => void mine(request, network).catch(() => {})) : () => {};
  const transport = custom({
    async request({ method, params }: { method: string; params?: unknown }) {
      if (method !== "eth_sendRawTransaction") return await request(method, params);
      const [raw] = params as [Hex];
      const { nonce = 0 } = parseTransaction(raw);
      const sender = account.address.toLowerCase() as Hex;
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
  return { publicClient: createPublicClient({ transport }), walletClient: createWalletClient({ account, transport }) };
}

/** A block of what waits, at its chain's time, which must rise. */
async function mine(
  request: (method: string, params: unknown) => Promise<unknown>,
  { clockOffsetMs }: Network,
): Promise<void> {
  const head = (await request("eth_getBlockByNumber", ["latest", false])) as { readonly timestamp: Hex };
  const now = Math.floor((Date.now() + clockOffsetMs) / 1_000);
  await request("evm_mine", [{ timestamp: Math.max(Number(head.timestamp) + 1, now) }]);
}

/** A development L1 mines on an interval; nobody needs to wait for it. */
function debounced(work: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, BURST_END_MS);
  };
}
