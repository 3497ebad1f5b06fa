import type { Hex } from "../spec/primitives.ts";

/**
 * Compares compiled with deployed runtime code as Sourcify defines it. *Full*: equal to the last byte, the hash of the
 * metadata included, and so of every source file, comments too. *Partial*: equal but for that hash (or the compiler was
 * told to write none): the code is of these sources, names and comments may be others. What only the deployment knows is
 * left open in both: immutables, addresses of libraries, and a library's own address. Creation code is not compared.
 */
export interface Place {
  readonly start: number;
  readonly length: number;
}

/** What the compiler made of one contract. Hex without 0x; places in bytes. */
export interface CompiledContract {
  readonly file: string;
  readonly name: string;
  /** Runtime code, with placeholders for libraries that it was not told. */
  readonly runtime: string;
  readonly immutables: Readonly<Record<string, readonly Place[]>>;
  readonly libraries: Readonly<Record<string, readonly Place[]>>;
  /** Metadata that the compiler appended to this contract and to those whose creation code it holds. */
  readonly auxdata: readonly string[];
}

export interface Match {
  readonly kind: "full" | "partial";
  readonly immutables: Readonly<Record<string, Hex>>;
  readonly libraries: Readonly<Record<string, Hex>>;
}
export interface Mismatch {
  readonly kind: "none";
  readonly reason: string;
}

/** Keys of the hashes that metadata may hold, in CBOR: "ipfs", "bzzr0", "bzzr1". */
const METADATA_HASHES = ["6469706673", "65627a7a7230", "65627a7a7231"];
/** A library's code begins by comparing its own address, zero until it is deployed: PUSH20, ADDRESS, EQ. */
const CALL_PROTECTION = `73${"00".repeat(20)}3014`;
const OWN_ADDRESS: Place = { start: 1, length: 20 };

export function matchRuntime(
  compiled: CompiledContract,
  { code, address }: { readonly code: Hex; readonly address: Hex },
): Match | Mismatch {
  const deployed = code.slice(2).toLowerCase();
  if (compiled.runtime.length !== deployed.length)
    return none(`it compiles to ${compiled.runtime.length / 2} bytes, the chain has ${deployed.length / 2}`);
  let expected = compiled.runtime;
  if (expected.startsWith(CALL_PROTECTION)) {
    if (cut(deployed, OWN_ADDRESS) !== address.slice(2).toLowerCase())
      return none("it is a library, and the code on the chain is bound to another address");
    expected = filled(expected, deployed, OWN_ADDRESS);
  }
  const values = { immutables: {} as Record<string, Hex>, libraries: {} as Record<string, Hex> };
  for (const kind of ["immutables", "libraries"] as const) {
    for (const [name, places] of Object.entries(compiled[kind])) {
      const [first, ...others] = places.map((place) => cut(deployed, place));
      if (first === undefined) continue;
      if (others.some((other) => other !== first)) return none(`the chain has several values for ${name}`);
      values[kind][name] = `0x${first}`;
      for (const place of places) expected = filled(expected, deployed, place);
    }
  }
  const own = compiled.auxdata.filter((data) => expected.endsWith(data));
  const hashed = own.some((data) => METADATA_HASHES.some((key) => data.includes(key)));
  if (expected === deployed) return { kind: hashed ? "full" : "partial", ...values };
  for (const place of placesOf(compiled)) expected = filled(expected, deployed, place);
  if (expected === deployed) return { kind: "partial", ...values };
  let at = 0;
  while (expected[at] === deployed[at]) at++;
  return none(`it differs from the chain's code at byte ${Math.floor(at / 2)}`);
}

const none = (reason: string): Mismatch => ({ kind: "none", reason });
const cut = (code: string, { start, length }: Place): string => code.slice(start * 2, (start + length) * 2);
/** `code` with the bytes of `from` at a place. */
const filled = (code: string, from: string, place: Place): string =>
  code.slice(0, place.start * 2) + cut(from, place) + code.slice((place.start + place.length) * 2);

/**
 * Where the metadata stand. Only what the compiler says it appended, and only if it stands there as often: a constant
 * that looks like metadata must not open a hole in the comparison.
 */
function placesOf({ runtime, auxdata }: CompiledContract): readonly Place[] {
  return [...new Set(auxdata)].flatMap((data) => {
    if (data.length === 0) return [];
    const places: Place[] = [];
    for (let at = runtime.indexOf(data); at !== -1; at = runtime.indexOf(data, at + data.length))
      if (at % 2 === 0) places.push({ start: at / 2, length: data.length / 2 });
    return places.length === auxdata.filter((other) => other === data).length ? places : [];
  });
}
