/**
 * Aborts at the first Ctrl-C or termination signal. A second one, a moment later, ends the process at once: the first
 * may come twice, from the terminal and from the program that started us.
 */
export function stopSignal(options: { readonly onStop: () => void; readonly onForced: () => void }): {
  readonly signal: AbortSignal;
  readonly interrupted: () => boolean;
  release(): void;
} {
  const SAME_KEYSTROKE_MS = 1_000;
  const controller = new AbortController();
  let firstAt = 0;
  const handle = () => {
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      options.onStop();
      controller.abort();
    } else if (performance.now() - firstAt > SAME_KEYSTROKE_MS) {
      options.onForced();
      process.exit(130);
    }
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of signals) process.on(name, handle);
  return {
    signal: controller.signal,
    interrupted: () => controller.signal.aborted,
    release: () => {
      for (const name of signals) process.removeListener(name, handle);
    },
  };
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
