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
  type Rejection,
  type SignerShare,
  stepAggregator,
} from "../../core/aggregator.ts";
import type { Bn254Like, MachLog } from "../options.ts";
import type { EpochTable } from "../table/epoch-table.ts";

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

/** Runs the aggregator's core: checks signatures off the main thread, and makes certificates of what passes. */
export class Aggregation {
  readonly #config: AggregatorConfig;
  readonly #dependencies: AggregationDependencies;
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

  /** Whether the operator's right signature on this block is held. */
  hasSigned(from: number, blockHash: Hex): boolean {
    for (const { message, valid } of this.#state.pools.values())
      if (message.core.blockHash === blockHash && valid.has(from)) return true;
    return false;
  }

  #perform(effect: AggregatorEffect): void {
    switch (effect.type) {
      case "verify":
        void this.#verify(effect.digest, effect.shares);
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

  async #verify(digest: Hex, shares: readonly SignerShare[]): Promise<void> {
    const message = this.#state.pools.get(digest)?.message;
    const table = message === undefined ? undefined : this.#dependencies.table(message.base.epoch);
    if (message === undefined || table === undefined) return;
    let invalid: readonly number[];
    try {
      invalid = await table.wrongSigners(hexToBytes(digest), shares);
    } catch (error) {
      // The table's keys are no keys: nothing of it can be certified.
      this.#dependencies.log.error("signatures not checked", { epoch: table.epoch, error: String(error) });
      invalid = shares.map(({ index }) => index);
    }
    const wrong = new Set(invalid);
    for (const { index, signature } of shares)
      if (!wrong.has(index)) this.#dependencies.onValid({ from: index, message, signature });
    this.input({ type: "verified", digest, invalid });
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
