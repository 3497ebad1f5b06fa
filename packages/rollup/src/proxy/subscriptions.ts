import { describeError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { limitExceeded, notificationsUnsupported, subscriptionNotFound } from "../rpc/errors.ts";
import type { LogCriteria } from "../rpc/filters/criteria.ts";
import { randomId } from "../rpc/filters/random-id.ts";
import type { Notifier } from "../rpc/json-rpc/method.ts";
import { PROXY_ERRORS } from "./errors.ts";
import type { FinalHead, HeadListener } from "./final-head.ts";
import type { Logs } from "./logs.ts";
import type { BlockRef, Upstream } from "./upstream.ts";

interface Subscription {
  readonly id: string;
  readonly notifier: Notifier;
  /** `null`: of new heads. */
  readonly criteria: LogCriteria | null;
  end(): void;
}

export interface SubscriptionLimits {
  readonly subscriptions: number;
  readonly subscriptionsPerConnection: number;
}

/** Fields of a block that are no part of a header's notification. */
const NOT_IN_HEADER = ["transactions", "uncles", "withdrawals", "size", "totalDifficulty"];
/** Advances that wait to be told: more, and subscribers are told that they were cut off. */
const QUEUE = 256;

/** `newHeads` and `logs` of certified blocks, in order, each block once. */
export class ProxySubscriptions {
  readonly #limits: SubscriptionLimits;
  readonly #upstream: Upstream;
  readonly #logs: Logs;
  readonly #log: Logger;
  readonly #open = new Map<string, Subscription>();
  readonly #stop: () => void;
  #queue: BlockRef[] = [];
  #telling = false;

  constructor(
    options: { readonly limits: SubscriptionLimits },
    dependencies: {
      readonly head: FinalHead;
      readonly upstream: Upstream;
      readonly logs: Logs;
      readonly log: Logger;
    },
  ) {
    this.#limits = options.limits;
    this.#upstream = dependencies.upstream;
    this.#logs = dependencies.logs;
    this.#log = dependencies.log;
    this.#stop = dependencies.head.onChange((change) => this.#changed(change));
  }

  get size(): number {
    return this.#open.size;
  }

  /** @throws RpcError where the transport has no notifications, there is no such topic, or too many are open */
  subscribe([topic, criteria]: readonly unknown[], notifier: Notifier | undefined): string {
    if (notifier === undefined) throw notificationsUnsupported();
    if (topic !== "newHeads" && topic !== "logs") throw subscriptionNotFound(String(topic).slice(0, 100));
    const { subscriptions, subscriptionsPerConnection } = this.#limits;
    if (this.#open.size >= subscriptions || notifier.subscriptions.size >= subscriptionsPerConnection) {
      throw limitExceeded("too many subscriptions, end some");
    }
    const id = randomId();
    const end = () => {
      this.#open.delete(id);
      notifier.subscriptions.delete(id);
      forget();
    };
    const forget = notifier.onClose(end);
    notifier.subscriptions.set(id, end);
    this.#open.set(id, { id, notifier, criteria: topic === "logs" ? this.#logs.parse(criteria) : null, end });
    return id;
  }

  unsubscribe(id: unknown, notifier: Notifier | undefined): boolean {
    const end = typeof id === "string" ? notifier?.subscriptions.get(id) : undefined;
    end?.();
    return end !== undefined;
  }

  close(): void {
    this.#stop();
    this.#queue = [];
  }

  #changed({ blocks, replaced }: Parameters<HeadListener>[0]): void {
    if (replaced) this.#cutAll("the chain under this subscription was replaced");
    if (this.#open.size === 0) return;
    if (this.#queue.length + blocks.length > QUEUE) {
      this.#cutAll("the chain's RPC is too slow for notifications");
      return;
    }
    this.#queue.push(...blocks);
    if (!this.#telling) void this.#tell();
  }

  async #tell(): Promise<void> {
    this.#telling = true;
    for (let block = this.#queue.shift(); block !== undefined; block = this.#queue.shift()) {
      try {
        await this.#tellOf(block);
      } catch (error) {
        this.#log.warn("a certified block could not be told of", {
          number: block.number,
          error: describeError(error),
        });
        this.#cutAll("the chain's RPC did not give a certified block");
      }
    }
    this.#telling = false;
  }

  async #tellOf(ref: BlockRef): Promise<void> {
    const subscribers = [...this.#open.values()];
    if (subscribers.some(({ criteria }) => criteria === null)) {
      const found = await this.#upstream.block(ref.hash, false);
      if (found === null) throw new TypeError("the block is gone");
      const header = Object.fromEntries(Object.entries(found.block).filter(([name]) => !NOT_IN_HEADER.includes(name)));
      for (const each of subscribers) if (each.criteria === null) send(each, { result: header });
    }
    for (const each of subscribers) {
      if (each.criteria === null) continue;
      const logs = await this.#logs.ofBlock(ref, each.criteria);
      for (const log of Array.isArray(logs) ? logs : []) send(each, { result: log });
    }
  }

  /** go-ethereum's way to say that a subscription is over: an error in its last notification. */
  #cutAll(message: string): void {
    this.#queue = [];
    const error = { code: -32002, message, data: { code: "ENDED", number: PROXY_ERRORS.ENDED } };
    for (const each of [...this.#open.values()]) {
      send(each, { error });
      each.end();
    }
  }
}

function send({ id, notifier }: Subscription, payload: { readonly result?: unknown; readonly error?: unknown }): void {
  const params = { subscription: id, ...payload };
  notifier.send(JSON.stringify({ jsonrpc: "2.0", method: "eth_subscription", params }));
}
