import { Worker } from "node:worker_threads";
import type { Logger } from "@altlayer/rollup";
import { problemOf, RaasError } from "../errors.ts";
import type { ChainSource } from "./chain-data.ts";
import type { IndexHint, IndexNews, IndexOrder } from "./index-worker.ts";

export interface IndexedRollup {
  readonly id: string;
  readonly file: string;
  readonly source: ChainSource;
  /** `news` is called for it. */
  readonly told: boolean;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: RaasError) => void;
}

const RESTART_MS = 1_000;

/** The thread on which indexes are written. If it fails it is started again, and goes on with what it followed. */
export class IndexThread {
  readonly #log: Logger;
  readonly #followed = new Map<string, IndexedRollup>();
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #restart: NodeJS.Timeout | null = null;
  #next = 1;
  #ended = false;

  constructor(dependencies: { readonly log: Logger }) {
    this.#log = dependencies.log;
  }

  /** Follows a node from now on, in place of what was followed for this rollup. @throws RaasError `STORE_FAILED` when the file cannot be written */
  async start(rollup: IndexedRollup): Promise<void> {
    this.#followed.set(rollup.id, rollup);
    await this.#ask({ kind: "start", ...rollup });
  }

  /** The rollup has new blocks. */
  news(id: string): void {
    if (this.#followed.has(id)) this.#worker?.postMessage({ kind: "news", id } satisfies IndexHint);
  }

  /** Closes the file, too. */
  async stop(id: string): Promise<void> {
    if (!this.#followed.delete(id)) return;
    await this.#ask({ kind: "stop", id });
  }

  async end(): Promise<void> {
    this.#ended = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    await this.#worker?.terminate();
    this.#worker = null;
  }

  async #ask(order: Without<IndexOrder, "order">): Promise<void> {
    this.#worker ??= this.#spawn();
    const number = this.#next++;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#worker?.postMessage({ ...order, order: number });
    });
  }

  #spawn(): Worker {
    const worker = new Worker(new URL("./index-worker.ts", import.meta.url));
    worker.on("message", (news: IndexNews) => {
      if (news.kind === "log") return this.#log[news.level](news.message, { rollup: news.id, ...news.fields });
      const waiting = this.#waiting.get(news.order);
      this.#waiting.delete(news.order);
      if (news.problem === null) waiting?.resolve();
      else waiting?.reject(new RaasError("STORE_FAILED", `the explorer's index failed: ${news.problem.message}`));
    });
    worker.on("error", (error) => this.#log.error("the index thread failed", { error: problemOf(error).message }));
    worker.once("exit", () => this.#afterExit(worker));
    return worker;
  }

  #afterExit(worker: Worker): void {
    if (this.#worker === worker) this.#worker = null;
    const closed = new RaasError("CLOSED", "the index thread has ended");
    for (const { reject } of this.#waiting.values()) reject(closed);
    this.#waiting.clear();
    if (this.#ended || this.#followed.size === 0) return;
    this.#restart = setTimeout(() => {
      for (const rollup of this.#followed.values())
        this.start(rollup).catch((error) => this.#log.error("cannot index", { error: problemOf(error).message }));
    }, RESTART_MS);
  }
}

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
