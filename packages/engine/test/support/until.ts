import { setTimeout as sleep } from "node:timers/promises";

/** Waits for something that comes by itself; fails loudly if it does not. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new TypeError(`still not so after ${timeoutMs} ms: ${condition}`);
    await sleep(5);
  }
}
