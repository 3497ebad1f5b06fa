import { type Address, concat, encodePacked, type Hex, keccak256, zeroHash } from "viem";

/** What an earner has earned since the beginning, by token. */
export type Earnings = ReadonlyMap<Address, ReadonlyMap<Address, bigint>>;

/** The argument of RewardsCoordinator's `processClaim`. */
export interface RewardsClaim {
  readonly rootIndex: number;
  readonly earnerIndex: number;
  readonly earnerTreeProof: Hex;
  readonly earnerLeaf: { readonly earner: Address; readonly earnerTokenRoot: Hex };
  readonly tokenIndices: readonly number[];
  readonly tokenTreeProofs: readonly Hex[];
  readonly tokenLeaves: readonly { readonly token: Address; readonly cumulativeEarnings: bigint }[];
}

/** The distribution as EigenLayer's trees have it: a tree of tokens under each earner's leaf of one tree of earners. */
export class DistributionTree {
  readonly root: Hex;
  readonly #earners: readonly Address[];
  readonly #tokens: ReadonlyMap<Address, readonly (readonly [Address, bigint])[]>;
  readonly #levels: readonly (readonly Hex[])[];

  constructor(earnings: Earnings) {
    this.#earners = [...earnings.keys()].sort(byAddress);
    this.#tokens = new Map(
      this.#earners.map((earner) => [earner, [...earnings.get(earner)!].sort(([a], [b]) => byAddress(a, b))]),
    );
    this.#levels = levelsOf(
      this.#earners.map((earner) => {
        const tokenRoot = rootOf(levelsOf(this.#tokenLeaves(earner)));
        return keccak256(encodePacked(["uint8", "address", "bytes32"], [0, earner, tokenRoot]));
      }),
    );
    this.root = rootOf(this.#levels);
  }

  /** A claim of all tokens of an earner; undefined where it has earned nothing. */
  claim(earner: Address, rootIndex: number): RewardsClaim | undefined {
    const earnerIndex = this.#earners.indexOf(earner);
    const tokens = this.#tokens.get(earner);
    if (earnerIndex < 0 || tokens === undefined) return undefined;
    const levels = levelsOf(this.#tokenLeaves(earner));
    return {
      rootIndex,
      earnerIndex,
      earnerTreeProof: proofOf(this.#levels, earnerIndex),
      earnerLeaf: { earner, earnerTokenRoot: rootOf(levels) },
      tokenIndices: tokens.map((_, i) => i),
      tokenTreeProofs: tokens.map((_, i) => proofOf(levels, i)),
      tokenLeaves: tokens.map(([token, cumulativeEarnings]) => ({ token, cumulativeEarnings })),
    };
  }

  #tokenLeaves(earner: Address): Hex[] {
    return this.#tokens
      .get(earner)!
      .map(([token, amount]) => keccak256(encodePacked(["uint8", "address", "uint256"], [1, token, amount])));
  }
}

/** From the leaves up; padded with zero words to a power of two. */
function levelsOf(leaves: readonly Hex[]): Hex[][] {
  let level = [...leaves];
  while (level.length === 0 || (level.length & (level.length - 1)) !== 0) level.push(zeroHash);
  const levels = [level];
  while (level.length > 1) {
    const below = level;
    level = Array.from({ length: below.length / 2 }, (_, i) => keccak256(concat([below[2 * i]!, below[2 * i + 1]!])));
    levels.push(level);
  }
  return levels;
}

function rootOf(levels: readonly (readonly Hex[])[]): Hex {
  return levels.at(-1)![0]!;
}

function proofOf(levels: readonly (readonly Hex[])[], index: number): Hex {
  const siblings = levels.slice(0, -1).map((level, height) => level[(index >> height) ^ 1]!);
  return siblings.length === 0 ? "0x" : concat(siblings);
}

function byAddress(a: Address, b: Address): number {
  return a.toLowerCase() < b.toLowerCase() ? -1 : 1;
}
