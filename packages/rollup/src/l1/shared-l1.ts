import { type Clock, closedError } from "../clock.ts";
import type { NodeConfig } from "../config/node-config.ts";
import type { Logger } from "../log.ts";
import { HeadWatcher } from "./head-watcher.ts";
import { L1Client, type L1Reader } from "./l1-client.ts";
import { JSON_RPC_DEFAULTS, JsonRpcClient } from "./rpc-client.ts";

/**
 * An L1 as many nodes of one process read it: its heads are asked for once for all of them, its blocks are fetched and
 * kept once. Whoever makes it closes it, after the nodes.
 */
export class SharedL1 {
  readonly client: L1Reader;
  readonly watcher: HeadWatcher;
  readonly #rpc: JsonRpcClient;
  #chainId: Promise<number> | null = null;

  constructor(config: NodeConfig["l1"], dependencies: { readonly clock: Clock; readonly log: Logger }) {
    const { url, timeoutMs, maxResponseBytes, attempts, trustRpc } = config;
    this.#rpc = new JsonRpcClient({ ...JSON_RPC_DEFAULTS, url, timeoutMs, maxResponseBytes, attempts }, dependencies);
    this.client = new L1Client({ verify: !trustRpc }, { rpc: this.#rpc });
    this.watcher = new HeadWatcher(config, { l1: this.client, ...dependencies });
    this.watcher.start();
  }

  /** The same for one of its nodes: who waits for an answer when the signal comes is let go. */
  readerFor(signal: AbortSignal): L1Reader {
    const { client } = this;
    const until = <T>(answer: Promise<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        const stop = () => reject(closedError());
        if (signal.aborted) stop();
        signal.addEventListener("abort", stop, { once: true });
        answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
      });
    return {
      chainId: () => until(this.#chainIdOnce()),
      headerByTag: (tag) => until(client.headerByTag(tag)),
      headerByNumber: (number) => until(client.headerByNumber(number)),
      headerByHash: (hash) => until(client.headerByHash(hash)),
      ancestorAtHand: (head, number) => client.ancestorAtHand(head, number),
      transactions: (hash) => until(client.transactions(hash)),
      receipts: (hash) => until(client.receipts(hash)),
    };
  }

  /** Asked until it is known: all nodes of an L1 check it at their start. */
  #chainIdOnce(): Promise<number> {
    this.#chainId ??= this.client.chainId().catch((error: unknown) => {
      this.#chainId = null;
      throw error;
    });
    return this.#chainId;
  }

  async close(): Promise<void> {
    this.#rpc.close();
    await this.watcher.close();
  }
}
