import type {
  BlockRef,
  Engine,
  EngineEvent,
  ExecutionPayload,
  Hex,
  PayloadAttributes,
  RawJson,
  SubmitResult,
} from "@altlayer/engine";

export const hashOf = (number: number, branch = 0): Hex =>
  `0x${branch.toString(16).padStart(2, "0")}${number.toString(16).padStart(62, "0")}`;

export const blockRef = (number: number, branch = 0): BlockRef => ({
  number,
  hash: hashOf(number, branch),
  parentHash: hashOf(Math.max(0, number - 1), branch),
  timestamp: 1_000 + number,
});

/**
 * Stands where the engine stands, for tests of the transport alone (framing, limits, order, malformed input). Everything
 * about the chain's content is tested against the real engine.
 */
export class ScriptedEngine implements Engine {
  readonly genesis = blockRef(0);
  readonly slices = null;
  readonly submitted: Uint8Array[][] = [];
  readonly queries: { readonly method: string; readonly params: string }[] = [];
  readonly calls: string[] = [];
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  head = blockRef(1);
  poolWatched = false;
  answer: (method: string, params: string) => RawJson | Promise<RawJson> = () => '"0x1"';
  submitAnswer: (raw: Uint8Array) => SubmitResult = (raw) => ({ hash: hashOf(raw[0] ?? 0, 9) });

  heads() {
    return { unsafe: this.head, safe: this.genesis, finalized: this.genesis };
  }

  onEvent(listener: (event: EngineEvent) => void) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  async watchPool(watched: boolean) {
    this.poolWatched = watched;
  }

  async submit(raw: readonly Uint8Array[]) {
    this.submitted.push([...raw]);
    return raw.map((one) => this.submitAnswer(one));
  }

  async query(method: string, params: string): Promise<RawJson> {
    this.queries.push({ method, params });
    return this.answer(method, params);
  }

  async open(parentHash: Hex, attributes: PayloadAttributes) {
    this.calls.push(`open ${parentHash.slice(-2)} ${attributes.transactions.length}`);
    return {
      candidate: 7,
      included: [],
      includedCount: 0,
      rejected: [],
      gasUsed: 0,
      transactionBytes: 0,
      transactionCount: 0,
    };
  }

  async extend(candidate: number) {
    this.calls.push(`extend ${candidate}`);
    return { included: [], includedCount: 0, rejected: [], gasUsed: 0, transactionBytes: 0, transactionCount: 0 };
  }

  async seal(candidate: number): Promise<ExecutionPayload> {
    this.calls.push(`seal ${candidate}`);
    return payload(2);
  }

  async drop(candidate: number) {
    this.calls.push(`drop ${candidate}`);
  }

  async newPayload(given: ExecutionPayload) {
    this.calls.push(`newPayload ${Number(given.blockNumber)}`);
    return { status: "VALID", latestValidHash: given.blockHash } as const;
  }

  async setHeads(heads: { readonly unsafe: Hex }) {
    if (heads.unsafe === hashOf(99)) return null;
    this.calls.push(`setHeads ${heads.unsafe.slice(-2)}`);
    return { heads: this.heads(), dropped: [], added: [] };
  }

  async payloadByHash(hash: Hex) {
    return hash === hashOf(2) ? payload(2) : null;
  }

  async payloadByNumber(number: number) {
    return number <= this.head.number ? payload(number) : null;
  }

  async messagePasserRoot() {
    return hashOf(0, 5);
  }

  async transactionRange() {
    return null;
  }

  async transactionLeaves() {
    return null;
  }

  async writeSnapshot(): Promise<never> {
    throw new TypeError("no snapshots here");
  }

  async stats() {
    return null;
  }

  async close() {}
}

export function payload(number: number): ExecutionPayload {
  return {
    parentBeaconBlockRoot: hashOf(0, 3),
    parentHash: hashOf(number - 1),
    feeRecipient: `0x${"11".repeat(20)}`,
    stateRoot: hashOf(number, 4),
    receiptsRoot: hashOf(number, 6),
    logsBloom: `0x${"00".repeat(256)}`,
    prevRandao: hashOf(0, 7),
    blockNumber: `0x${number.toString(16)}`,
    gasLimit: "0x1c9c380",
    gasUsed: "0x0",
    timestamp: `0x${(1_000 + number).toString(16)}`,
    extraData: "0x000000000800000002",
    baseFeePerGas: "0x1",
    blockHash: hashOf(number),
    transactions: ["0x7e00"],
    withdrawals: [],
    blobGasUsed: "0x0",
    excessBlobGas: "0x0",
  };
}
