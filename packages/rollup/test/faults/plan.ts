import type { L1Fault, L1Request } from "../support/l1-proxy.ts";
import { SeededRandom } from "../support/seeded-random.ts";

/** Faults of one node's way to the L1. Each meets a share of the requests. */
export const WAY_FAULTS = [
  "http-500",
  "rate-limit",
  "rpc-error",
  "late",
  "silent",
  "cut",
  "truncated",
  "garbage",
  "huge",
  "nothing",
  "wrong-hash",
  "wrong-field",
  "wrong-receipts",
  "wrong-body",
  "wrong-nonce",
  "wrong-blobs",
  "head-behind",
  "other-block",
] as const;
export type WayFault = (typeof WAY_FAULTS)[number];

/** What happens to the L1 itself. */
export type L1Event = { readonly kind: "freeze" } | { readonly kind: "reorg"; readonly depth: number };

export interface Phase {
  readonly durationMs: number;
  readonly l1: L1Event | null;
  readonly sequencer: Way | null;
  readonly follower: Way | null;
  /** The sequencer's clock is off by this much. */
  readonly clockShiftMs: number;
}

export interface Way {
  readonly fault: WayFault;
  readonly share: number;
  /** Of the draws that decide which requests are met. */
  readonly seed: number;
}

export interface Plan {
  readonly seed: number;
  readonly fork: "granite" | "holocene";
  readonly batches: "singular" | "span";
  readonly dataAvailability: "calldata" | "blobs";
  readonly phases: readonly Phase[];
}

/**
 * What a seed does, after swarm testing: the seed first draws which faults it may use at all, then mixes those, so
 * that rare ones are not always drowned by frequent ones.
 */
export function drawPlan(seed: number, phases = 5): Plan {
  const random = new SeededRandom(seed);
  const allowed = WAY_FAULTS.filter(() => random.chance(0.4));
  const faults: readonly WayFault[] = allowed.length > 0 ? allowed : [random.pick(WAY_FAULTS)];
  const [freezes, reorgs, shifts] = [random.chance(0.5), random.chance(0.5), random.chance(0.4)];
  const way = (): Way | null =>
    random.chance(0.75)
      ? { fault: random.pick(faults), share: random.pick([0.1, 0.5, 1]), seed: random.integer(1, 1e9) }
      : null;
  const event = (): L1Event | null => {
    if (freezes && random.chance(0.3)) return { kind: "freeze" };
    return reorgs && random.chance(0.4) ? { kind: "reorg", depth: random.integer(1, 8) } : null;
  };
  return {
    seed,
    fork: random.pick(["granite", "holocene"]),
    batches: random.pick(["singular", "span"]),
    dataAvailability: random.chance(0.3) ? "blobs" : "calldata",
    phases: Array.from({ length: phases }, () => ({
      durationMs: random.integer(800, 2_500),
      l1: event(),
      sequencer: way(),
      follower: way(),
      clockShiftMs: shifts && random.chance(0.4) ? random.integer(-5_000, 5_000) : 0,
    })),
  };
}

type Header = Record<string, unknown> & { hash?: string; timestamp?: string; transactions?: unknown[] };
const BLOCK_METHODS = ["eth_getBlockByNumber", "eth_getBlockByHash"];
const changed = (change: (result: never) => unknown): L1Fault => ({ kind: "changed", change });

/** The fault as the proxy performs it on one request; `null` where it does not apply. */
function performed(fault: WayFault, { method, params }: L1Request, random: SeededRandom): L1Fault | null {
  const block = BLOCK_METHODS.includes(method);
  switch (fault) {
    case "http-500":
      return { kind: "status", status: 500 };
    case "rate-limit":
      return { kind: "status", status: 429, retryAfter: random.pick(["0", "1"]) };
    case "rpc-error":
      return { kind: "rpc-error", code: random.pick([-32603, -32000, -32005]), message: "unavailable" };
    case "late":
      return { kind: "late", ms: random.integer(100, 3_000) };
    case "silent":
    case "cut":
    case "truncated":
    case "garbage":
      return { kind: fault };
    case "huge":
      return { kind: "huge", bytes: 8_000_000 };
    case "nothing":
      return changed(() => null);
    case "wrong-hash":
      return block ? changed((header: Header) => header && { ...header, hash: `0x${"5a".repeat(32)}` }) : null;
    case "wrong-field":
      return block ? changed((header: Header) => header && { ...header, timestamp: "0x1", gasUsed: "0x2" }) : null;
    case "wrong-receipts":
      return method === "eth_getBlockReceipts" ? changed((receipts: unknown[]) => receipts?.slice(1)) : null;
    case "wrong-body":
      return method === "eth_getBlockByHash" && params[1] === true
        ? changed((header: Header) => header && { ...header, transactions: header.transactions?.slice(0, -1) ?? [] })
        : null;
    case "wrong-nonce": {
      const nonce = random.integer(0, 500);
      return method === "eth_getTransactionCount" ? changed(() => `0x${nonce.toString(16)}`) : null;
    }
    case "wrong-blobs":
      return method.startsWith("GET /eth/v1/beacon/blob")
        ? changed((blobs: unknown[]) => (Array.isArray(blobs) ? blobs.map(() => `0x${"00".repeat(131_072)}`) : blobs))
        : null;
    case "head-behind":
      return method === "eth_getBlockByNumber" && params[0] === "latest"
        ? { kind: "instead", params: ["0x2", false] }
        : null;
    case "other-block":
      return method === "eth_getBlockByNumber" && typeof params[0] === "string" && params[0].startsWith("0x")
        ? { kind: "instead", params: [`0x${Math.max(0, Number(params[0]) - 1).toString(16)}`, params[1] ?? false] }
        : null;
  }
}

/** Decides request by request, as `L1Proxy.inject` wants it. `onMet` counts what really happened. */
export function injectorOf(way: Way, onMet: (fault: WayFault) => void): (request: L1Request) => L1Fault | null {
  const random = new SeededRandom(way.seed);
  return (request) => {
    if (!random.chance(way.share)) return null;
    const fault = performed(way.fault, request, random);
    if (fault) onMet(way.fault);
    return fault;
  };
}
