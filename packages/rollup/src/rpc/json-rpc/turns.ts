/**
 * Lets large pieces of work run one in a turn of the event loop, in the order in which they came: between two of them
 * other sockets are read and answered. How many wait is bounded by whoever lets them in.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  /** Resolves when it is the caller's turn. What it does then, up to its next wait, has the turn to itself. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.push(resolve) === 1) setImmediate(this.#run);
    });
  }

  readonly #run = (): void => {
    this.#waiting.shift()?.();
    // An immediate of an immediate runs after the sockets have been looked at.
    if (this.#waiting.length > 0) setImmediate(this.#run);
  };
}
