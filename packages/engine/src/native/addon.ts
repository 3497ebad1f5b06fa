import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { EngineError } from "../errors.ts";

/** Delivers what has gathered: three arrays of equal length. See messages.ts for the kinds. */
export type Deliver = (ids: readonly number[], kinds: readonly number[], texts: readonly string[]) => void;

/** One engine behind the binding. Every request is answered under its id. */
export interface NativeEngine {
  request(id: number, operation: string, json: string): void;
  query(id: number, method: string, params: string): void;
  submit(id: number, flat: Uint8Array): void;
  submitSync(id: number, raw: Uint8Array): void;
  close(id: number): void;
}

/** G2 keys that were checked once. */
export interface NativeKeySet {
  sum(positions: readonly number[]): Buffer | null;
  invalidSignatures(positions: readonly number[], digest: Uint8Array, signatures: Uint8Array): Promise<number[]>;
}

export interface Addon {
  readonly NativeEngine: new (options: string, genesis: string, deliver: Deliver) => NativeEngine;
  installSnapshot(options: string): Promise<string>;
  kzgCommit(blob: Uint8Array): Promise<Buffer>;
  kzgProve(blob: Uint8Array, commitment: Uint8Array): Promise<Buffer>;
  kzgProveCells(blob: Uint8Array): Promise<Buffer>;
  kzgCommitSync(blob: Uint8Array): Buffer;
  kzgProveSync(blob: Uint8Array, commitment: Uint8Array): Buffer;
  kzgVerifySync(blob: Uint8Array, commitment: Uint8Array, proof: Uint8Array): boolean;
  kzgVerifyCellsSync(blob: Uint8Array, commitment: Uint8Array, proofs: Uint8Array): boolean;
  keccak256(data: Uint8Array): Buffer;
  secp256k1Sign(secret: Uint8Array, digest: Uint8Array): Buffer;
  secp256k1Recover(digest: Uint8Array, signature: Uint8Array): Buffer;
  bn254DeriveSecret(seed: Uint8Array, info: Uint8Array): Buffer;
  bn254PublicKeys(secret: Uint8Array): Buffer;
  bn254HashToCurve(digest: Uint8Array): Buffer;
  bn254Sign(secret: Uint8Array, digest: Uint8Array): Buffer;
  bn254Verify(keyG2: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean;
  bn254VerifyWithBothKeys(keyG1: Uint8Array, keyG2: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean;
  bn254VerifyAggregate(
    keyG1: Uint8Array,
    keyG2: Uint8Array,
    digest: Uint8Array,
    signature: Uint8Array,
  ): Promise<boolean>;
  bn254SumG1(points: Uint8Array): Buffer | null;
  bn254SumG2(points: Uint8Array): Buffer | null;
  readonly Bn254KeySet: new (keysG2: Uint8Array) => NativeKeySet;
}

export const ADDON_FILE = fileURLToPath(new URL("../../native/altlayer-engine.node", import.meta.url));

let loaded: Addon | undefined;

/** The native addon, loaded on first use. Node keeps one copy per process; engines in it share nothing. */
export function addon(): Addon {
  try {
    loaded ??= createRequire(import.meta.url)(ADDON_FILE) as Addon;
    return loaded;
  } catch (cause) {
    throw new EngineError(
      { code: "ENGINE_ADDON", message: "the native engine cannot be loaded: run `npm run setup` to build it" },
      { cause },
    );
  }
}
