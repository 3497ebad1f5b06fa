import type { Engine } from "@altlayer/engine";
import type { Batcher } from "../batcher/batcher.ts";
import type { Clock } from "../clock.ts";
import type { Sequencer } from "../sequencer/sequencer.ts";

const POLL_MS = 200;

/**
 * Ends sequencing and waits until the L1 holds every block: what is left afterwards is only the sequencer's word.
 * @returns blocks that are not safe when the time is over
 */
export async function drain(
  options: { readonly timeoutMs: number },
  dependencies: {
    readonly engine: Engine;
    readonly sequencer: Sequencer | null;
    readonly batcher: Batcher | null;
    readonly clock: Clock;
  },
): Promise<{ readonly left: number }> {
  const { engine, sequencer, batcher, clock } = dependencies;
  await sequencer?.stop();
  const deadlineMs = clock.nowMs() + options.timeoutMs;
  for (;;) {
    const { unsafe, safe } = engine.heads();
    const left = Math.max(0, unsafe.number - safe.number);
    if (left === 0 || clock.nowMs() > deadlineMs) return { left };
    // Whatever waits to fill a channel goes now.
    await batcher?.flush();
    await clock.sleep(POLL_MS);
  }
}
