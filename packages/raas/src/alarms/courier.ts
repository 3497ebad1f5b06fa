import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@altlayer/rollup";
import { problemOf, RaasError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Outbound } from "../outbound/outbound.ts";
import type { Delivery, DeliveryStore } from "../store/deliveries.ts";
import type { Destination, DestinationStore } from "../store/destinations.ts";
import type { Mail } from "./mail.ts";
import type { Message, Outcome } from "./message.ts";
import { failedBy } from "./message.ts";
import { bodyOf } from "./messages.ts";
import { sendWebhook } from "./webhook.ts";

export interface CourierOptions {
  readonly nowMs: () => number;
  /** Where the console is, for links in messages. */
  readonly origin: () => string;
  readonly pollMs?: number;
  /** Before the second attempt; doubled with each further one. */
  readonly retryFirstMs?: number;
}

export interface CourierDependencies {
  readonly destinations: DestinationStore;
  readonly deliveries: DeliveryStore;
  readonly outbound: Outbound;
  /** Null where no mail server is configured. */
  readonly mail: Mail | null;
  /** Whether this control plane is the one that acts. */
  readonly active: () => boolean;
  readonly log: Logger;
}

const POLL_MS = 1_000;
/** Sent at a time, each to another destination. */
const BATCH = 16;
const RETRY_FIRST_MS = 5_000;
const RETRY_MAX_MS = 3_600_000;
/** Who has not answered for a day is told no more of it. */
const GIVE_UP_MS = 86_400_000;

/** How long after a failed attempt the next one follows. */
export const retryAfterMs = (attempts: number, firstMs: number = RETRY_FIRST_MS): number =>
  Math.min(RETRY_MAX_MS, firstMs * 2 ** Math.min(30, Math.max(0, attempts - 1)));

/** Takes messages from the outbox to their destinations, each at least once. */
export class Courier {
  readonly #options: CourierOptions;
  readonly #dependencies: CourierDependencies;
  readonly #closing = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: CourierOptions, dependencies: CourierDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  get sendsMail(): boolean {
    return this.#dependencies.mail !== null;
  }

  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  /** Sends a test message at once and tells what came of it; it is not tried again. */
  async test(destination: Destination, team: { readonly id: string; readonly name: string }): Promise<Outcome> {
    const now = this.#options.nowMs();
    const id = newId("dlv", now);
    const body = JSON.stringify(bodyOf("test", { id, at: now, team, told: null }));
    const outcome = await this.#send({ id, incidentId: null, body }, destination);
    await this.#dependencies.deliveries.insert({
      id,
      teamId: team.id,
      destinationId: destination.id,
      incidentId: null,
      kind: "test",
      body,
      status: outcome.kind,
      attempts: 1,
      nextAt: now,
      problem: outcome.kind === "failed" ? outcome.problem : null,
      createdAt: now,
      endedAt: this.#options.nowMs(),
    });
    return outcome;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const { active, log } = this.#dependencies;
    const { pollMs = POLL_MS } = this.#options;
    while (!signal.aborted) {
      let more = false;
      try {
        more = active() && (await this.#round()) === BATCH;
      } catch (error) {
        log.warn("cannot send alarms", { error: problemOf(error).message });
      }
      if (!more) await sleep(pollMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Returns how many were due. */
  async #round(): Promise<number> {
    const due = await this.#dependencies.deliveries.due(this.#options.nowMs(), BATCH);
    await Promise.all(due.map((delivery) => this.#deliver(delivery)));
    return due.length;
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const { destinations, deliveries, log } = this.#dependencies;
    const { nowMs, retryFirstMs } = this.#options;
    const destination = await destinations.get(delivery.teamId, delivery.destinationId);
    const outcome = await this.#send(delivery, destination);
    const now = nowMs();
    const attempts = delivery.attempts + 1;
    if (outcome.kind === "delivered") {
      await deliveries.attempted(delivery.id, {
        status: "delivered",
        attempts,
        nextAt: now,
        problem: null,
        endedAt: now,
      });
      return;
    }
    const { problem } = outcome;
    const over = outcome.permanent || now - delivery.createdAt > GIVE_UP_MS;
    if (over || attempts === 1) log.warn("alarm not delivered", { destination: destination.id, problem, over });
    await deliveries.attempted(delivery.id, {
      status: over ? "failed" : "pending",
      attempts,
      nextAt: now + retryAfterMs(attempts, retryFirstMs),
      problem,
      endedAt: over ? now : null,
    });
  }

  async #send(message: Message, { id, kind, target }: Destination): Promise<Outcome> {
    const { destinations, outbound, mail } = this.#dependencies;
    const { nowMs, origin } = this.#options;
    try {
      if (kind === "webhook") {
        const secret = await destinations.secret(id);
        return await sendWebhook(message, { url: target, secret, nowMs: nowMs() }, { outbound });
      }
      if (mail === null) throw new RaasError("MAIL_NOT_CONFIGURED", "this platform has no mail server any more");
      return await mail.send(message, { to: target, origin: origin() });
    } catch (error) {
      return failedBy(error, true);
    }
  }
}
