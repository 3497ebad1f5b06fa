export { type Bn254, type Bn254KeyPair, type Bn254KeySet, type Bn254Share, bn254 } from "./bn254.ts";
export { EngineError, EngineQueryError } from "./errors.ts";
export { engineFingerprint } from "./fingerprint.ts";
export { installSnapshot } from "./install-snapshot.ts";
export { keccak256 } from "./keccak.ts";
export { type Kzg, kzg } from "./kzg.ts";
export { openEngine } from "./open-engine.ts";
export { type Secp256k1, secp256k1 } from "./secp256k1.ts";
export type * from "./types.ts";
