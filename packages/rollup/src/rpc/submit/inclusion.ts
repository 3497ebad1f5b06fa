import type { Engine, Hex, RawJson, SliceEngine } from "@altlayer/engine";
import { keccak256 } from "viem/utils";
import { RpcError, transactionTimeout } from "../errors.ts";
import { InclusionWaiter } from "./inclusion-waiter.ts";

/** Submission that answers with the receipt (EIP-7966). */
export interface Inclusion {
  /**
   * Resolves with the receipt as JSON text; rejects with EIP-7966's error 4 after the timeout, with error 5 at once where
   * the pool has the transaction wait for others.
   */
  submit(
    raw: Uint8Array,
    request: {
      readonly timeoutMs: number;
      /** Hands the transaction in, here or to the sequencer. */
      readonly send: () => Promise<Hex>;
    },
  ): Promise<RawJson>;
  close(): void;
}

/**
 * With slices the receipt comes with the slice that holds the transaction; behind a stock execution client, with the
 * block. `forwarded`: the sequencer is elsewhere, and what it orders is seen here as it comes.
 */
export function inclusionOf(options: { readonly engine: Engine; readonly forwarded: () => boolean }): Inclusion {
  const { engine, forwarded } = options;
  const blocks = new InclusionWaiter({ engine });
  const byBlock: Inclusion["submit"] = async (_raw, { timeoutMs, send }) =>
    blocks.wait({ hash: await send(), timeoutMs });
  const { slices } = engine;
  const close = () => blocks.close();
  if (!slices) return { submit: byBlock, close };
  const submit: Inclusion["submit"] = async (raw, { timeoutMs, send }) => {
    if (!forwarded()) return bySlice(slices, raw, timeoutMs);
    const hash = await send();
    // What the own pool thinks of it does not matter: the sequencer took it.
    return bySlice(slices, raw, timeoutMs).catch((error: unknown) => {
      if (error instanceof RpcError && error.code === TIMEOUT) throw error;
      return blocks.wait({ hash, timeoutMs });
    });
  };
  return { submit, close };
}

const TIMEOUT = 4;

async function bySlice(slices: SliceEngine, raw: Uint8Array, timeoutMs: number): Promise<RawJson> {
  const { receipt, cancel } = slices.submitSync(raw);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(transactionTimeout({ hash: keccak256(raw), timeoutMs })), timeoutMs);
  });
  try {
    return await Promise.race([receipt, late]);
  } catch (error) {
    cancel();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
