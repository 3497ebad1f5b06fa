import type { Hex } from "@altlayer/engine";
import type { RollupConfig } from "@altlayer/protocol";
import { describeError } from "../errors.ts";
import type { JsonRpcClient } from "../l1/rpc-client.ts";
import { data, parseAnswer } from "../l1/schemas.ts";
import type { Logger } from "../log.ts";

const NOBODY: Hex = "0x0000000000000000000000000000000000000000";
/** First four bytes of keccak256 of unsafeBlockSigner(), a getter of SystemConfig. */
const UNSAFE_BLOCK_SIGNER: Hex = "0x1fd19ee1";
const REFRESH_MS = 30_000;
/** Longer than two looks at the L1: the sequencer looks later than we do, and waits for those who look last. */
const PREVIOUS_MS = 120_000;

export interface UnsafeSigner {
  /** Whose word counts for unsafe blocks and slices, as SystemConfig says. Zero until the L1 has answered. */
  readonly address: Hex;
  /**
   * Whose word counted before, for as long after the change as it still counts: a sequencer goes over to its new key
   * only when every follower has heard of it, and until then signs by the old one.
   */
  readonly previous: Hex | null;
  close(): void;
}

/** Keeps the address of the sequencer's signing key current. */
export async function watchUnsafeSigner(
  options: { readonly rollup: RollupConfig; readonly refreshMs?: number; readonly previousMs?: number },
  dependencies: { readonly l1: JsonRpcClient; readonly log: Logger },
): Promise<UnsafeSigner> {
  const { l1, log } = dependencies;
  const { refreshMs = REFRESH_MS, previousMs = PREVIOUS_MS } = options;
  const call = { to: options.rollup.l1SystemConfigAddress, data: UNSAFE_BLOCK_SIGNER };
  // Until the L1 answers, nothing verifies: nothing is let in on a guess.
  let address: Hex = NOBODY;
  let previous: { readonly address: Hex; readonly untilMs: number } | null = null;
  const refresh = async () => {
    try {
      const answer = parseAnswer(data, await l1.call("eth_call", [call, "latest"]), "eth_call");
      if (answer.length !== 66) return;
      const found: Hex = `0x${answer.slice(26)}`;
      if (found !== address && address !== NOBODY) {
        previous = { address, untilMs: performance.now() + previousMs };
        log.info("another unsafe block signer", { from: address, to: found });
      }
      address = found;
    } catch (error) {
      log.warn("unsafe block signer unknown", { error: describeError(error) });
    }
  };
  await refresh();
  const timer = setInterval(() => void refresh(), refreshMs);
  return {
    get address() {
      return address;
    },
    get previous() {
      return previous !== null && performance.now() < previous.untilMs ? previous.address : null;
    },
    close: () => clearInterval(timer),
  };
}
