import {
  type Base,
  bytesToHex,
  epochBlock,
  type Hex,
  hexToBytes,
  type Keccak256,
  sumWeights,
} from "@altlayer/protocol";
import { MachError } from "../../errors.ts";
import type { Bn254Like, MachLog } from "../options.ts";
import { EpochTable, type TableMember } from "./epoch-table.ts";
import type { Committed, ServiceTerms, TableContract, WeightChange } from "./table-contract.ts";

interface Wanted {
  readonly base: Base;
  /** By index, at the end of the epoch's block. */
  readonly weights: ReadonlyMap<number, WeightChange>;
}

/** Epochs whose tables are waited for; the oldest is given up. */
const MAX_WANTED = 16;
/** Keys asked for at once. */
const KEYS_AT_ONCE = 16;

/**
 * Rebuilds operator tables from the L1's events and believes them only if they hash to what the L1 committed
 * (docs/spec/mach.md, section 7). The base of an epoch says that its block is final in this node's view; only then its
 * events are read, so no reorg takes them back. What fails is tried again with the next L1 block.
 */
export class TableSource {
  readonly #terms: ServiceTerms;
  readonly #contract: TableContract;
  readonly #bn254: Bn254Like;
  readonly #keccak256: Keccak256;
  readonly #log: MachLog;
  readonly #onTable: (table: EpochTable) => void;
  readonly #bases = new Map<number, Base>();
  readonly #wanted = new Map<number, Wanted>();
  readonly #keys = new Map<Hex, { readonly g1: Hex; readonly g2: Hex }>();
  /** The weights after all events up to block `#read`. */
  #weights: ReadonlyMap<number, WeightChange> = new Map();
  #read: number | null = null;
  #newestEpoch = -1;
  #l1Head = -1;
  #running: Promise<void> = Promise.resolve();
  #again = false;
  #busy = false;
  #closed = false;

  constructor(
    options: { readonly terms: ServiceTerms },
    dependencies: {
      readonly contract: TableContract;
      readonly bn254: Bn254Like;
      readonly keccak256: Keccak256;
      readonly log: MachLog;
      readonly onTable: (table: EpochTable) => void;
    },
  ) {
    this.#terms = options.terms;
    this.#contract = dependencies.contract;
    this.#bn254 = dependencies.bn254;
    this.#keccak256 = dependencies.keccak256;
    this.#log = dependencies.log;
    this.#onTable = dependencies.onTable;
  }

  /** An epoch's base is known: its table is wanted. Epochs come in order. */
  want(base: Base): void {
    if (base.epoch <= this.#newestEpoch) return;
    this.#newestEpoch = base.epoch;
    this.#bases.set(base.epoch, base);
    for (const queue of [this.#bases, this.#wanted]) {
      for (const epoch of queue.keys()) if (epoch <= base.epoch - MAX_WANTED) queue.delete(epoch);
    }
    this.#poke();
  }

  l1Block(number: number): void {
    this.#l1Head = number;
    this.#poke();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  #poke(): void {
    if (this.#closed || this.#bases.size + this.#wanted.size === 0) return;
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    this.#running = this.#run().finally(() => {
      this.#busy = false;
      if (!this.#again) return;
      this.#again = false;
      this.#poke();
    });
  }

  async #run(): Promise<void> {
    try {
      for (const base of [...this.#bases.values()]) {
        if (this.#closed) return;
        await this.#readUpTo(base);
        this.#bases.delete(base.epoch);
      }
      for (const [epoch, wanted] of [...this.#wanted]) {
        if (this.#closed) return;
        const table = await this.#tableOf(wanted);
        if (table === null) continue;
        this.#wanted.delete(epoch);
        this.#onTable(table);
      }
    } catch (error) {
      this.#log.warn("operator table not read", { error: error instanceof Error ? error.message : String(error) });
    }
  }

  async #readUpTo(base: Base): Promise<void> {
    const block = epochBlock(base.epoch, this.#terms.schedule);
    const from = this.#read === null ? Math.max(0, block - this.#terms.life) : this.#read + 1;
    const changes = await this.#contract.weightChanges(from, block);
    if ((await this.#contract.blockHash(block)) !== base.l1Hash) {
      // The L1 went below what was final, or answers from another branch: all that was read may be of that one.
      this.#readAnew();
      throw new MachError("TABLE_MISMATCH", "the L1 has another block than the base names", { epoch: base.epoch });
    }
    const weights = new Map(this.#weights);
    for (const change of changes) {
      if (change.weights.some((weight) => weight > 0n)) weights.set(change.index, change);
      else weights.delete(change.index);
    }
    this.#weights = weights;
    this.#read = block;
    this.#wanted.set(base.epoch, { base, weights });
  }

  async #tableOf({ base, weights }: Wanted): Promise<EpochTable | null> {
    const block = epochBlock(base.epoch, this.#terms.schedule);
    const committed = await this.#contract.committed(base.epoch, block, Math.max(block, this.#l1Head));
    if (committed === null) return null;
    for (const at of [undefined, block]) {
      // Keys may have been replaced since: then they are asked for as of the epoch's block.
      if (at !== undefined) for (const { operator } of weights.values()) this.#keys.delete(operator);
      const table = await this.#built(base.epoch, committed, await this.#members(weights, at));
      if (table.commitment === committed.commitment && table.isConsistent()) return table;
    }
    this.#readAnew();
    throw new MachError("TABLE_MISMATCH", "the L1's events do not give the table that it committed", {
      epoch: base.epoch,
    });
  }

  /** What was read is of no use: all of it is asked for again. */
  #readAnew(): void {
    this.#read = null;
    this.#weights = new Map();
    this.#keys.clear();
    const bases = [...this.#wanted.values()].map(({ base }) => base).concat([...this.#bases.values()]);
    this.#wanted.clear();
    this.#bases.clear();
    for (const base of bases.sort((a, b) => a.epoch - b.epoch)) this.#bases.set(base.epoch, base);
  }

  async #members(weights: ReadonlyMap<number, WeightChange>, at: number | undefined) {
    const members = new Map<number, TableMember>();
    const list = [...weights.values()];
    for (let i = 0; i < list.length; i += KEYS_AT_ONCE) {
      await Promise.all(
        list.slice(i, i + KEYS_AT_ONCE).map(async ({ index, operator, weights: of }) => {
          const keys = this.#keys.get(operator) ?? (await this.#contract.keysOf(operator, at));
          this.#keys.set(operator, keys);
          members.set(index, { operator, key: keys.g1, keyG2: keys.g2, weights: of });
        }),
      );
    }
    return members;
  }

  async #built(epoch: number, committed: Committed, members: ReadonlyMap<number, TableMember>): Promise<EpochTable> {
    const { depth, root, total } = committed;
    const keys = [...members.values()].map(({ key }) => hexToBytes(key));
    const aggregateKey = bytesToHex(this.#bn254.sumG1(keys) ?? new Uint8Array(64));
    const active = sumWeights(total.length, members.values());
    const header = { epoch, depth, root, aggregateKey, active, total };
    return new EpochTable({ header, members }, { bn254: this.#bn254, keccak256: this.#keccak256 });
  }
}
