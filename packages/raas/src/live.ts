import { z } from "zod";
import { ALARMS, type AlarmCode, type Severity } from "./core/alarms.ts";
import { runwayDays } from "./money/maths.ts";
import type { Money } from "./money/money.ts";
import type { Networks } from "./networks.ts";
import { QUIET } from "./quiet.ts";
import { type Call, rpcBatch } from "./rpc-batch.ts";
import type { Runtime } from "./runtime/runtime.ts";
import type { KeyStore, Role } from "./secrets/key-store.ts";
import { type Hex, word } from "./spec/primitives.ts";
import type { RollupRecord } from "./store/rollup-records.ts";

export interface Head {
  readonly number: number;
  readonly hash: Hex;
  /** Seconds. */
  readonly timestamp: number;
}

export interface Alarm {
  readonly code: AlarmCode;
  readonly severity: Severity;
  readonly message: string;
  readonly since: string;
}

export interface Live {
  readonly phase: RollupRecord["phase"];
  readonly heads: { readonly unsafe: Head; readonly safe: Head; readonly finalized: Head } | null;
  readonly l1: { readonly latest: Head | null } | null;
  readonly pendingTransactions: number | null;
  readonly throughput: {
    readonly transactionsPerSecond: number;
    readonly gasPerSecond: number;
    readonly windowSeconds: number;
  } | null;
  readonly balances: readonly {
    readonly role: Role;
    readonly address: Hex;
    readonly balanceWei: string | null;
    readonly networkId: string;
    /** Wei, as measured over the last week; null while too little was. */
    readonly spentWeiPerDay: string | null;
    readonly runwayDays: number | null;
  }[];
  readonly alarms: readonly Alarm[];
}

/** What a node answers is parsed, since an attached chain's is somebody else's. */
const count = z.number().int().min(0);
const headSchema = z.object({ number: count, hash: word, timestamp: count });
const syncSchema = z.object({
  head_l1: headSchema,
  unsafe_l2: headSchema,
  safe_l2: headSchema,
  finalized_l2: headSchema,
});
const quantity = z
  .string()
  .regex(/^0x[0-9a-f]{1,13}$/)
  .transform(Number);
const poolSchema = z.object({ pending: quantity });
const blocksSchema = z.array(z.object({ timestamp: quantity, gasUsed: quantity, transactions: z.array(z.unknown()) }));

interface Cached {
  readonly at: number;
  readonly live: Promise<Live>;
}

const CACHE_MS = 900;
const BALANCES_MS = 10_000;
const WINDOW_BLOCKS = 10;
const QUANTITY = /^0x[0-9a-f]+$/;
const WATCHED: readonly Role[] = ["batcher", "proposer"];

/** What a rollup does right now, asked of its node and its settlement network, at most once a second for all who look. */
export class LiveView {
  readonly #deps: LiveDependencies;
  readonly #cache = new Map<string, Cached>();
  readonly #balances = new Map<string, { readonly at: number; readonly value: Promise<Live["balances"]> }>();

  constructor(dependencies: LiveDependencies) {
    this.#deps = dependencies;
  }

  of(rollup: RollupRecord): Promise<Live> {
    const known = this.#cache.get(rollup.id);
    if (known !== undefined && performance.now() - known.at < CACHE_MS) return known.live;
    const live = this.#look(rollup);
    this.#cache.set(rollup.id, { at: performance.now(), live });
    live.catch(() => this.#cache.delete(rollup.id));
    return live;
  }

  async #look(rollup: RollupRecord): Promise<Live> {
    const running = this.#deps.runtime.running(rollup.id);
    const [balances, alarms] = await Promise.all([this.balances(rollup), this.#alarms(rollup)]);
    if (running === null) {
      return {
        phase: rollup.phase,
        heads: null,
        l1: null,
        pendingTransactions: null,
        throughput: null,
        balances,
        alarms,
      };
    }
    const { rpc } = running.endpoints;
    const [status, waiting] = await rpcBatch(
      rpc,
      [
        ["optimism_syncStatus", []],
        ["txpool_status", []],
      ],
      QUIET,
    ).catch(() => [null, null]);
    const sync = syncSchema.safeParse(status).data ?? null;
    const pool = poolSchema.safeParse(waiting).data ?? null;
    const throughput = sync === null ? null : await this.#throughput(rpc, sync.unsafe_l2.number).catch(() => null);
    return {
      phase: rollup.phase,
      heads: sync === null ? null : { unsafe: sync.unsafe_l2, safe: sync.safe_l2, finalized: sync.finalized_l2 },
      l1: sync === null ? null : { latest: sync.head_l1 },
      pendingTransactions: pool?.pending ?? null,
      throughput,
      balances,
      alarms,
    };
  }

  async #throughput(rpc: string, head: number): Promise<Live["throughput"]> {
    const numbers = Array.from({ length: Math.min(WINDOW_BLOCKS, head) + 1 }, (_, index) => head - index);
    const blocks = blocksSchema.parse(
      await rpcBatch(
        rpc,
        numbers.map((number): Call => ["eth_getBlockByNumber", [`0x${number.toString(16)}`, false]]),
        QUIET,
      ),
    );
    const newest = blocks[0];
    const oldest = blocks.at(-1);
    if (newest === undefined || oldest === undefined || newest === oldest) return null;
    const windowSeconds = newest.timestamp - oldest.timestamp;
    if (windowSeconds <= 0) return null;
    const counted = blocks.slice(0, -1);
    // The first transaction of every block is the system's own.
    const transactions = counted.reduce((sum, block) => sum + Math.max(0, block.transactions.length - 1), 0);
    const gas = counted.reduce((sum, block) => sum + block.gasUsed, 0);
    return { transactionsPerSecond: transactions / windowSeconds, gasPerSecond: gas / windowSeconds, windowSeconds };
  }

  /** What the paying roles hold, read at most every ten seconds. */
  async balances(rollup: RollupRecord): Promise<Live["balances"]> {
    const known = this.#balances.get(rollup.id);
    if (known !== undefined && performance.now() - known.at < BALANCES_MS) return await known.value;
    const value = this.#readBalances(rollup);
    this.#balances.set(rollup.id, { at: performance.now(), value });
    // What could not be read is asked again by the next who looks: an alarm must not end since the L1 was silent once.
    const forget = () => this.#balances.delete(rollup.id);
    value.then((read) => read.some(({ balanceWei }) => balanceWei === null) && forget(), forget);
    return await value;
  }

  async #readBalances(rollup: RollupRecord): Promise<Live["balances"]> {
    const { keys, networks, money } = this.#deps;
    const { id, networkId } = rollup;
    const [accounts, finances] = await Promise.all([keys.accounts(id), money.finances(rollup)]);
    const watched = accounts.filter(({ role }) => WATCHED.includes(role));
    if (watched.length === 0) return [];
    const balances = await rpcBatch(
      networks.get(networkId).rpcUrl,
      watched.map(({ address }): Call => ["eth_getBalance", [address, "latest"]]),
    ).catch(() => []);
    return watched.map(({ role, address }, index) => {
      const wei = balances[index];
      const balance = typeof wei === "string" && QUANTITY.test(wei) ? BigInt(wei) : null;
      const rate = finances.rateOf(role);
      return {
        role,
        address,
        networkId,
        balanceWei: balance?.toString() ?? null,
        spentWeiPerDay: rate?.toString() ?? null,
        runwayDays: balance === null ? null : runwayDays(balance, rate),
      };
    });
  }

  async #alarms(rollup: RollupRecord): Promise<readonly Alarm[]> {
    const standing = await this.#deps.standing(rollup);
    return standing.map(({ code, message, raisedAt }) => ({
      code,
      severity: ALARMS[code].severity,
      message,
      since: new Date(raisedAt).toISOString(),
    }));
  }
}

export interface LiveDependencies {
  readonly runtime: Runtime;
  readonly networks: Networks;
  readonly keys: KeyStore;
  readonly money: Money;
  /** Alarms that stand. */
  readonly standing: (
    rollup: RollupRecord,
  ) => Promise<readonly { readonly code: AlarmCode; readonly message: string; readonly raisedAt: number }[]>;
}
