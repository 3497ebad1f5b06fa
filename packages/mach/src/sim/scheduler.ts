/** Events in virtual time. Those of one instant run in the order in which they were planned. */
export class Scheduler {
  #nowMs = 0;
  #planned = 0;
  readonly #heap: { readonly atMs: number; readonly order: number; readonly run: () => void }[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): void {
    const event = { atMs: this.#nowMs + delayMs, order: this.#planned++, run };
    let at = this.#heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** Runs what is due up to then, at most `maxEvents` of it: a simulation that never rests is a fault of its own. */
  runUntil(endMs: number, maxEvents: number): void {
    for (let count = 0; this.#heap.length > 0 && (this.#heap[0] as { atMs: number }).atMs <= endMs; count++) {
      if (count === maxEvents)
        throw new RangeError(`the simulation does not rest: ${maxEvents} events before ${endMs} ms`);
      const event = this.#pop();
      this.#nowMs = event.atMs;
      event.run();
    }
    this.#nowMs = endMs;
  }

  #pop() {
    const heap = this.#heap;
    const top = heap[0] as (typeof heap)[0];
    const last = heap.pop() as (typeof heap)[0];
    if (heap.length === 0) return top;
    heap[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && this.#isBefore(child, least)) least = child;
      if (least === at) return top;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [left, right] = [this.#heap[a], this.#heap[b]] as [
      { atMs: number; order: number },
      { atMs: number; order: number },
    ];
    return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    [heap[a], heap[b]] = [heap[b] as (typeof heap)[0], heap[a] as (typeof heap)[0]];
  }
}
