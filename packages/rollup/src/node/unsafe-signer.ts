import type { Hex } from "@altlayer/engine";
import type { RollupConfig } from "@altlayer/protocol";
import { describeError } from "../errors.ts";
import type { JsonRpcClient } from "../l1/rpc-client.ts";
import { data, parseAnswer } from "../l1/schemas.ts";
import type { Logger } from "../log.ts";

/** First four bytes of keccak256 of unsafeBlockSigner(), a getter of SystemConfig. */
const UNSAFE_BLOCK_SIGNER: Hex = "0x1fd19ee1";
const REFRESH_MS = 30_000;

export interface UnsafeSigner {
  /** Whose word counts for unsafe blocks and slices, as SystemConfig says. Zero until the L1 has answered. */
  readonly address: Hex;
  close(): void;
}

/** Keeps the address of the sequencer's signing key current. */
export async function watchUnsafeSigner(
  options: { readonly rollup: RollupConfig },
  dependencies: { readonly l1: JsonRpcClient; readonly log: Logger },
): Promise<UnsafeSigner> {
  const { l1, log } = dependencies;
  const call = { to: options.rollup.l1SystemConfigAddress, data: UNSAFE_BLOCK_SIGNER };
  // Until the L1 answers, nothing verifies: nothing is let in on a guess.
  let address: Hex = "0x0000000000000000000000000000000000000000";
  const refresh = async () => {
    try {
      const answer = parseAnswer(data, await l1.call("eth_call", [call, "latest"]), "eth_call");
      if (answer.length === 66) address = `0x${answer.slice(26)}`;
    } catch (error) {
      log.warn("unsafe block signer unknown", { error: describeError(error) });
    }
  };
  await refresh();
  const timer = setInterval(() => void refresh(), REFRESH_MS);
  return {
    get address() {
      return address;
    },
    close: () => clearInterval(timer),
  };
}
