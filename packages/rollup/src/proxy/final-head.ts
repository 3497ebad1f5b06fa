import {
  type CertificateRecord,
  certificateRecordSchema,
  finalitySchema,
  headSchema,
  isSdkError,
  parseAnswer,
  type VerifiedCertificate,
} from "@altlayer/sdk";
import type { Clock } from "../clock.ts";
import { describeError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { proxyError } from "./errors.ts";
import { FinalChain } from "./final-chain.ts";
import type { BlockRef, Upstream } from "./upstream.ts";

/** Why the breaker is open. */
export type TripCode =
  /** The node says that the L1 derived another block than was certified. */
  | "CERTIFICATE_VOID"
  /** The upstream's chain has another block where a certified one was. */
  | "CERTIFIED_BLOCK_REPLACED"
  /** A verified certificate is for a chain that does not hold the last certified block. */
  | "CERTIFICATES_CONTRADICT"
  /** Alerts of more than a third of the weight came against a block that had been shown as final. */
  | "BLOCK_HELD_BACK";

export interface Trip {
  readonly code: TripCode;
  readonly block: BlockRef;
  readonly sinceMs: number;
}

export interface FinalHeadStatus {
  readonly certified: BlockRef | null;
  /** That block's timestamp: seconds since 1970. */
  readonly certifiedTimestamp: number | null;
  readonly tripped: Trip | null;
  readonly heldBack: BlockRef | null;
  /** Of the last verified certificate. */
  readonly trusts: readonly string[];
  readonly warnings: readonly string[];
  /** Why the newest certificate offered was not taken; `null` if it was. */
  readonly problem: string | null;
}

export type HeadListener = (change: {
  /** New blocks, oldest first. */
  readonly blocks: readonly BlockRef[];
  /** The chain under filters and subscriptions was replaced. */
  readonly replaced: boolean;
}) => void;

/** Blocks of one advance that are looked at for alerts: the newest ones, which can still be alerted against. */
const ALERT_LOOKS = 64;

/**
 * The newest block under a certificate that was verified here, and the breaker. A certificate is believed after its
 * check against the L1; that it is void or alerted against is believed of the upstream, since that can only stop us.
 * An open breaker closes by itself once the L1 has settled the matter: with a verified certificate whose base, the L2
 * head that finalised L1 data give, is not below the block in question (docs/spec/mach.md, P3).
 */
export class FinalHead {
  readonly chain: FinalChain;
  /** How often the breaker opened, by reason. */
  readonly trips = new Map<TripCode, number>();
  readonly #pollMs: number;
  readonly #upstream: Upstream;
  readonly #verify: (record: CertificateRecord) => Promise<VerifiedCertificate>;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<HeadListener>();
  #current: (VerifiedCertificate & { readonly ref: BlockRef }) | null = null;
  #tripped: Trip | null = null;
  #heldBack: BlockRef | null = null;
  #problem: string | null = null;
  #running: Promise<void> | null = null;

  constructor(
    options: { readonly pollMs: number },
    dependencies: {
      readonly upstream: Upstream;
      readonly verify: (record: CertificateRecord) => Promise<VerifiedCertificate>;
      readonly clock: Clock;
      readonly log: Logger;
    },
  ) {
    this.#pollMs = options.pollMs;
    this.#upstream = dependencies.upstream;
    this.#verify = dependencies.verify;
    this.#clock = dependencies.clock;
    this.#log = dependencies.log;
    this.chain = new FinalChain({ upstream: dependencies.upstream });
  }

  /** @throws RpcError `TRIPPED`, `NO_CERTIFICATE` */
  current(): BlockRef {
    if (this.#tripped !== null) {
      const { code, block, sinceMs } = this.#tripped;
      const reason = { reason: code, block: { number: block.number, hash: block.hash }, since: sinceMs };
      throw proxyError("TRIPPED", `fast finality is suspended since block ${block.number}: ${code}`, reason);
    }
    if (this.#current === null) {
      throw proxyError("NO_CERTIFICATE", "no certificate has been verified yet", { problem: this.#problem });
    }
    return this.#current.ref;
  }

  get heldBack(): BlockRef | null {
    return this.#heldBack;
  }

  status(): FinalHeadStatus {
    return {
      certified: this.#current?.ref ?? null,
      certifiedTimestamp: this.#current?.message.core.timestamp ?? null,
      tripped: this.#tripped,
      heldBack: this.#heldBack,
      trusts: this.#current?.trusts ?? [],
      warnings: this.#current?.warnings ?? [],
      problem: this.#problem,
    };
  }

  onChange(listener: HeadListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#look();
      } catch (error) {
        this.#note(error);
      }
      await this.#clock.sleep(this.#pollMs, signal).catch(() => {});
    }
  }

  /** One look at the upstream: is what we showed still so, and is there something newer? */
  async #look(): Promise<void> {
    if (this.#current !== null && this.#tripped === null) await this.#watch(this.#current);
    const { certified } = parseAnswer(headSchema, await this.#upstream.call("mach_getHead", []), "mach_getHead");
    if (certified === null) return;
    const settled = this.#tripped?.block.number ?? this.#current?.ref.number ?? -1;
    const known = this.#tripped === null && certified.number <= settled;
    if (known && (certified.number < settled || certified.hash === this.#current?.ref.hash)) return;
    const record = await this.#record(`0x${certified.number.toString(16)}`);
    if (record === null || record.kind !== "block" || record.void !== null) return;
    const verified = await this.#verify(record);
    if (verified.blockHash === null) return;
    const ref: BlockRef = { number: verified.height, hash: verified.blockHash };
    if (this.#tripped !== null) await this.#resume(this.#tripped, verified, ref);
    else await this.#advance(verified, ref);
  }

  async #watch({ ref, digest }: { readonly ref: BlockRef; readonly digest: string }): Promise<void> {
    const [record, canonical, heldBack] = await Promise.all([
      this.#record(digest),
      this.#upstream.canonical(`0x${ref.number.toString(16)}`),
      this.#isHeldBack(ref),
    ]);
    if (record !== null && record.void !== null) this.#trip("CERTIFICATE_VOID", ref);
    // A node that lacks the block lags, or is starting: it cannot answer at the head, which is error enough.
    else if (canonical !== null && canonical.hash !== ref.hash) this.#trip("CERTIFIED_BLOCK_REPLACED", ref);
    else if (heldBack) this.#trip("BLOCK_HELD_BACK", ref);
  }

  async #advance(verified: VerifiedCertificate, ref: BlockRef): Promise<void> {
    const blocks = await this.chain.linkTo(ref);
    if (blocks === null) return this.#trip("CERTIFICATES_CONTRADICT", this.#current?.ref ?? ref);
    for (const block of blocks.slice(-ALERT_LOOKS)) {
      // What the L1 has settled no alert can undo.
      if (block.number <= verified.message.base.height || !(await this.#isHeldBack(block))) continue;
      if (this.#heldBack?.hash !== block.hash) this.#log.warn("block is held back by alerts", { ...block });
      this.#heldBack = block;
      return;
    }
    this.#take(verified, ref);
    this.chain.append(blocks);
    this.#tell({ blocks, replaced: false });
  }

  async #resume(trip: Trip, verified: VerifiedCertificate, ref: BlockRef): Promise<void> {
    if (verified.message.base.height < trip.block.number) return;
    const canonical = await this.#upstream.canonical(`0x${ref.number.toString(16)}`);
    if (canonical?.hash !== ref.hash || (await this.#isHeldBack(ref))) return;
    this.#log.warn("fast finality resumes: the L1 has settled the matter", {
      block: ref.number,
      since: trip.block.number,
    });
    this.#tripped = null;
    this.#take(verified, ref);
    this.chain.restart(ref);
    this.#tell({ blocks: [ref], replaced: true });
  }

  #take(verified: VerifiedCertificate, ref: BlockRef): void {
    this.#current = { ...verified, ref };
    this.#heldBack = null;
    this.#problem = null;
  }

  #trip(code: TripCode, block: BlockRef): void {
    this.#tripped = { code, block, sinceMs: this.#clock.nowMs() };
    this.trips.set(code, (this.trips.get(code) ?? 0) + 1);
    this.#log.error("fast finality is suspended", { reason: code, number: block.number, hash: block.hash });
  }

  #tell(change: Parameters<HeadListener>[0]): void {
    for (const listener of this.#listeners) listener(change);
  }

  async #record(id: string): Promise<CertificateRecord | null> {
    const answer = await this.#upstream.call("mach_getCertificate", [id]);
    return parseAnswer(certificateRecordSchema.nullable(), answer, "mach_getCertificate");
  }

  async #isHeldBack({ hash }: BlockRef): Promise<boolean> {
    const answer = await this.#upstream.call("mach_getFinality", [hash]);
    return parseAnswer(finalitySchema, answer, "mach_getFinality").heldBack;
  }

  #note(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    const problem = isSdkError(error) ? error.code : describeError(error);
    if (problem !== this.#problem) this.#log.warn("no newer certificate was taken", { problem });
    this.#problem = problem;
  }
}
