import type { Certificate, MachDigests, Message } from "@altlayer/protocol";
import { isSdkError, type ServiceContext } from "@altlayer/sdk";
import type { Address, Hex } from "viem";
import type { Clients } from "../deployment.ts";
import type { KeeperLog } from "../keeper/keeper.ts";
import type { Evidence, RangeProver } from "./evidence.ts";
import { ContradictionFinder, type StoredCertificates } from "./finder.ts";
import { bountySalt, type Recorded, recordEvidence } from "./recorder.ts";
import { doubtful } from "./replay.ts";

/** Findings that wait for the L1; more are dropped and counted: each convicts an operator, and there are few. */
const QUEUE_MAX = 64;
const RETRY_MS = 5_000;

/**
 * Looks at all that a node sees, and brings what it finds to the L1, one finding after the other. An L1 that does not
 * answer is asked again; evidence that a contract refuses is dropped with a warning.
 */
export class EvidenceWatch {
  readonly #context: ServiceContext;
  readonly #clients: Clients;
  readonly #log: KeeperLog;
  readonly #secret: Hex;
  readonly #finder: ContradictionFinder;
  readonly #queue: Evidence[] = [];
  readonly #closing = new AbortController();
  readonly #retryMs: number;
  #dropped = 0;
  #retrying = false;
  #working: Promise<void> | undefined;

  /** @param options.secret from which the bounties' salts are made: the same one after a restart. */
  constructor(
    {
      context,
      secret,
      retryMs = RETRY_MS,
    }: { readonly context: ServiceContext; readonly secret: Hex; readonly retryMs?: number },
    {
      clients,
      log,
      ...finding
    }: {
      readonly clients: Clients;
      readonly log: KeeperLog;
      readonly digests: MachDigests;
      readonly prover?: RangeProver;
      readonly stored?: StoredCertificates;
    },
  ) {
    this.#context = context;
    this.#clients = clients;
    this.#log = log;
    this.#secret = secret;
    this.#retryMs = retryMs;
    this.#finder = new ContradictionFinder(finding);
  }

  get dropped(): number {
    return this.#dropped + this.#finder.dropped;
  }

  async observeShare(operator: Address, message: Message, signature: Hex): Promise<void> {
    this.#add(await this.#finder.observeShare(operator, message, signature));
  }

  async observeCertificate(certificate: Certificate): Promise<void> {
    for (const evidence of await this.#finder.observeCertificate(certificate)) this.#add(evidence);
    if (this.#retrying || this.#closing.signal.aborted) return;
    this.#retrying = true;
    try {
      for (const evidence of await this.#finder.retry()) this.#add(evidence);
    } finally {
      this.#retrying = false;
    }
  }

  /**
   * What was on disk before the start: a contradiction whose second half came just before a crash, or that the L1 did not
   * take yet, is found again.
   * @param held by ascending height
   */
  async replay(held: {
    readonly certificates: readonly Certificate[];
    readonly shares: readonly { readonly operator: Address; readonly message: Message; readonly signature: Hex }[];
  }): Promise<void> {
    for (const { operator, message, signature } of held.shares) await this.observeShare(operator, message, signature);
    for (const certificate of doubtful(held.certificates)) {
      if (this.#closing.signal.aborted) return;
      await this.observeCertificate(certificate);
    }
  }

  /** Ends after the transaction in work. What waits is found again by whoever sees it. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#working;
  }

  #add(evidence: Evidence | undefined): void {
    if (evidence === undefined || this.#closing.signal.aborted) return;
    this.#log.warn("an operator contradicted itself", { kind: evidence.kind, form: evidence.proof.form });
    if (this.#queue.length >= QUEUE_MAX) {
      this.#dropped++;
      return;
    }
    this.#queue.push(evidence);
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  async #work(): Promise<void> {
    for (let evidence = this.#queue[0]; evidence !== undefined; evidence = this.#queue[0]) {
      const recorded = await this.#record(evidence);
      if (recorded === "again") {
        await new Promise((resolve) => setTimeout(resolve, this.#retryMs));
      } else {
        this.#queue.shift();
        if (recorded !== null) this.#log.info("evidence is on the L1", { ...recorded });
      }
      if (this.#closing.signal.aborted) return;
    }
  }

  async #record(evidence: Evidence): Promise<Recorded | null | "again"> {
    const salt = bountySalt(this.#secret, evidence);
    try {
      return await recordEvidence({ context: this.#context, evidence, salt }, this.#clients);
    } catch (error) {
      const refused = isSdkError(error) && error.code === "REFUSED";
      this.#log.warn(refused ? "evidence was refused" : "evidence could not be brought to the L1 yet", {
        error: error instanceof Error ? error.message.split("\n", 1)[0] : String(error),
      });
      return refused ? null : "again";
    }
  }
}
