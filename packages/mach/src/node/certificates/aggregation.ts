import {
  bytesToHex,
  type Certificate,
  type EpochSchedule,
  type Hex,
  hexToBytes,
  type MachDigests,
  type Message,
} from "@altlayer/protocol";
import {
  AGGREGATOR_LIMITS,
  type AggregatorConfig,
  type AggregatorEffect,
  type AggregatorInput,
  EMPTY_AGGREGATOR,
  type Pool,
  type Rejection,
  type SignerShare,
  stepAggregator,
} from "../../core/aggregator.ts";
import { isAhead } from "../../core/signing-rule.ts";
import { Bounded } from "../bounded.ts";
import type { Bn254Like, MachLog } from "../options.ts";
import type { EpochTable } from "../table/epoch-table.ts";

/** Of shares without certificate: checked in a round, and remembered. */
const LONELY_AT_ONCE = 64;
const MAX_LONELY = 16_384;
/** Checks under way: they run on the process's pool of threads, where the signing journal is synced, too. */
const AT_ONCE = 2;

export interface AggregationDependencies {
  readonly digests: MachDigests;
  readonly bn254: Bn254Like;
  readonly table: (epoch: number) => EpochTable | undefined;
  readonly onCertificate: (digest: Hex, certificate: Certificate, table: EpochTable) => void;
  /** The share's signature is right. */
  readonly onValid: (share: { readonly from: number; readonly message: Message; readonly signature: Hex }) => void;
  readonly onReject: (from: number, epoch: number | undefined, reason: Rejection) => void;
  readonly log: MachLog;
}

/**
 * Runs the aggregator's core: checks signatures off the main thread, and makes certificates of what passes. Who cannot keep
 * up checks the newest first, which stands for what is behind it.
 */
export class Aggregation {
  readonly #config: AggregatorConfig;
  readonly #dependencies: AggregationDependencies;
  /** Shares that were checked alone, by digest and index. */
  readonly #lonely = new Bounded<string, true>(MAX_LONELY);
  /** Of digests whose turn has not come, at most one check each. */
  readonly #waiting = new Map<Hex, readonly SignerShare[]>();
  #checking = 0;
  #state = EMPTY_AGGREGATOR;

  constructor(options: { readonly schedule: EpochSchedule }, dependencies: AggregationDependencies) {
    this.#config = { schedule: options.schedule, ...AGGREGATOR_LIMITS };
    this.#dependencies = dependencies;
  }

  /** Pools of shares, for status. */
  get open(): number {
    return this.#state.pools.size;
  }

  share(from: number, message: Message, signature: Hex): void {
    const digest = this.#dependencies.digests.message(message);
    this.input({ type: "share", from, digest, message, signature });
  }

  input(input: AggregatorInput): void {
    const { state, effects } = stepAggregator(this.#state, input, this.#config);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
  }

  /**
   * Checks shares that too few others joined, some at a time: those of an operator that signs something else than
   * everybody are evidence against it, and what a restored backup has to be told of (section 7).
   */
  async checkLonely(): Promise<void> {
    const lonely = [...this.#state.pools].filter(([, pool]) => pool.certified === 0 && pool.unchecked.size > 0);
    let left = LONELY_AT_ONCE;
    for (const [digest, { message, unchecked }] of lonely) {
      const shares = [...unchecked]
        .filter(([index]) => this.#lonely.get(`${digest} ${index}`) === undefined)
        .slice(0, left)
        .map(([index, signature]) => ({ index, signature }));
      for (const { index } of shares) this.#lonely.set(`${digest} ${index}`, true);
      left -= shares.length;
      const table = this.#dependencies.table(message.base.epoch);
      if (shares.length === 0 || table === undefined) continue;
      const wrong = new Set(await this.#wrongOf(digest, shares, table));
      for (const { index: from, signature } of shares) {
        if (wrong.has(from)) this.#dependencies.onReject(from, message.base.epoch, "SIGNED_WRONGLY");
        else this.#dependencies.onValid({ from, message, signature });
      }
    }
  }

  /** Whether the operator's right signature on this block is held. */
  hasSigned(from: number, blockHash: Hex): boolean {
    for (const { message, valid } of this.#state.pools.values())
      if (message.core.blockHash === blockHash && valid.has(from)) return true;
    return false;
  }

  #perform(effect: AggregatorEffect): void {
    switch (effect.type) {
      case "verify":
        this.#waiting.set(effect.digest, effect.shares);
        this.#turn();
        return;
      case "certificate":
        this.#certify(effect.digest, effect.message, effect.shares);
        return;
      case "reject": {
        const epoch = this.#state.pools.get(effect.digest)?.message.base.epoch;
        this.#dependencies.onReject(effect.from, epoch, effect.reason);
      }
    }
  }

  /** Begins as many checks as may run beside each other. */
  #turn(): void {
    while (this.#checking < AT_ONCE) {
      const digest = this.#next();
      if (digest === null) return;
      const shares = this.#waiting.get(digest) ?? [];
      this.#waiting.delete(digest);
      this.#checking++;
      void this.#verify(digest, shares).finally(() => {
        this.#checking--;
        this.#turn();
      });
    }
  }

  /** What has no certificate yet before what would only get more signers, and of each the furthest. */
  #next(): Hex | null {
    let best: { readonly digest: Hex; readonly pool: Pool } | null = null;
    for (const digest of this.#waiting.keys()) {
      const pool = this.#state.pools.get(digest);
      // It is settled: nobody asks any more.
      if (pool === undefined) this.#waiting.delete(digest);
      else if (best === null || isMoreUrgent(pool, best.pool)) best = { digest, pool };
    }
    return best?.digest ?? null;
  }

  async #verify(digest: Hex, shares: readonly SignerShare[]): Promise<void> {
    const message = this.#state.pools.get(digest)?.message;
    const table = message === undefined ? undefined : this.#dependencies.table(message.base.epoch);
    if (message === undefined || table === undefined) return;
    const invalid = await this.#wrongOf(digest, shares, table);
    const wrong = new Set(invalid);
    for (const { index, signature } of shares)
      if (!wrong.has(index)) this.#dependencies.onValid({ from: index, message, signature });
    this.input({ type: "verified", digest, invalid });
  }

  async #wrongOf(digest: Hex, shares: readonly SignerShare[], table: EpochTable): Promise<readonly number[]> {
    try {
      return await table.wrongSigners(hexToBytes(digest), shares);
    } catch (error) {
      // The table's keys are no keys: nothing of it can be certified.
      this.#dependencies.log.error("signatures not checked", { epoch: table.epoch, error: String(error) });
      return shares.map(({ index }) => index);
    }
  }

  #certify(digest: Hex, message: Message, shares: readonly SignerShare[]): void {
    const table = this.#dependencies.table(message.base.epoch);
    if (table === undefined) return;
    const signers = shares.map(({ index }) => index);
    const signature = this.#dependencies.bn254.sumG1(shares.map((share) => hexToBytes(share.signature)));
    const aggregateKey = table.aggregateKeyOf(signers);
    // Infinity: keys or signatures that cancel each other. Nobody meets that by chance, and no verifier takes it.
    if (signature === null || aggregateKey === null) return;
    const certificate: Certificate = {
      message,
      tableCommitment: table.commitment,
      signature: bytesToHex(signature),
      aggregateKey: bytesToHex(aggregateKey),
      signers,
      depth: table.header.depth,
    };
    this.#dependencies.onCertificate(digest, certificate, table);
  }
}

function isMoreUrgent(a: Pool, b: Pool): boolean {
  if ((a.certified === 0) !== (b.certified === 0)) return a.certified === 0;
  return isAhead(a.message, b.message);
}
