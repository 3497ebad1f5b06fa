import { bn254 } from "@noble/curves/bn254.js";
import { concat, type Hex, keccak256, numberToHex } from "viem";
import { SdkError } from "../errors.ts";

/*
 * The check of docs/spec/mach.md, section 7, in TypeScript. Everything here is public, so nothing needs constant time.
 */
const { G1, G2 } = bn254;
const { Fp, Fp2 } = bn254.fields;
const P = Fp.ORDER;
/** The curve's seed: p and r are polynomials in it. */
const X = 4_965_661_367_192_848_881n;
/**
 * The two equations of the check are combined with so many random bits. The contract takes as many as the scalar field
 * has; whoever finds a forgery that passes with 128 of them has found as much work as the curve itself asks for.
 */
const GAMMA_BITS = 128;

export interface G1Coordinates {
  readonly x: bigint;
  readonly y: bigint;
}
type G1Point = InstanceType<typeof G1.Point>;
type G2Point = InstanceType<typeof G2.Point>;

/** Sum of keys less the absent ones: the key under which the aggregate signature stands. `null`: nobody is left. */
export function aggregateLess(aggregate: G1Coordinates, absent: readonly G1Coordinates[]): G1Coordinates | null {
  const missing = absent.reduce<G1Point>((sum, key) => sum.add(g1(key, "an absent operator's key")), G1.Point.ZERO);
  const all = isInfinity(aggregate) ? G1.Point.ZERO : g1(aggregate, "the table's aggregate key");
  const left = all.subtract(missing);
  return left.is0() ? null : left.toAffine();
}

/**
 * Whether `signature` is that of `key` (G1) and `aggregateKey` (G2) over `digest`, and both keys hold one secret.
 * @param signature 64 bytes `x ‖ y`; @param aggregateKey 128 bytes in the precompile's order.
 * @throws SdkError `POINT_INVALID`
 */
export function isSignedBy({
  key,
  aggregateKey,
  digest,
  signature,
}: {
  readonly key: G1Coordinates;
  readonly aggregateKey: Hex;
  readonly digest: Hex;
  readonly signature: Hex;
}): boolean {
  const p1 = g1(key, "the signers' key");
  const p2 = g2(aggregateKey);
  const [x, y] = words(signature, 2) as [bigint, bigint];
  const sigma = g1({ x, y }, "the signature");
  const keyBytes = concat([numberToHex(key.x, { size: 32 }), numberToHex(key.y, { size: 32 })]);
  const gamma = BigInt.asUintN(GAMMA_BITS, BigInt(keccak256(concat([digest, keyBytes, aggregateKey, signature]))));
  const left = sigma.add(times(p1, gamma));
  const right = hashToCurve(digest).add(times(G1.Point.BASE, gamma));
  // A pairing with infinity is one: it drops out of the product.
  const pairs: Parameters<typeof bn254.millerLoopBatch>[0] = [];
  if (!left.is0()) pairs.push([negatedGenerator(), ...coordinates(left)]);
  if (!right.is0()) pairs.push([bn254.utils.calcPairingPrecomputes(p2), ...coordinates(right)]);
  const product = bn254.fields.Fp12.finalExponentiate(bn254.millerLoopBatch(pairs));
  return bn254.fields.Fp12.eql(product, bn254.fields.Fp12.ONE);
}

type Lines = ReturnType<typeof bn254.utils.calcPairingPrecomputes>;
let negated: Lines | null = null;

/** Of the one point that every check pairs with; made at the first one. */
function negatedGenerator(): Lines {
  negated ??= bn254.utils.calcPairingPrecomputes(G2.Point.BASE.negate());
  return negated;
}

function coordinates(point: G1Point): [bigint, bigint] {
  const { x, y } = point.toAffine();
  return [x, y];
}

/** Try and increment, as EigenLayer's BN254 library has it. */
export function hashToCurve(digest: Hex): G1Point {
  for (let x = BigInt(digest) % P; ; x = (x + 1n) % P) {
    const square = Fp.create(x * x * x + 3n);
    // p = 3 mod 4.
    const y = Fp.pow(square, (P + 1n) / 4n);
    if (Fp.sqr(y) === square) return G1.Point.fromAffine({ x, y });
  }
}

function times(point: G1Point, scalar: bigint): G1Point {
  return scalar === 0n ? G1.Point.ZERO : point.multiplyUnsafe(scalar);
}

function isInfinity({ x, y }: G1Coordinates): boolean {
  return x === 0n && y === 0n;
}

/** G1 has no cofactor: on the curve is in the group. */
function g1({ x, y }: G1Coordinates, what: string): G1Point {
  if (x >= P || y >= P || (x === 0n && y === 0n)) throw invalid(what);
  if (Fp.sqr(y) !== Fp.create(x * x * x + 3n)) throw invalid(what);
  return G1.Point.fromAffine({ x, y });
}

function g2(bytes: Hex): G2Point {
  const [xImaginary, xReal, yImaginary, yReal] = words(bytes, 4) as [bigint, bigint, bigint, bigint];
  if ([xImaginary, xReal, yImaginary, yReal].some((value) => value >= P)) throw invalid("the aggregate key");
  const x = Fp2.fromBigTuple([xReal, xImaginary]);
  const y = Fp2.fromBigTuple([yReal, yImaginary]);
  if (Fp2.is0(x) && Fp2.is0(y)) throw invalid("the aggregate key");
  if (!Fp2.eql(Fp2.sqr(y), Fp2.add(Fp2.mul(Fp2.sqr(x), x), G2.Point.CURVE().b))) throw invalid("the aggregate key");
  const point = G2.Point.fromAffine({ x, y });
  if (!isInSubgroup(point)) throw invalid("the aggregate key");
  return point;
}

/**
 * Whether a point of the twist has order r: `[x + 1]Q + psi([x]Q) + psi^2([x]Q) = psi^3([2x]Q)`, with the untwist,
 * Frobenius, twist endomorphism psi (El Housni, Guillevic, Piellard, "Co-factor clearing and subgroup membership
 * testing on pairing-friendly curves", 2022, section 3). One multiplication by 63 bits, where the usual check takes 126.
 */
export function isInSubgroup(point: G2Point): boolean {
  const xQ = point.multiplyUnsafe(X);
  const once = psi(xQ);
  const left = xQ.add(point).add(once).add(psi(once));
  return left.equals(psi(psi(psi(xQ.double()))));
}

/** u^((p - 1) / 3) and u^((p - 1) / 2) of the tower's u = 9 + i; made at the first use. */
let twist: { readonly x: ReturnType<typeof Fp2.pow>; readonly y: ReturnType<typeof Fp2.pow> } | null = null;

function psi(point: G2Point): G2Point {
  twist ??= { x: Fp2.pow(Fp2.NONRESIDUE, (P - 1n) / 3n), y: Fp2.pow(Fp2.NONRESIDUE, (P - 1n) / 2n) };
  const conjugate = (value: typeof point.X) => Fp2.frobeniusMap(value, 1);
  return new G2.Point(Fp2.mul(conjugate(point.X), twist.x), Fp2.mul(conjugate(point.Y), twist.y), conjugate(point.Z));
}

function words(hex: Hex, count: number): bigint[] {
  if (hex.length !== 2 + 64 * count) throw invalid("a point of the wrong length");
  return Array.from({ length: count }, (_, i) => BigInt(`0x${hex.slice(2 + 64 * i, 66 + 64 * i)}`));
}

function invalid(what: string): SdkError {
  return new SdkError("POINT_INVALID", `${what} is no point of the group`);
}
