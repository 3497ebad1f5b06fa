import { filterNotFound, limitExceeded } from "../errors.ts";
import type { RpcLimits } from "../options.ts";
import type { ChainFeed, FeedListener } from "./chain-feed.ts";
import type { LogCriteria } from "./criteria.ts";
import { matchesLog } from "./criteria.ts";
import { randomId } from "./random-id.ts";

/** JSON that all filters share as one text until it is asked for. */
class JsonText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toJSON(): unknown {
    return JSON.parse(this.#text);
  }
}

interface InstalledFilter {
  readonly criteria: LogCriteria | undefined;
  readonly stop: () => void;
  results: unknown[];
  overflowed: boolean;
  expiry: NodeJS.Timeout;
}

/** Filters that clients poll (eth_newFilter and its kin). Results and filters are bounded; unpolled ones expire. */
export class FilterStore {
  readonly #limits: RpcLimits;
  readonly #feed: ChainFeed;
  readonly #filters = new Map<string, InstalledFilter>();
  /** Results kept by all filters. */
  #kept = 0;

  constructor(options: { readonly limits: RpcLimits }, dependencies: { readonly feed: ChainFeed }) {
    this.#limits = options.limits;
    this.#feed = dependencies.feed;
  }

  installBlocks(): string {
    return this.#install(undefined, (add) => ({
      blocks: (blocks) => add(blocks.map((block) => block.hash)),
    }));
  }

  /** Pooled transactions, by hash or whole. */
  installPending(full: boolean): string {
    return this.#install(undefined, (add) =>
      full ? { transaction: (text) => add([new JsonText(text)]) } : { pooled: (hashes) => add(hashes) },
    );
  }

  /**
   * A log filter reports what happens after its installation. Its range bounds which blocks count, as numbers; tags
   * mean "from now on".
   */
  installLogs(criteria: LogCriteria): string {
    const from = boundary(criteria.fromBlock, 0);
    const to = boundary(criteria.toBlock, Number.POSITIVE_INFINITY);
    return this.#install(criteria, (add) => ({
      logs: (logs) => {
        const matching = logs.filter((log) => {
          const number = Number(log.blockNumber);
          return number >= from && number <= to && matchesLog(log, criteria);
        });
        if (matching.length > 0) add(matching);
      },
    }));
  }

  /** Results since the last poll. */
  changes(id: string): readonly unknown[] {
    const filter = this.#get(id);
    filter.expiry.refresh();
    const results = filter.results;
    this.#kept -= results.length;
    filter.results = [];
    if (filter.overflowed) {
      filter.overflowed = false;
      throw limitExceeded(`filter overflowed: more than ${this.#limits.filterResults} results since the last poll`);
    }
    return results;
  }

  /** Criteria of a log filter, for eth_getFilterLogs. */
  criteria(id: string): LogCriteria {
    const filter = this.#get(id);
    filter.expiry.refresh();
    if (filter.criteria === undefined) throw filterNotFound();
    return filter.criteria;
  }

  uninstall(id: string): boolean {
    const filter = this.#filters.get(id);
    if (filter === undefined) return false;
    clearTimeout(filter.expiry);
    filter.stop();
    this.#kept -= filter.results.length;
    return this.#filters.delete(id);
  }

  close(): void {
    for (const id of [...this.#filters.keys()]) this.uninstall(id);
  }

  #get(id: string): InstalledFilter {
    const filter = this.#filters.get(id);
    if (filter === undefined) throw filterNotFound();
    return filter;
  }

  #install(
    criteria: LogCriteria | undefined,
    listener: (add: (results: readonly unknown[]) => void) => Omit<FeedListener, "overflow">,
  ): string {
    if (this.#filters.size >= this.#limits.filters)
      throw limitExceeded(`too many filters, at most ${this.#limits.filters}`);
    const id = randomId();
    const overflow = () => {
      this.#kept -= filter.results.length;
      filter.results = [];
      filter.overflowed = true;
    };
    const add = (results: readonly unknown[]) => {
      if (filter.overflowed) return;
      const { filterResults, filterResultsTotal } = this.#limits;
      if (filter.results.length + results.length > filterResults) return overflow();
      if (this.#kept + results.length > filterResultsTotal) return overflow();
      filter.results.push(...results);
      this.#kept += results.length;
    };
    const filter: InstalledFilter = {
      criteria,
      stop: this.#feed.listen({ ...listener(add), overflow }),
      results: [],
      overflowed: false,
      expiry: setTimeout(() => this.uninstall(id), this.#limits.filterExpiryMs).unref(),
    };
    this.#filters.set(id, filter);
    return id;
  }
}

function boundary(block: string | undefined, otherwise: number): number {
  if (block === undefined || !block.startsWith("0x")) return block === "earliest" ? 0 : otherwise;
  return Number(block);
}
