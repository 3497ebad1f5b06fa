/** Batches that have their turn at the same time. */
const AT_WORK = 4;
/** A batch that takes longer waits for something else than the processor: the next one begins beside it. */
const TURN_MS = 250;

interface Waiting {
  readonly size: number;
  readonly begin: () => void;
}

/**
 * Which batches are worked for. Hundreds that are worked for at once all end at once, and while their answers of a
 * megabyte each are put together nobody else is served; a few at a time end one by one. The smallest goes first.
 */
export class BatchTurns {
  readonly #waiting: Waiting[] = [];
  #atWork = 0;

  /** Resolves when it is the turn of a batch of so many requests, with how to end it. */
  take(size: number): Promise<() => void> {
    return new Promise((resolve) => {
      this.#waiting.push({ size, begin: () => resolve(this.#begin()) });
      this.#next();
    });
  }

  #begin(): () => void {
    this.#atWork++;
    let over = false;
    const end = () => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      this.#atWork--;
      this.#next();
    };
    const timer = setTimeout(end, TURN_MS);
    timer.unref();
    return end;
  }

  #next(): void {
    while (this.#atWork < AT_WORK && this.#waiting.length > 0) {
      const smallest = this.#waiting.reduce(
        (best, { size }, at, all) => (size < (all[best]?.size ?? 0) ? at : best),
        0,
      );
      this.#waiting.splice(smallest, 1)[0]?.begin();
    }
  }
}
