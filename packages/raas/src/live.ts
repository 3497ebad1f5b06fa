import type { Networks } from "./networks.ts";
import { type Call, rpcBatch } from "./rpc-batch.ts";
import type { Runtime } from "./runtime/runtime.ts";
import type { KeyStore, Role } from "./secrets/key-store.ts";
import type { Hex } from "./spec/primitives.ts";
import type { RollupRecord, RollupStore } from "./store/rollups.ts";

export interface Head {
  readonly number: number;
  readonly hash: Hex;
  /** Seconds. */
  readonly timestamp: number;
}

export interface Alarm {
  readonly code: "BATCHES_LAG" | "BALANCE_LOW" | "NODE_SILENT" | "HEAD_STALE";
  readonly severity: "warning" | "critical";
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
  }[];
  readonly alarms: readonly Alarm[];
}

interface SyncStatus {
  readonly head_l1: Head;
  readonly unsafe_l2: Head;
  readonly safe_l2: Head;
  readonly finalized_l2: Head;
}

interface Block {
  readonly number: Hex;
  readonly timestamp: Hex;
  readonly gasUsed: Hex;
  readonly transactions: readonly Hex[];
}

interface Cached {
  readonly at: number;
  readonly live: Promise<Live>;
}

const CACHE_MS = 900;
const BALANCES_MS = 10_000;
const WINDOW_BLOCKS = 10;
const STALE_SECONDS = 30;
const WATCHED: readonly Role[] = ["batcher", "proposer"];

/** What a rollup does right now, asked of its node and its settlement network, at most once a second for all who look. */
export class LiveView {
  readonly #deps: LiveDependencies;
  readonly #cache = new Map<string, Cached>();
  readonly #balances = new Map<string, { readonly at: number; readonly value: Promise<Live["balances"]> }>();
  readonly #since = new Map<string, string>();

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
    const balances = await this.#balancesOf(rollup);
    if (running === null) {
      return {
        phase: rollup.phase,
        heads: null,
        l1: null,
        pendingTransactions: null,
        throughput: null,
        balances,
        alarms: [],
      };
    }
    const { rpc } = running.endpoints;
    const [sync, pool] = (await rpcBatch(
      rpc,
      [
        ["optimism_syncStatus", []],
        ["txpool_status", []],
      ],
      { quiet: true },
    ).catch(() => [null, null])) as [SyncStatus | null, { pending: Hex } | null];
    const throughput = sync === null ? null : await this.#throughput(rpc, sync.unsafe_l2.number).catch(() => null);
    return {
      phase: rollup.phase,
      heads:
        sync === null
          ? null
          : { unsafe: headOf(sync.unsafe_l2), safe: headOf(sync.safe_l2), finalized: headOf(sync.finalized_l2) },
      l1: sync === null ? null : { latest: headOf(sync.head_l1) },
      pendingTransactions: pool === null ? null : Number(pool.pending),
      throughput,
      balances,
      alarms: await this.#alarms(rollup, sync, balances),
    };
  }

  async #throughput(rpc: string, head: number): Promise<Live["throughput"]> {
    const numbers = Array.from({ length: Math.min(WINDOW_BLOCKS, head) + 1 }, (_, index) => head - index);
    const blocks = (await rpcBatch(
      rpc,
      numbers.map((number): Call => ["eth_getBlockByNumber", [`0x${number.toString(16)}`, false]]),
      { quiet: true },
    )) as Block[];
    const newest = blocks[0];
    const oldest = blocks.at(-1);
    if (newest === undefined || oldest === undefined || newest === oldest) return null;
    const windowSeconds = Number(newest.timestamp) - Number(oldest.timestamp);
    if (windowSeconds <= 0) return null;
    const counted = blocks.slice(0, -1);
    // The first transaction of every block is the system's own.
    const transactions = counted.reduce((sum, block) => sum + Math.max(0, block.transactions.length - 1), 0);
    const gas = counted.reduce((sum, block) => sum + Number(block.gasUsed), 0);
    return { transactionsPerSecond: transactions / windowSeconds, gasPerSecond: gas / windowSeconds, windowSeconds };
  }

  async #balancesOf(rollup: RollupRecord): Promise<Live["balances"]> {
    const known = this.#balances.get(rollup.id);
    if (known !== undefined && performance.now() - known.at < BALANCES_MS) return await known.value;
    const value = this.#readBalances(rollup);
    this.#balances.set(rollup.id, { at: performance.now(), value });
    return await value;
  }

  async #readBalances({ id, networkId }: RollupRecord): Promise<Live["balances"]> {
    const { keys, networks } = this.#deps;
    const accounts = (await keys.accounts(id)).filter(({ role }) => WATCHED.includes(role));
    return await Promise.all(
      accounts.map(async ({ role, address }) => ({
        role,
        address,
        networkId,
        balanceWei: await networks.request<Hex>(networkId, "eth_getBalance", [address, "latest"]).then(
          (wei) => BigInt(wei).toString(),
          () => null,
        ),
      })),
    );
  }

  async #alarms(rollup: RollupRecord, sync: SyncStatus | null, balances: Live["balances"]): Promise<readonly Alarm[]> {
    const { alarms, execution } = await this.#deps.rollups.spec(rollup);
    const now = this.#deps.nowMs() + this.#deps.networks.get(rollup.networkId).clockOffsetMs;
    const raised: Omit<Alarm, "since">[] = [];
    if (sync === null) {
      raised.push({ code: "NODE_SILENT", severity: "critical", message: "The node does not answer." });
    } else {
      const lagMinutes = (now / 1_000 - sync.safe_l2.timestamp) / 60;
      if (lagMinutes > alarms.batchLagMinutes) {
        const message = `The newest safe block is ${Math.round(lagMinutes)} minutes old.`;
        raised.push({ code: "BATCHES_LAG", severity: "critical", message });
      }
      const staleSeconds = now / 1_000 - sync.unsafe_l2.timestamp;
      if (staleSeconds > STALE_SECONDS + execution.idleSeconds) {
        raised.push({
          code: "HEAD_STALE",
          severity: "critical",
          message: `No block for ${Math.round(staleSeconds)} s.`,
        });
      }
    }
    for (const { role, balanceWei } of balances) {
      if (balanceWei === null || BigInt(balanceWei) >= BigInt(alarms.lowBalanceWei)) continue;
      raised.push({ code: "BALANCE_LOW", severity: "warning", message: `The ${role} holds only ${balanceWei} wei.` });
    }
    return raised.map((alarm) => ({ ...alarm, since: this.#raisedAt(`${rollup.id} ${alarm.code}`, raised) }));
  }

  #raisedAt(key: string, raised: readonly Omit<Alarm, "since">[]): string {
    const id = key.split(" ")[0]!;
    for (const known of this.#since.keys()) {
      if (known.startsWith(id) && !raised.some(({ code }) => known === `${id} ${code}`)) this.#since.delete(known);
    }
    const since = this.#since.get(key) ?? new Date(this.#deps.nowMs()).toISOString();
    this.#since.set(key, since);
    return since;
  }
}

export interface LiveDependencies {
  readonly runtime: Runtime;
  readonly networks: Networks;
  readonly keys: KeyStore;
  readonly rollups: RollupStore;
  readonly nowMs: () => number;
}

const headOf = ({ number, hash, timestamp }: Head): Head => ({ number, hash, timestamp });
