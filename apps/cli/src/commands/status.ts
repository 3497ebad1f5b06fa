import { EXIT } from "../errors.ts";
import type { Output } from "../output.ts";
import { rpc, shown } from "../rpc.ts";

export interface StatusOptions {
  readonly rpc: string;
}

interface L2Ref {
  readonly hash: string;
  readonly number: number;
  readonly timestamp: number;
  readonly l1origin: { readonly hash: string; readonly number: number };
}

/** What is read of `optimism_syncStatus`. */
export interface SyncStatus {
  readonly current_l1: { readonly number: number };
  readonly head_l1: { readonly number: number };
  readonly finalized_l1: { readonly number: number };
  readonly unsafe_l2: L2Ref;
  readonly safe_l2: L2Ref;
  readonly finalized_l2: L2Ref;
}

/** `altlayer status`: heads, and how far each thing lags behind the one it follows. */
export async function status({ rpc: url }: StatusOptions, output: Output): Promise<number> {
  const [chainId, sync] = await Promise.all([
    rpc<string>(url, "eth_chainId"),
    rpc<SyncStatus>(url, "optimism_syncStatus"),
  ]);
  const { unsafe_l2: unsafe, safe_l2: safe, finalized_l2: finalized } = sync;
  const lag = {
    /** Blocks that are not yet derivable from the L1: built, yet unsubmitted or unmined. */
    batcherBlocks: unsafe.number - safe.number,
    finalityBlocks: unsafe.number - finalized.number,
    /** L1 blocks that derivation has not read yet. */
    derivationL1Blocks: sync.head_l1.number - sync.current_l1.number,
    /** L1 blocks between the newest one and the origin of the unsafe head. */
    originL1Blocks: sync.head_l1.number - unsafe.l1origin.number,
  };
  if (output.json) {
    output.answer({
      rpc: shown(url),
      chainId: Number(chainId),
      unsafe,
      safe,
      finalized,
      l1: { head: sync.head_l1.number, current: sync.current_l1.number, finalized: sync.finalized_l1.number },
      lag,
    });
    return EXIT.ok;
  }
  const row = (name: string, ref: L2Ref) =>
    output.line(
      `  ${name.padEnd(10)} ${String(ref.number).padStart(9)}  ${ref.hash}  L1 origin ${ref.l1origin.number}`,
    );
  output.line(`chain ${Number(chainId)} at ${shown(url)}`);
  row("unsafe", unsafe);
  row("safe", safe);
  row("finalized", finalized);
  output.line(
    `  L1 head ${sync.head_l1.number}, read to ${sync.current_l1.number}, finalized ${sync.finalized_l1.number}`,
  );
  output.line(
    `  behind: batches ${lag.batcherBlocks} blocks, finality ${lag.finalityBlocks} blocks, derivation ${lag.derivationL1Blocks} L1 blocks`,
  );
  return EXIT.ok;
}
