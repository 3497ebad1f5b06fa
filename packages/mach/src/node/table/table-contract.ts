import type { EpochSchedule, Hex } from "@altlayer/protocol";
import { type Address, encodePacked, type PublicClient, parseAbi } from "viem";
import { MachError } from "../../errors.ts";
import { type L1Reader, publicClientOf } from "../l1-reader.ts";

/** Of contracts/src/avs/interfaces/IOperatorTable.sol and KeyRegistrar: what a node reads. */
const TABLE = parseAbi([
  "event OperatorWeight(address indexed operator, uint32 indexed index, uint256[] weights, uint48 expiry)",
  "event TableCommitted(uint64 indexed epoch, bytes32 commitment, uint32 depth, bytes32 root, uint256[] active, uint256[] total)",
  "function startBlock() view returns (uint256)",
  "struct Windows { uint32 k; uint32 epochLength; uint32 undecided; uint32 certificateAge; uint32 evidenceWindow; uint32 pauseSlack; }",
  "function windows() view returns (Windows)",
  "function life() view returns (uint256)",
  "function keyRegistrar() view returns (address)",
  "function commitments(uint64 epoch) view returns (bytes32)",
]);
const KEY_REGISTRAR = parseAbi([
  "struct OperatorSet { address avs; uint32 id; }",
  "struct G1Point { uint256 X; uint256 Y; }",
  "struct G2Point { uint256[2] X; uint256[2] Y; }",
  "function getBN254Key(OperatorSet operatorSet, address operator) view returns (G1Point, G2Point)",
]);

const [OPERATOR_WEIGHT, TABLE_COMMITTED] = [TABLE[0], TABLE[1]];
/** What public endpoints answer at once. */
const LOG_RANGE = 10_000;
const ZERO_COMMITMENT = `0x${"00".repeat(32)}`;

/** What a service's contracts fix. In L1 blocks. */
export interface ServiceTerms {
  readonly schedule: EpochSchedule;
  readonly certificateAge: number;
  readonly undecided: number;
  /** How long a weight is good for: every weight of a committed table was set within so many blocks. */
  readonly life: number;
}

export interface WeightChange {
  readonly operator: Hex;
  readonly index: number;
  readonly weights: readonly bigint[];
}

export interface Committed {
  readonly commitment: Hex;
  readonly depth: number;
  readonly root: Hex;
  readonly active: readonly bigint[];
  readonly total: readonly bigint[];
}

/** Reads a service's operator table from an L1. Errors are viem's: retried with the next L1 block. */
export class TableContract {
  readonly #client: PublicClient;
  readonly #table: Address;
  readonly #set: { readonly avs: Address; readonly id: number };
  #keyRegistrar: Address | undefined;

  constructor(
    options: { readonly table: Hex; readonly avs: Hex; readonly operatorSetId: number },
    { l1 }: { readonly l1: L1Reader },
  ) {
    this.#client = publicClientOf(l1);
    this.#table = options.table;
    this.#set = { avs: options.avs, id: options.operatorSetId };
  }

  /** @throws MachError `SERVICE_NOT_STARTED` */
  async terms(): Promise<ServiceTerms> {
    const read = { address: this.#table, abi: TABLE } as const;
    const [startBlock, windows, life] = await Promise.all([
      this.#client.readContract({ ...read, functionName: "startBlock" }),
      this.#client.readContract({ ...read, functionName: "windows" }),
      this.#client.readContract({ ...read, functionName: "life" }),
    ]);
    if (startBlock === 0n) {
      throw new MachError("SERVICE_NOT_STARTED", "the service has no operator table yet: its creator has to start it", {
        table: this.#table,
      });
    }
    const { k, epochLength, certificateAge, undecided } = windows;
    const schedule = { startBlock: Number(startBlock), depth: k, epochLength };
    return { schedule, certificateAge, undecided, life: Number(life) };
  }

  async blockHash(number: number): Promise<Hex | null> {
    return (await this.#client.getBlock({ blockNumber: BigInt(number) })).hash;
  }

  /** Changes of weight in these blocks, in order. */
  async weightChanges(from: number, to: number): Promise<WeightChange[]> {
    const changes: WeightChange[] = [];
    for (let start = from; start <= to; start += LOG_RANGE) {
      const logs = await this.#client.getLogs({
        address: this.#table,
        event: OPERATOR_WEIGHT,
        fromBlock: BigInt(start),
        toBlock: BigInt(Math.min(to, start + LOG_RANGE - 1)),
        strict: true,
      });
      for (const { args } of logs) {
        changes.push({ operator: args.operator.toLowerCase() as Hex, index: args.index, weights: args.weights });
      }
    }
    return changes;
  }

  /** What the L1 committed of an epoch; null while nobody has. `from`: a block before that. */
  async committed(epoch: number, from: number, to: number): Promise<Committed | null> {
    const stored = await this.#client.readContract({
      address: this.#table,
      abi: TABLE,
      functionName: "commitments",
      args: [BigInt(epoch)],
    });
    if (stored === ZERO_COMMITMENT) return null;
    for (let start = from; start <= to; start += LOG_RANGE) {
      const [log] = await this.#client.getLogs({
        address: this.#table,
        event: TABLE_COMMITTED,
        args: { epoch: BigInt(epoch) },
        fromBlock: BigInt(start),
        toBlock: BigInt(Math.min(to, start + LOG_RANGE - 1)),
        strict: true,
      });
      if (log !== undefined) return { ...log.args, commitment: stored };
    }
    return null;
  }

  /** An operator's keys: G1 of 64 and G2 of 128 bytes. `block`: as of its end, where the node has such old state. */
  async keysOf(operator: Hex, block?: number): Promise<{ readonly g1: Hex; readonly g2: Hex }> {
    this.#keyRegistrar ??= await this.#client.readContract({
      address: this.#table,
      abi: TABLE,
      functionName: "keyRegistrar",
    });
    const [g1, g2] = await this.#client.readContract({
      address: this.#keyRegistrar,
      abi: KEY_REGISTRAR,
      functionName: "getBN254Key",
      args: [this.#set, operator],
      ...(block === undefined ? {} : { blockNumber: BigInt(block) }),
    });
    return {
      g1: encodePacked(["uint256", "uint256"], [g1.X, g1.Y]),
      // The registrar's order is the precompile's: imaginary part first.
      g2: encodePacked(["uint256", "uint256", "uint256", "uint256"], [...g2.X, ...g2.Y]),
    };
  }
}

/**
 * What a service's contracts fix.
 * @throws MachError `SERVICE_NOT_STARTED` (temporary)
 */
export function readServiceTerms(
  service: { readonly table: Hex; readonly avs: Hex; readonly operatorSetId: number },
  { l1 }: { readonly l1: L1Reader },
): Promise<ServiceTerms> {
  return new TableContract(service, { l1 }).terms();
}
