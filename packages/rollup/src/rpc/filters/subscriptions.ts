import type { Hex } from "@altlayer/engine";
import type { SliceFeed, SliceListener } from "../../slices/slice-feed.ts";
import { limitExceeded, serverError, subscriptionNotFound } from "../errors.ts";
import type { Notifier } from "../json-rpc/method.ts";
import type { RpcLimits } from "../options.ts";
import type { MachProvider, MachTopic, NodeInfo } from "../providers.ts";
import type { ChainFeed, FeedListener } from "./chain-feed.ts";
import type { LogCriteria, LogJson } from "./criteria.ts";
import { matchesLog } from "./criteria.ts";
import { randomId } from "./random-id.ts";

export type SubscriptionRequest =
  | { readonly kind: "newHeads" }
  | { readonly kind: "logs"; readonly criteria: LogCriteria }
  | { readonly kind: "newPendingTransactions"; readonly full: boolean }
  | { readonly kind: "syncing" }
  | { readonly kind: "newFlashblocks" }
  | { readonly kind: "newFlashblockTransactions"; readonly full: boolean }
  | { readonly kind: "pendingLogs"; readonly criteria: LogCriteria }
  | { readonly kind: MachTopic };

/** The text of a log, made once for all who are told of it. */
const texts = new WeakMap<LogJson, string>();
function textOf(log: LogJson): string {
  const known = texts.get(log);
  if (known !== undefined) return known;
  const text = JSON.stringify(log);
  texts.set(log, text);
  return text;
}

/** eth_subscribe: pushes chain events to WebSocket connections, in the order in which they happen. */
export class Subscriptions {
  readonly #limits: RpcLimits;
  readonly #feed: ChainFeed;
  readonly #slices: SliceFeed;
  readonly #node: NodeInfo;
  readonly #transaction: (hash: Hex) => Promise<string>;
  readonly #mach: () => MachProvider | null;
  /** A slice's transactions as JSON text, read once for all who want them. */
  readonly #sliceTexts = new WeakMap<object, Promise<readonly string[]>>();
  #open = 0;

  constructor(
    options: { readonly limits: RpcLimits },
    dependencies: {
      readonly feed: ChainFeed;
      readonly slices: SliceFeed;
      readonly node: NodeInfo;
      /** A transaction by hash, as JSON text. */
      readonly transaction: (hash: Hex) => Promise<string>;
      /** `null` without MACH. */
      readonly mach: () => MachProvider | null;
    },
  ) {
    this.#limits = options.limits;
    this.#feed = dependencies.feed;
    this.#slices = dependencies.slices;
    this.#node = dependencies.node;
    this.#transaction = dependencies.transaction;
    this.#mach = dependencies.mach;
  }

  /** Subscriptions of all connections. */
  get open(): number {
    return this.#open;
  }

  /** Starts a subscription and returns its id. It ends with `unsubscribe` or with the connection. */
  subscribe(notifier: Notifier, request: SubscriptionRequest): string {
    if (notifier.subscriptions.size >= this.#limits.subscriptionsPerConnection) {
      throw limitExceeded(`too many subscriptions, at most ${this.#limits.subscriptionsPerConnection} per connection`);
    }
    if (this.#open >= this.#limits.subscriptions) {
      throw limitExceeded(`too many subscriptions, at most ${this.#limits.subscriptions} over all connections`);
    }
    const id = randomId();
    const push = (result: string) =>
      notifier.send(
        `{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"${id}","result":${result}}}`,
      );
    const stopMach = this.#listenToMach(request, push);
    const sliceListener = this.#sliceListener(request, push);
    if (sliceListener && !this.#slices.available) throw subscriptionNotFound(request.kind);
    const stopSlices = sliceListener ? this.#slices.listen(sliceListener) : () => undefined;
    let ended = false;
    const end = () => {
      if (!ended) this.#open--;
      ended = true;
      stopSlices();
      stopMach();
      stopListening();
      stopWatching();
      notifier.subscriptions.delete(id);
    };
    const stopListening = this.#feed.listen({
      ...this.#listener(request, push),
      overflow: () => {
        // A gap in a subscription is invisible to its client, so the client is told and the subscription ends.
        notifier.send(
          `{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"${id}","error":{"code":-32005,"message":"subscription queue overflow"}}}`,
        );
        end();
      },
    });
    const stopWatching = notifier.onClose(end);
    notifier.subscriptions.set(id, end);
    this.#open++;
    return id;
  }

  unsubscribe(notifier: Notifier, id: string): boolean {
    const end = notifier.subscriptions.get(id);
    if (end === undefined) throw serverError("subscription not found");
    end();
    return true;
  }

  #listener(request: SubscriptionRequest, push: (result: string) => void): Omit<FeedListener, "overflow"> {
    switch (request.kind) {
      case "newHeads":
        return { header: push };
      case "logs":
        return {
          logs: (logs) => {
            for (const log of logs) if (matchesLog(log, request.criteria)) push(textOf(log));
          },
        };
      case "newPendingTransactions":
        if (request.full) return { transaction: push };
        return {
          pooled: (hashes) => {
            for (const hash of hashes) push(`"${hash}"`);
          },
        };
      case "syncing":
        return { blocks: this.#syncingListener(push) };
      case "newFlashblocks":
      case "newFlashblockTransactions":
      case "pendingLogs":
      case "machCertificates":
      case "machAlerts":
      case "machVoid":
        return {};
    }
  }

  #listenToMach(request: SubscriptionRequest, push: (result: string) => void): () => void {
    if (request.kind !== "machCertificates" && request.kind !== "machAlerts" && request.kind !== "machVoid") {
      return () => undefined;
    }
    const mach = this.#mach();
    if (!mach) throw subscriptionNotFound(request.kind);
    return mach.listen(request.kind, (value) => push(JSON.stringify(value)));
  }

  /** What is told before a block is sealed; `null` for other subscriptions. */
  #sliceListener(request: SubscriptionRequest, push: (result: string) => void): SliceListener | null {
    switch (request.kind) {
      case "newFlashblocks":
        return { slice: ({ detail }) => push(detail.flashblock) };
      case "newFlashblockTransactions":
        return { slice: ({ detail }) => this.#sliceTransactions(detail, request.full, push) };
      case "pendingLogs": {
        const pushAll = (logs: readonly object[]) => {
          for (const log of logs) if (matchesLog(log as LogJson, request.criteria)) push(textOf(log as LogJson));
        };
        return { slice: ({ detail }) => pushAll(detail.logs), undone: ({ logs }) => pushAll(logs) };
      }
      default:
        return null;
    }
  }

  #sliceTransactions(slice: { readonly hashes: readonly Hex[] }, full: boolean, push: (result: string) => void): void {
    if (!full) {
      for (const hash of slice.hashes) push(`"${hash}"`);
      return;
    }
    let texts = this.#sliceTexts.get(slice);
    if (!texts) {
      // "null": it left the pool between the event and the read.
      texts = Promise.all(slice.hashes.map((hash) => this.#transaction(hash).catch(() => "null")));
      this.#sliceTexts.set(slice, texts);
    }
    void texts.then((all) => {
      for (const text of all) if (text !== "null") push(text);
    });
  }

  #syncingListener(push: (result: string) => void): () => void {
    let last = "";
    const report = () => {
      const progress = this.#node.syncing();
      // go-ethereum's shape: `false`, or `syncing` with the status beside it.
      const text = progress === false ? "false" : JSON.stringify({ syncing: true, status: progress });
      const state = progress === false ? "false" : "true";
      if (state !== last) push(text);
      last = state;
    };
    setImmediate(report);
    return report;
  }
}
