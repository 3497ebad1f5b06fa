import type {
  BlockRef,
  CandidateId,
  Engine,
  EngineEvent,
  ExecutionPayload,
  ExtendResult,
  ExtendSource,
  HeadChange,
  Heads,
  Hex,
  PayloadAttributes,
  PayloadStatus,
  RawJson,
  SubmitResult,
  TransactionRange,
} from "@altlayer/engine";
import { isDepositTransaction, MountainRange, transactionLeaf } from "@altlayer/protocol";
import { bytesToHex, keccak256, numberToHex } from "viem/utils";
import type { Clock } from "../clock.ts";
import { RollupError } from "../errors.ts";
import { refOf } from "../l1/l1-client.ts";
import { JSON_RPC_DEFAULTS, JsonRpcClient } from "../l1/rpc-client.ts";
import type { L1Header as Header } from "../l1/schemas.ts";
import { hash, parseAnswer } from "../l1/schemas.ts";
import type { Logger } from "../log.ts";
import { bearerToken } from "./jwt.ts";
import {
  bodiesSchema,
  forkchoiceSchema,
  getPayloadSchema,
  l2HeaderSchema,
  payloadStatusSchema,
  proofSchema,
  rawReceiptsSchema,
} from "./schemas.ts";

export interface EngineApiClientOptions {
  /** The authenticated endpoint, which also serves `eth_`. */
  readonly url: string;
  /** 32 bytes. */
  readonly jwtSecret: Uint8Array;
}

const MESSAGE_PASSER: Hex = "0x4200000000000000000000000000000000000016";
/** Engine API codes for attributes that cannot become a block: -38003 and, for forced transactions, -32000 on building. */
const INVALID_ATTRIBUTES = -38003;
const keccakBytes = (bytes: Uint8Array) => keccak256(bytes, "bytes");
const NOTHING: ExtendResult = {
  included: [],
  includedCount: 0,
  rejected: [],
  gasUsed: 0,
  transactionBytes: 0,
  transactionCount: 0,
};

/**
 * A stock execution client (op-geth) behind the engine's face, driven by the Engine API, version 3.
 *
 * What it cannot do: fill a candidate step by step (op-geth fills from its own pool between `open` and `seal`; of the
 * pool, `extend` therefore reports nothing), keep several candidates on different heads, or tell of pooled transactions.
 */
export class EngineApiClient implements Engine {
  readonly slices = null;
  readonly #rpc: JsonRpcClient;
  readonly #candidates = new Map<CandidateId, { readonly payloadId: Hex }>();
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  #genesis: BlockRef | null = null;
  #heads: Heads | null = null;
  #nextCandidate = 1;

  constructor(options: EngineApiClientOptions, dependencies: { readonly clock: Clock; readonly log: Logger }) {
    const headers = () => ({ authorization: bearerToken(options.jwtSecret) });
    this.#rpc = new JsonRpcClient({ ...JSON_RPC_DEFAULTS, url: options.url, headers }, dependencies);
  }

  /** Reads the client's genesis and heads; call before anything else. */
  async connect(): Promise<void> {
    const genesis = await this.#header("0x0");
    const unsafe = await this.#header("latest");
    if (!genesis || !unsafe) throw apiError("the execution client has no chain");
    this.#genesis = refOf(genesis);
    const labelled = async (tag: string) => refOf((await this.#header(tag).catch(() => null)) ?? genesis);
    this.#heads = { unsafe: refOf(unsafe), safe: await labelled("safe"), finalized: await labelled("finalized") };
  }

  /** There are no pool events to be watched. */
  async watchPool(): Promise<void> {}

  get genesis(): BlockRef {
    if (!this.#genesis) throw apiError("not connected");
    return this.#genesis;
  }

  heads(): Heads {
    if (!this.#heads) throw apiError("not connected");
    return this.#heads;
  }

  onEvent(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async open(
    parentHash: Hex,
    attributes: PayloadAttributes,
  ): Promise<{ readonly candidate: CandidateId } & ExtendResult> {
    const { timestamp, gasLimit } = attributes;
    const answer = await this.#forkchoice(parentHash, {
      ...attributes,
      timestamp: numberToHex(timestamp),
      gasLimit: numberToHex(gasLimit),
      withdrawals: [],
    });
    if (answer.payloadStatus.status !== "VALID" || !answer.payloadId) {
      const detail = answer.payloadStatus.validationError ?? answer.payloadStatus.status;
      throw new RollupError("ENGINE_API", `the execution client does not build on ${parentHash}: ${detail}`, {
        severity: "temporary",
      });
    }
    const candidate = this.#nextCandidate++;
    this.#candidates.set(candidate, { payloadId: answer.payloadId });
    return { candidate, ...NOTHING };
  }

  async extend(_candidate: CandidateId, source: ExtendSource): Promise<ExtendResult> {
    if (source.kind === "pool") return NOTHING;
    throw apiError("an execution client behind the Engine API takes transactions by its pool only");
  }

  async seal(candidate: CandidateId): Promise<ExecutionPayload> {
    const open = this.#candidates.get(candidate);
    if (!open) throw apiError(`candidate ${candidate} is not open`);
    this.#candidates.delete(candidate);
    const method = "engine_getPayloadV3";
    const payload = parseAnswer(getPayloadSchema, await this.#rpc.call(method, [open.payloadId]), method);
    const status = await this.newPayload(payload);
    if (status.status === "VALID") return payload;
    const detail = status.status === "INVALID" ? status.validationError : status.status;
    throw new RollupError("ENGINE_INVALID_PAYLOAD", `the execution client rejects its own payload: ${detail}`, {
      severity: "permanent",
    });
  }

  async drop(candidate: CandidateId): Promise<void> {
    this.#candidates.delete(candidate);
  }

  async newPayload(payload: ExecutionPayload): Promise<PayloadStatus> {
    const { parentBeaconBlockRoot, ...execution } = payload;
    const method = "engine_newPayloadV3";
    const answer = parseAnswer(
      payloadStatusSchema,
      await this.#rpc.call(method, [execution, [], parentBeaconBlockRoot]),
      method,
    );
    switch (answer.status) {
      case "VALID":
        return { status: "VALID", latestValidHash: answer.latestValidHash ?? payload.blockHash };
      case "INVALID":
      case "INVALID_BLOCK_HASH":
        return {
          status: "INVALID",
          latestValidHash: answer.latestValidHash ?? null,
          validationError: answer.validationError ?? answer.status,
        };
      default:
        return { status: "SYNCING" };
    }
  }

  async setHeads(wanted: {
    readonly unsafe: Hex;
    readonly safe?: Hex;
    readonly finalized?: Hex;
  }): Promise<HeadChange | null> {
    const before = this.heads();
    const safe = wanted.safe ?? before.safe.hash;
    const finalized = wanted.finalized ?? before.finalized.hash;
    const answer = await this.#forkchoice(wanted.unsafe, null, { safe, finalized });
    if (answer.payloadStatus.status === "SYNCING") return null;
    if (answer.payloadStatus.status !== "VALID")
      throw apiError(`forkchoice refused: ${answer.payloadStatus.validationError ?? answer.payloadStatus.status}`);
    const heads: Heads = {
      unsafe: await this.#ref(wanted.unsafe),
      safe: await this.#ref(safe),
      finalized: await this.#ref(finalized),
    };
    this.#heads = heads;
    const change = { heads, ...(await this.#difference(before.unsafe, heads.unsafe)) };
    for (const listener of this.#listeners) listener({ kind: "heads", change });
    return change;
  }

  async submit(raw: readonly Uint8Array[]): Promise<readonly SubmitResult[]> {
    const results: SubmitResult[] = [];
    for (const bytes of raw) {
      try {
        const answer = await this.#rpc.call("eth_sendRawTransaction", [bytesToHex(bytes)], { idempotent: false });
        results.push({ hash: parseAnswer(hash, answer, "eth_sendRawTransaction") });
      } catch (error) {
        if (!(error instanceof RollupError) || error.code !== "L1_RPC_ERROR") throw error;
        results.push({ error: { code: Number(error.data.code), message: String(error.data.message) } });
      }
    }
    return results;
  }

  async query(method: string, params: string): Promise<RawJson> {
    return JSON.stringify(await this.#rpc.call(method, JSON.parse(params) as unknown[]));
  }

  async payloadByHash(hash: Hex, options: { readonly brief?: boolean } = {}): Promise<ExecutionPayload | null> {
    const answer = await this.#rpc.call("eth_getBlockByHash", [hash, false]);
    const header = parseAnswer(l2HeaderSchema, answer, "eth_getBlockByHash");
    return header && shortened(await this.#payload(header), options);
  }

  async payloadByNumber(number: number, options: { readonly brief?: boolean } = {}): Promise<ExecutionPayload | null> {
    const header = await this.#header(numberToHex(number));
    return header && shortened(await this.#payload(header), options);
  }

  async messagePasserRoot(blockHash: Hex): Promise<Hex> {
    const answer = await this.#rpc.call("eth_getProof", [MESSAGE_PASSER, [], blockHash]);
    return parseAnswer(proofSchema, answer, "eth_getProof").storageHash;
  }

  async transactionRange(blockHash: Hex): Promise<TransactionRange | null> {
    const leaves = await this.transactionLeaves(blockHash);
    if (leaves === null) return null;
    const range = new MountainRange({ keccak256: keccakBytes });
    for (const leaf of leaves) range.append(leaf);
    return { count: range.size, root: range.root() };
  }

  async transactionLeaves(blockHash: Hex): Promise<readonly Hex[] | null> {
    const payload = await this.payloadByHash(blockHash);
    if (payload === null) return null;
    const method = "debug_getRawReceipts";
    const receipts = parseAnswer(rawReceiptsSchema, await this.#rpc.call(method, [blockHash]), method);
    if (receipts.length !== payload.transactions.length) throw apiError(`${method} answers for another block`);
    return payload.transactions.map((raw, i) =>
      transactionLeaf(keccak256(raw), keccak256(receipts[i] as Hex), keccakBytes),
    );
  }

  /** The Engine API has no way to ask. */
  async stats(): Promise<null> {
    return null;
  }

  async writeSnapshot(): Promise<never> {
    throw new RollupError("ENGINE_API", "another execution client writes no snapshots: use its own", {
      severity: "permanent",
    });
  }

  async close(): Promise<void> {
    this.#rpc.close();
  }

  async #forkchoice(unsafe: Hex, attributes: unknown, labels?: { readonly safe: Hex; readonly finalized: Hex }) {
    const { safe, finalized } = labels ?? { safe: this.heads().safe.hash, finalized: this.heads().finalized.hash };
    const state = { headBlockHash: unsafe, safeBlockHash: safe, finalizedBlockHash: finalized };
    const method = "engine_forkchoiceUpdatedV3";
    try {
      return parseAnswer(forkchoiceSchema, await this.#rpc.call(method, [state, attributes]), method);
    } catch (error) {
      if (error instanceof RollupError && error.data.code === INVALID_ATTRIBUTES) {
        throw new RollupError(
          "ENGINE_INVALID_PAYLOAD",
          `the execution client refuses the attributes: ${String(error.data.message)}`,
          {
            severity: "permanent",
            cause: error,
          },
        );
      }
      throw error;
    }
  }

  /** Blocks that left and joined the canonical chain, found by walking back from both heads. */
  async #difference(from: BlockRef, to: BlockRef): Promise<Pick<HeadChange, "dropped" | "added">> {
    const dropped: BlockRef[] = [];
    const added: BlockRef[] = [];
    let [a, b] = [from, to];
    while (a.hash !== b.hash) {
      const [numberA, numberB] = [a.number, b.number];
      if (numberA >= numberB) {
        dropped.unshift(a);
        a = await this.#ref(a.parentHash);
      }
      if (numberB >= numberA) {
        added.unshift(b);
        b = await this.#ref(b.parentHash);
      }
    }
    return { dropped, added };
  }

  async #ref(blockHash: Hex): Promise<BlockRef> {
    const header = parseAnswer(
      l2HeaderSchema,
      await this.#rpc.call("eth_getBlockByHash", [blockHash, false]),
      "eth_getBlockByHash",
    );
    if (!header) throw apiError(`the execution client does not have block ${blockHash}`);
    return refOf(header);
  }

  async #header(id: string): Promise<Header | null> {
    const method = "eth_getBlockByNumber";
    return parseAnswer(l2HeaderSchema, await this.#rpc.call(method, [id, false]), method);
  }

  async #payload(header: Header): Promise<ExecutionPayload> {
    const method = "engine_getPayloadBodiesByHashV1";
    const [body] = parseAnswer(bodiesSchema, await this.#rpc.call(method, [[header.hash]]), method);
    if (!body) throw apiError(`the execution client does not have the body of ${header.hash}`);
    return {
      parentBeaconBlockRoot: header.parentBeaconBlockRoot ?? `0x${"00".repeat(32)}`,
      parentHash: header.parentHash,
      feeRecipient: header.miner,
      stateRoot: header.stateRoot,
      receiptsRoot: header.receiptsRoot,
      logsBloom: header.logsBloom,
      prevRandao: header.mixHash,
      blockNumber: numberToHex(header.number),
      gasLimit: numberToHex(header.gasLimit),
      gasUsed: numberToHex(header.gasUsed),
      timestamp: numberToHex(header.timestamp),
      extraData: header.extraData,
      baseFeePerGas: numberToHex(header.baseFeePerGas ?? 0n),
      blockHash: header.hash,
      transactions: body.transactions,
      withdrawals: [],
      blobGasUsed: numberToHex(header.blobGasUsed ?? 0n),
      excessBlobGas: numberToHex(header.excessBlobGas ?? 0n),
    };
  }
}

function apiError(message: string): RollupError {
  return new RollupError("ENGINE_API", message, { severity: "temporary" });
}

/** `brief`: without what stands after the deposits. */
function shortened(payload: ExecutionPayload, { brief }: { readonly brief?: boolean }): ExecutionPayload {
  const end = payload.transactions.findIndex((raw) => !isDepositTransaction(raw));
  return brief && end >= 0 ? { ...payload, transactions: payload.transactions.slice(0, end) } : payload;
}
