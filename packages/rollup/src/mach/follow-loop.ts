import type { Clock } from "../clock.ts";
import { describeError, isClosed } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Wakeup } from "../signal.ts";

/** After a failure, and while nothing moves. */
const RETRY_MS = 500;
const WARN_EVERY = 100;

/** Takes a turn whenever something moved, until the signal; a turn that fails is taken again. */
export async function keepFollowing(
  options: { readonly moved: Wakeup; readonly turn: () => Promise<void>; readonly signal: AbortSignal },
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<void> {
  const { moved, turn, signal } = options;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await turn();
      failures = 0;
    } catch (error) {
      if (signal.aborted || isClosed(error)) return;
      const fields = { error: describeError(error), failures: failures + 1 };
      if (failures++ % WARN_EVERY === 0) log.warn("MACH cannot follow the chain", fields);
    }
    await moved.wait(RETRY_MS, clock, signal).catch(() => {});
  }
}
