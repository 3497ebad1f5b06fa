import type { Clock } from "../clock.ts";
import { filterNotFound, invalidParams, limitExceeded } from "../rpc/errors.ts";
import type { LogCriteria } from "../rpc/filters/criteria.ts";
import { randomId } from "../rpc/filters/random-id.ts";
import { proxyError } from "./errors.ts";
import type { FinalHead } from "./final-head.ts";
import type { Logs } from "./logs.ts";
import type { Pin } from "./pin.ts";

interface Filter {
  readonly criteria: LogCriteria | null;
  /** The certified head at the last poll. */
  seen: number;
  polledMs: number;
}

export interface FilterLimits {
  readonly filters: number;
  readonly filterExpiryMs: number;
}

/** Polled filters over certified blocks. They end when nobody polls, when they fall behind, and when the chain is replaced. */
export class Filters {
  readonly #limits: FilterLimits;
  readonly #head: FinalHead;
  readonly #logs: Logs;
  readonly #clock: Clock;
  readonly #filters = new Map<string, Filter>();
  readonly #end: () => void;

  constructor(
    options: { readonly limits: FilterLimits },
    dependencies: { readonly head: FinalHead; readonly logs: Logs; readonly clock: Clock },
  ) {
    this.#limits = options.limits;
    this.#head = dependencies.head;
    this.#logs = dependencies.logs;
    this.#clock = dependencies.clock;
    this.#end = this.#head.onChange(({ replaced }) => {
      if (replaced) this.#filters.clear();
    });
  }

  get size(): number {
    return this.#filters.size;
  }

  /** @param criteria of logs; `null` for a filter of blocks. @throws RpcError -32005 */
  install(criteria: LogCriteria | null, pin: Pin): string {
    const now = this.#clock.nowMs();
    for (const [id, { polledMs }] of this.#filters) {
      if (polledMs + this.#limits.filterExpiryMs < now) this.#filters.delete(id);
    }
    if (this.#filters.size >= this.#limits.filters) throw limitExceeded("too many filters, uninstall some");
    const id = randomId();
    this.#filters.set(id, { criteria, seen: pin.final().number, polledMs: now });
    return id;
  }

  uninstall(id: unknown): boolean {
    return this.#filters.delete(String(id));
  }

  /** What came since the last poll. @throws RpcError `ENDED`, -32000 for a filter that there is not */
  async changes(id: unknown, pin: Pin): Promise<readonly unknown[]> {
    const filter = this.#get(id);
    const head = pin.final();
    const from = filter.seen + 1;
    if (from > head.number) return [];
    if (filter.criteria === null) {
      const blocks = this.#head.chain.above(filter.seen);
      if (blocks === null) {
        this.#filters.delete(String(id));
        throw proxyError("ENDED", "the filter was not polled for too many blocks", { seen: filter.seen });
      }
      filter.seen = head.number;
      return blocks.filter(({ number }) => number <= head.number).map(({ hash }) => hash);
    }
    const logs = await this.#range(filter.criteria, { from, pin });
    // Moved on only when the answer is there to be given; two polls at a time do not move it back.
    filter.seen = Math.max(filter.seen, head.number);
    return logs;
  }

  /** All that a filter of logs matches. */
  async all(id: unknown, pin: Pin): Promise<unknown> {
    const { criteria } = this.#get(id);
    if (criteria === null) throw filterNotFound();
    return this.#logs.query(criteria, pin);
  }

  close(): void {
    this.#end();
    this.#filters.clear();
  }

  #range(criteria: LogCriteria, { from, pin }: { readonly from: number; readonly pin: Pin }) {
    const head = pin.final();
    const first = bound(criteria.fromBlock, from);
    const last = bound(criteria.toBlock, head.number);
    const to = { number: Math.min(last, head.number) };
    return this.#logs.ofRange({ from: Math.max(first, from), to }, criteria, head, pin);
  }

  #get(id: unknown): Filter {
    if (typeof id !== "string") throw invalidParams("invalid argument 0: no filter id");
    const filter = this.#filters.get(id);
    if (filter === undefined) throw filterNotFound();
    filter.polledMs = this.#clock.nowMs();
    return filter;
  }
}

/** A filter's bound; tags mean "from now on" and "without end". */
function bound(given: string | undefined, otherwise: number): number {
  return given?.startsWith("0x") ? Number(given) : otherwise;
}
