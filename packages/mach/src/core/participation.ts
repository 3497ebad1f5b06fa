import { BLOCK, type Hex, type Message, type RewardsReport } from "@altlayer/protocol";

/** A block's certificate, by who signed it. */
export interface CountedCertificate {
  readonly message: Message;
  /** Operators' addresses, in lower case. */
  readonly signers: readonly Hex[];
}

/** A share of the rewards that differs by less than this part of an even one is taken for the same. */
const TOLERANCE = 16n;

/**
 * Who took part in which epochs: a point for every certified block of them that the operator signed, by the certificate
 * with most signers that is held (docs/spec/mach.md, section 8, "Rewards"). Slices earn nothing: their block does.
 * @returns `null` where no block of these epochs is held, or nobody signed one
 */
export function participationReport(
  { firstEpoch, lastEpoch }: Pick<RewardsReport, "firstEpoch" | "lastEpoch">,
  certificates: Iterable<CountedCertificate>,
): RewardsReport | null {
  const points = new Map<Hex, bigint>();
  for (const { message, signers } of certificates) {
    const { epoch } = message.base;
    if (message.kind !== BLOCK || epoch < firstEpoch || epoch > lastEpoch) continue;
    for (const operator of signers) points.set(operator, (points.get(operator) ?? 0n) + 1n);
  }
  const operators = [...points.keys()].sort();
  if (operators.length === 0) return null;
  return { firstEpoch, lastEpoch, operators, points: operators.map((operator) => points.get(operator) as bigint) };
}

/**
 * Whether a report gives every operator the share that the own count gives it, but for a sixteenth of an even share: nodes
 * may have missed a late signature, or hold fewer certificates of the oldest epochs.
 */
export function agreesWithCount(report: RewardsReport, own: RewardsReport): boolean {
  const [theirs, mine] = [pointsOf(report), pointsOf(own)];
  const [theirSum, mySum] = [sumOf(report), sumOf(own)];
  const everybody = new Set([...theirs.keys(), ...mine.keys()]);
  const count = BigInt(everybody.size);
  return [...everybody].every((operator) => {
    // |a / A - b / B| * TOLERANCE * count <= 1, in integers.
    const difference = (theirs.get(operator) ?? 0n) * mySum - (mine.get(operator) ?? 0n) * theirSum;
    const distance = difference < 0n ? -difference : difference;
    return distance * TOLERANCE * count <= theirSum * mySum;
  });
}

function pointsOf({ operators, points }: RewardsReport): ReadonlyMap<Hex, bigint> {
  return new Map(operators.map((operator, i) => [operator, points[i] ?? 0n]));
}

function sumOf({ points }: RewardsReport): bigint {
  return points.reduce((sum, each) => sum + each, 0n);
}
