import { z } from "zod";
import { RaasError } from "./errors.ts";

/** A chain that rollups settle on, as the platform's operator configured it. */
export const networkSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
  name: z.string().min(1).max(100),
  chainId: z.number().int().positive(),
  rpcUrl: z.url({ protocol: /^https?$/ }),
  /** Beacon API with the network's blobs; without it rollups there can only use calldata. */
  beaconUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Public keys, no delays, accounts filled by the node itself: for an L1 of one's own only. */
  development: z.boolean().default(false),
  blockTimeSeconds: z.number().int().min(1).max(600).default(12),
  /** Added to the machine's clock to get the chain's (a development chain that was stopped goes on where it stood). */
  clockOffsetMs: z.number().int().default(0),
  /** No transaction of a launch is signed above this, however long it waits. */
  maxFeePerGasGwei: z.number().int().min(1).max(1_000_000).default(500),
  explorerUrl: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
});
export type NetworkInput = z.input<typeof networkSchema>;
export type Network = z.output<typeof networkSchema>;

const TIMEOUT_MS = 15_000;
const RESPONSE_MAX_BYTES = 16 * 1024 * 1024;

/** The settlement networks, shared by all rollups. */
export class Networks {
  readonly #byId: ReadonlyMap<string, Network>;
  readonly #checked = new Set<string>();

  constructor(options: { readonly networks: readonly NetworkInput[] }) {
    this.#byId = new Map(
      options.networks.map((input) => networkSchema.parse(input)).map((network) => [network.id, network]),
    );
  }

  get all(): readonly Network[] {
    return [...this.#byId.values()];
  }

  /** @throws RaasError `NOT_FOUND` */
  get(id: string): Network {
    const network = this.#byId.get(id);
    if (network === undefined) throw new RaasError("NOT_FOUND", `there is no network ${id}`);
    return network;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** @throws RaasError `NETWORK_UNREACHABLE`, `NETWORK_MISMATCH` when another chain answers at the URL */
  async check(id: string): Promise<Network> {
    const network = this.get(id);
    if (this.#checked.has(id)) return network;
    const found = Number(await this.request<string>(id, "eth_chainId"));
    if (found !== network.chainId) {
      throw new RaasError(
        "NETWORK_MISMATCH",
        `${network.name} should be chain ${network.chainId}, and chain ${found} answers`,
        {
          details: { expected: network.chainId, found },
        },
      );
    }
    this.#checked.add(id);
    return network;
  }

  /** One JSON-RPC request. @throws RaasError `NETWORK_UNREACHABLE`, `UPSTREAM` with the node's own words */
  async request<T>(id: string, method: string, params: readonly unknown[] = []): Promise<T> {
    const { rpcUrl, name } = this.get(id);
    const text = await postJson(rpcUrl, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params })).catch(
      (cause: unknown) => {
        throw new RaasError("NETWORK_UNREACHABLE", `${name} does not answer ${method}`, { cause });
      },
    );
    return resultOf(text, { who: name, method }) as T;
  }
}

const answerSchema = z.object({ result: z.unknown().optional(), error: z.object({ message: z.string() }).nullish() });

/** The result in the text of one JSON-RPC answer. @throws RaasError `UPSTREAM`, with the node's own words where it refused */
export function resultOf(text: string, { who, method }: { readonly who: string; readonly method: string }): unknown {
  const answer = answerSchema.safeParse(jsonOf(text));
  if (!answer.success) throw new RaasError("UPSTREAM", `${who} answered ${method} with what is no JSON-RPC`);
  const { result, error } = answer.data;
  if (error) throw new RaasError("UPSTREAM", `${who} refused ${method}: ${error.message}`);
  return result;
}

/** What a node answered, before anything of it is believed. @throws RaasError `UPSTREAM` where it is no JSON: a proxy's page, say */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RaasError("UPSTREAM", "the node's answer is no JSON", { cause });
  }
}

export interface PostOptions {
  readonly maxBytes?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Posts JSON and returns the answer's text, of at most `maxBytes`. Redirects are not followed: the address was chosen,
 * not where it points.
 * @throws RaasError `UPSTREAM`
 */
export async function postJson(
  url: string,
  body: string,
  { maxBytes = RESPONSE_MAX_BYTES, headers = {} }: PostOptions = {},
): Promise<string> {
  // By hand: `AbortSignal.timeout` keeps its timer, and makes an exception when it fires, long after the answer came.
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort("late"), TIMEOUT_MS);
  const chunks: Uint8Array[] = [];
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
      redirect: "error",
      signal: stop.signal,
    });
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength;
      if (size > maxBytes) throw new RaasError("UPSTREAM", `the node answered more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof RaasError) throw cause;
    throw new RaasError("UPSTREAM", "the node does not answer", { cause });
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString("utf8");
}
