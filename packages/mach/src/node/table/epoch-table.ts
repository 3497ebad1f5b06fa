import {
  bytesToHex,
  type Hex,
  hexToBytes,
  type Keccak256,
  sumWeights,
  type TableHeader,
  TableTree,
  tableCommitment,
} from "@altlayer/protocol";
import type { WeightTable } from "../../core/types.ts";
import { Bounded } from "../bounded.ts";
import type { Bn254Like, KeySetLike } from "../options.ts";

/** An operator at its index, with weight. */
export interface TableMember {
  readonly operator: Hex;
  /** G1, 64 bytes. */
  readonly key: Hex;
  /** G2, 128 bytes. */
  readonly keyG2: Hex;
  /** By asset class. */
  readonly weights: readonly bigint[];
}

/** Sets of signers whose key is remembered: few come again and again. */
const MAX_SIGNER_SETS = 64;
const FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;

/** The operator table of one epoch, as the L1 committed it (docs/spec/mach.md, section 7). */
export class EpochTable {
  readonly header: TableHeader;
  readonly commitment: Hex;
  /** By ascending index. */
  readonly members: ReadonlyMap<number, TableMember>;
  readonly #indices: ReadonlyMap<Hex, number>;
  readonly #bn254: Bn254Like;
  readonly #keccak256: Keccak256;
  readonly #sums = new Bounded<string, Uint8Array | null>(MAX_SIGNER_SETS);
  #keySet: { readonly keys: KeySetLike; readonly positions: ReadonlyMap<number, number> } | undefined;
  #tree: TableTree | undefined;

  constructor(
    content: { readonly header: TableHeader; readonly members: ReadonlyMap<number, TableMember> },
    dependencies: { readonly bn254: Bn254Like; readonly keccak256: Keccak256 },
  ) {
    this.header = content.header;
    this.members = new Map([...content.members].sort(([a], [b]) => a - b));
    this.#bn254 = dependencies.bn254;
    this.#keccak256 = dependencies.keccak256;
    this.commitment = tableCommitment(content.header, dependencies.keccak256);
    this.#indices = new Map([...this.members].map(([index, { operator }]) => [operator, index]));
  }

  get epoch(): number {
    return this.header.epoch;
  }

  get weights(): WeightTable {
    const weights = new Map([...this.members].map(([index, member]) => [index, member.weights]));
    return { epoch: this.epoch, weights, total: this.header.total };
  }

  /** Whether root, aggregate key and active weights are those of the members. */
  isConsistent(): boolean {
    const { header } = this;
    const sum = this.#bn254.sumG1([...this.members.values()].map(({ key }) => hexToBytes(key)));
    const active = sumWeights(header.active.length, this.members.values());
    return (
      this.#treeOf().root === header.root &&
      bytesToHex(sum ?? new Uint8Array(64)) === header.aggregateKey &&
      active.every((weight, i) => weight === header.active[i])
    );
  }

  /** The index of an operator, its address in lower case. */
  indexOf(operator: Hex): number | undefined {
    return this.#indices.get(operator);
  }

  /** Siblings of a member's leaf, from the leaf up. */
  path(index: number): Hex[] {
    return this.#treeOf().path(index);
  }

  signedWeight(signers: readonly number[]): bigint[] {
    const of = signers.flatMap((index) => this.members.get(index) ?? []);
    return this.header.active.map((_, i) => of.reduce((sum, { weights }) => sum + (weights[i] ?? 0n), 0n));
  }

  absentOf(signers: readonly number[]): number[] {
    const signed = new Set(signers);
    return [...this.members.keys()].filter((index) => !signed.has(index));
  }

  /** The G1 key that an aggregate of these members verifies with: the table's less that of who is absent. */
  keyOf(signers: readonly number[]): Uint8Array | null {
    const set = signers.join();
    const known = this.#sums.get(set);
    if (known !== undefined) return known;
    const negated = this.absentOf(signers).map((index) => negate((this.members.get(index) as TableMember).key));
    const sum = this.#bn254.sumG1([hexToBytes(this.header.aggregateKey), ...negated]);
    this.#sums.set(set, sum);
    return sum;
  }

  /** The G2 key of a certificate of these members. */
  aggregateKeyOf(signers: readonly number[]): Uint8Array | null {
    const { keys, positions } = this.#keys();
    return keys.sum(signers.map((index) => positions.get(index) as number));
  }

  /** Indices of those whose signatures on the digest are wrong. Off the main thread. */
  async wrongSigners(
    digest: Uint8Array,
    shares: readonly { readonly index: number; readonly signature: Hex }[],
  ): Promise<number[]> {
    const { keys, positions } = this.#keys();
    const found = await keys.invalidSignatures(
      digest,
      shares.map(({ index, signature }) => ({
        position: positions.get(index) as number,
        signature: hexToBytes(signature),
      })),
    );
    const wrong = new Set(found);
    return shares.filter(({ index }) => wrong.has(positions.get(index) as number)).map(({ index }) => index);
  }

  #keys() {
    this.#keySet ??= {
      keys: this.#bn254.keySet([...this.members.values()].map(({ keyG2 }) => hexToBytes(keyG2))),
      positions: new Map([...this.members.keys()].map((index, position) => [index, position])),
    };
    return this.#keySet;
  }

  #treeOf(): TableTree {
    this.#tree ??= new TableTree(this.members, { depth: this.header.depth, keccak256: this.#keccak256 });
    return this.#tree;
  }
}

function negate(key: Hex): Uint8Array {
  const bytes = hexToBytes(key);
  const y = BigInt(`0x${key.slice(2 + 64)}`);
  return hexToBytes(`${bytesToHex(bytes.subarray(0, 32))}${(FIELD - y).toString(16).padStart(64, "0")}`);
}
