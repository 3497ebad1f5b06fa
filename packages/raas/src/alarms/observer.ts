import { type EpochSchedule, epochOf } from "@altlayer/protocol";
import { decodeFunctionResult, encodeFunctionData, parseAbi } from "viem";
import { z } from "zod";
import type { Seen, SeenBalance, SeenMach } from "../core/conditions.ts";
import type { Networks } from "../networks.ts";
import { rpcBatch } from "../rpc-batch.ts";
import { address, type Hex } from "../spec/primitives.ts";
import type { RollupRecord } from "../store/rollup-records.ts";

const TABLE = parseAbi([
  "struct Windows { uint32 k; uint32 epochLength; uint32 undecided; uint32 certificateAge; uint32 evidenceWindow; uint32 pauseSlack; }",
  "function startBlock() view returns (uint256)",
  "function windows() view returns (Windows)",
  "function commitments(uint64 epoch) view returns (bytes32)",
]);

const quantity = z
  .string()
  .regex(/^0x[0-9a-f]{1,16}$/)
  .transform(Number);
const headSchema = z.object({ number: z.number().int().min(0), timestamp: z.number().int().min(0) });
const syncSchema = z.object({ unsafe_l2: headSchema, safe_l2: headSchema });
const machHeadSchema = z.object({
  certified: z.object({ number: quantity }).nullable(),
  latest: z.object({ number: quantity }),
  voids: quantity.default(0),
});
const certificateSchema = z.object({ absent: z.array(z.object({ operator: address })).max(10_000) }).nullable();
const suspectsSchema = z.array(z.unknown()).max(100_000);

/** That a certificate became void is news for so long. */
const VOID_MS = 10 * 60_000;
/** Committed tables are looked for so far back. */
const EPOCHS_BACK = 8;

export interface Watched {
  readonly rollup: RollupRecord;
  /** The node's JSON-RPC; null when it does not run. */
  readonly rpc: string | null;
  readonly balances: readonly SeenBalance[];
  readonly budgetPercent: number | null;
  readonly blockTimeSeconds: number;
  readonly idleSeconds: number;
  /** Contract with the operator tables, of a restaked rollup. */
  readonly table: Hex | null;
}

/** Looks at one rollup through its node and its settlement network. Whatever does not answer is told as such. */
export class Observer {
  readonly #now: () => number;
  readonly #networks: Networks;
  readonly #schedules = new Map<string, EpochSchedule>();
  /** Void certificates counted by the node, and when the count rose. */
  readonly #voids = new Map<string, { readonly count: number; readonly roseAt: number }>();

  constructor(options: { readonly nowMs: () => number }, dependencies: { readonly networks: Networks }) {
    this.#now = options.nowMs;
    this.#networks = dependencies.networks;
  }

  forget(rollupId: string): void {
    this.#schedules.delete(rollupId);
    this.#voids.delete(rollupId);
  }

  async look({ rollup, rpc, balances, budgetPercent, blockTimeSeconds, idleSeconds, table }: Watched): Promise<Seen> {
    const { clockOffsetMs } = this.#networks.get(rollup.networkId);
    const nowSeconds = Math.floor((this.#now() + clockOffsetMs) / 1_000);
    const seen = { balances, budgetPercent, blockTimeSeconds, idleSeconds, nowSeconds };
    if (rpc === null) return { ...seen, up: false, heads: null, mach: null };
    const [sync, head, certificate, suspects] = await rpcBatch(rpc, [
      ["optimism_syncStatus", []],
      ...(table === null
        ? []
        : ([
            ["mach_getHead", []],
            ["mach_getCertificate", ["latest"]],
            ["mach_getAlerts", []],
          ] as const)),
    ]).catch(() => []);
    const parsed = syncSchema.safeParse(sync);
    const heads = parsed.success ? { unsafe: parsed.data.unsafe_l2, safe: parsed.data.safe_l2 } : null;
    const mach = table === null ? null : await this.#mach(rollup, table, { head, certificate, suspects });
    return { ...seen, up: true, heads, mach };
  }

  async #mach(
    rollup: RollupRecord,
    table: Hex,
    answers: { readonly head: unknown; readonly certificate: unknown; readonly suspects: unknown },
  ): Promise<SeenMach | null> {
    const head = machHeadSchema.safeParse(answers.head);
    if (!head.success) return null;
    const certificate = certificateSchema.safeParse(answers.certificate);
    const suspects = suspectsSchema.safeParse(answers.suspects);
    return {
      latestNumber: head.data.latest.number,
      certifiedNumber: head.data.certified?.number ?? 0,
      absent: certificate.success ? (certificate.data?.absent ?? []).map(({ operator }) => operator) : [],
      suspects: suspects.success ? suspects.data.length : 0,
      voidRecently: this.#voidRecently(rollup.id, head.data.voids),
      table: await this.#tableOf(rollup, table).catch(() => null),
    };
  }

  #voidRecently(id: string, count: number): boolean {
    const now = this.#now();
    const known = this.#voids.get(id);
    // A node that started anew counts from zero.
    const rose = count > (known === undefined || count < known.count ? 0 : known.count);
    const roseAt = rose ? now : (known?.roseAt ?? Number.NEGATIVE_INFINITY);
    this.#voids.set(id, { count, roseAt });
    return now - roseAt < VOID_MS;
  }

  async #tableOf({ id, networkId }: RollupRecord, table: Hex): Promise<SeenMach["table"]> {
    const schedule = this.#schedules.get(id) ?? (await this.#readSchedule(networkId, table));
    this.#schedules.set(id, schedule);
    const head = Number(await this.#networks.request<Hex>(networkId, "eth_blockNumber"));
    if (schedule.startBlock === 0 || head < schedule.startBlock) return null;
    const epoch = epochOf(head, schedule);
    let committed = epoch;
    while (committed > Math.max(0, epoch - EPOCHS_BACK)) {
      if (BigInt(await this.#call(networkId, table, "commitments", [BigInt(committed)])) !== 0n) break;
      committed--;
    }
    return { epoch, committed };
  }

  async #readSchedule(networkId: string, table: Hex): Promise<EpochSchedule> {
    const [startBlock, windows] = await Promise.all([
      this.#call(networkId, table, "startBlock", []),
      this.#call(networkId, table, "windows", []),
    ]);
    const { k, epochLength } = decodeFunctionResult({ abi: TABLE, functionName: "windows", data: windows });
    return { startBlock: Number(startBlock), depth: k, epochLength };
  }

  async #call(
    networkId: string,
    to: Hex,
    functionName: "startBlock" | "windows" | "commitments",
    args: readonly bigint[],
  ): Promise<Hex> {
    const data = encodeFunctionData({ abi: TABLE, functionName, args } as never);
    return await this.#networks.request<Hex>(networkId, "eth_call", [{ to, data }, "latest"]);
  }
}
