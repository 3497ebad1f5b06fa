import { SdkError } from "../errors.ts";
import type { AnyClient } from "../rpc/call.ts";
import { FINALITY_LEVELS, type Finality, type FinalityLevel } from "../rpc/schemas.ts";
import { subscribe } from "../rpc/subscribe.ts";
import { type FinalityQuery, getFinality } from "./getFinality.ts";

/** viem's default is four seconds, in which ten certificates come. */
const MAX_POLLING_MS = 500;

export type WaitForFinalityOptions = FinalityQuery & {
  readonly level: FinalityLevel;
  /** Milliseconds; 60,000 unless given. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /**
   * Milliseconds between two looks; the client's polling interval, at most 500, unless given. Over WebSocket
   * certificates and heads cause further ones.
   */
  readonly pollingInterval?: number;
};

/**
 * Waits until a transaction or block has reached a level or a higher one. The node is believed; whoever does not
 * want to believe it checks the certificate with `verifyCertificate`.
 * @throws SdkError `WAIT_TIMED_OUT`, `WAIT_ABORTED`, `BLOCK_HELD_BACK` where alerts hold the block back and the level
 *   asked for is not the L1's; `MALFORMED_ANSWER`; viem's errors
 */
export async function waitForFinality(client: AnyClient, options: WaitForFinalityOptions): Promise<Finality> {
  const { level, timeout = 60_000, signal } = options;
  const { pollingInterval = Math.min(client.pollingInterval, MAX_POLLING_MS) } = options;
  const wanted = FINALITY_LEVELS.indexOf(level);
  const deadline = performance.now() + timeout;
  const bell = new Bell();
  const ring = () => bell.ring();
  signal?.addEventListener("abort", ring, { once: true });
  // A lost subscription costs only its speed: looking goes on.
  const topics = [["machCertificates"], ["newHeads"]];
  const ends = topics.map((params) => subscribe(client, { params, onData: ring, onError: () => {} }));
  try {
    for (;;) {
      if (signal?.aborted) throw new SdkError("WAIT_ABORTED", "waiting for finality was aborted", { level });
      const finality = await getFinality(client, options);
      if (FINALITY_LEVELS.indexOf(finality.level) >= wanted) return finality;
      if (finality.heldBack && wanted < FINALITY_LEVELS.indexOf("safe")) {
        throw new SdkError("BLOCK_HELD_BACK", "operators of more than a third of the weight signed alerts against it", {
          level: finality.level,
          blockNumber: finality.blockNumber,
        });
      }
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) {
        throw new SdkError("WAIT_TIMED_OUT", `not ${level} within ${timeout} ms: it is ${finality.level}`, {
          level: finality.level,
          timeoutMs: timeout,
        });
      }
      await bell.wait(Math.min(pollingInterval, leftMs));
    }
  } finally {
    signal?.removeEventListener("abort", ring);
    for (const end of ends) end?.();
  }
}

/** A wait that others can end. A ring while nobody waits is kept for the next one. */
class Bell {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  async wait(timeoutMs: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = null;
    this.#rung = false;
  }
}
