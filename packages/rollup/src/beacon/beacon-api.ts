import { z } from "zod";
import { RollupError } from "../errors.ts";
import { readBounded } from "../l1/bounded-body.ts";
import { data } from "../l1/schemas.ts";

export interface BeaconApiOptions {
  readonly url: string;
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
}

export const BEACON_API_DEFAULTS = { timeoutMs: 15_000, maxResponseBytes: 24 * 1024 * 1024 } as const;

const decimal = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
const genesisSchema = z.object({ data: z.object({ genesis_time: decimal }) });
const specSchema = z.object({ data: z.object({ SECONDS_PER_SLOT: decimal }) });
const blobsSchema = z.object({ data: z.array(data) });
const sidecarsSchema = z.object({ data: z.array(z.object({ blob: data })) });

/** The few requests of the beacon node API that blobs need. `null` is an answer of 4xx: not there, or not offered. */
export class BeaconApi {
  readonly #options: BeaconApiOptions;

  constructor(options: BeaconApiOptions) {
    this.#options = options;
  }

  async genesisTime(): Promise<number | null> {
    const answer = await this.#get("/eth/v1/beacon/genesis");
    return answer === null ? null : this.#parse(genesisSchema, answer).data.genesis_time;
  }

  async secondsPerSlot(): Promise<number | null> {
    const answer = await this.#get("/eth/v1/config/spec");
    return answer === null ? null : this.#parse(specSchema, answer).data.SECONDS_PER_SLOT;
  }

  /** The blobs of a block, as hex; newer servers select by versioned hash (none: all of the block), older ones give whole sidecars. */
  async blobs(id: string, versionedHashes: readonly string[]): Promise<readonly `0x${string}`[] | null> {
    const query = versionedHashes.map((hash, index) => `${index === 0 ? "?" : "&"}versioned_hashes=${hash}`).join("");
    const answer = await this.#get(`/eth/v1/beacon/blobs/${id}${query}`);
    if (answer !== null) return this.#parse(blobsSchema, answer).data;
    const sidecars = await this.#get(`/eth/v1/beacon/blob_sidecars/${id}`);
    return sidecars === null ? null : this.#parse(sidecarsSchema, sidecars).data.map((sidecar) => sidecar.blob);
  }

  #parse<S extends z.ZodType>(schema: S, answer: unknown): z.output<S> {
    const result = schema.safeParse(answer);
    if (result.success) return result.data;
    throw new RollupError("L1_SCHEMA", "the beacon node's answer is malformed", { severity: "temporary" });
  }

  async #get(path: string): Promise<unknown | null> {
    try {
      const response = await fetch(new URL(path, this.#options.url), {
        headers: { accept: "application/json" },
        signal: AbortSignal.timeout(this.#options.timeoutMs),
      });
      if (response.status >= 400 && response.status < 500 && response.status !== 429) {
        await response.body?.cancel();
        return null;
      }
      if (!response.ok)
        throw new RollupError("BEACON_UNREACHABLE", `the beacon node answers HTTP status ${response.status}`, {
          severity: "temporary",
          data: { status: response.status },
        });
      return JSON.parse(new TextDecoder().decode(await readBounded(response, this.#options.maxResponseBytes)));
    } catch (cause) {
      if (cause instanceof RollupError) throw cause;
      throw new RollupError("BEACON_UNREACHABLE", "the beacon node does not answer", { severity: "temporary", cause });
    }
  }
}
