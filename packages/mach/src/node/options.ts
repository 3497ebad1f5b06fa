import type { Hex, Keccak256 } from "@altlayer/protocol";
import { SLICE_AGGREGATORS } from "../core/slice-aggregators.ts";
import type { MachChain } from "./chain.ts";
import type { L1Reader } from "./l1-reader.ts";
import type { MachSigner } from "./signer/signer.ts";

/** Which service, of which rollup, and where its contracts are. Epochs and windows are read from the table contract. */
export interface ServiceIdentity {
  readonly l1ChainId: number;
  readonly systemConfig: Hex;
  readonly l2ChainId: number;
  readonly l2GenesisHash: Hex;
  /** The registrar: the avs address itself. */
  readonly avs: Hex;
  readonly operatorSetId: number;
  readonly table: Hex;
  readonly verifier: Hex;
}

export interface MachOperatorOptions {
  readonly address: Hex;
  readonly signer: MachSigner;
  /** The data come from a backup: quarantine (docs/spec/mach.md, section 7). */
  readonly restored?: boolean;
  /** Where the signing journal is gone it is made anew and the operator begins in quarantine; without this it does not start. */
  readonly quarantineIfLost?: boolean;
  /**
   * Makes the signing journal where there is none. Only for an operator that never signed for this service: a lost
   * journal made anew is a restored backup that nobody declared.
   */
  readonly createJournal?: boolean;
}

export interface MachOptions {
  readonly service: ServiceIdentity;
  /** Where heights meet timestamps: bounds a quarantine. */
  readonly rollup: {
    readonly genesis: { readonly height: number; readonly timestamp: number };
    readonly blockSeconds: number;
  };
  readonly dataDir: string;
  readonly network: {
    /** Multiaddrs; none: only dials. */
    readonly listen?: readonly string[];
    /** Multiaddrs of peers that a connection is kept to. */
    readonly peers: readonly string[];
    readonly maxConnections?: number;
  };
  /** Without: gathers, checks and keeps certificates, and signs nothing. */
  readonly operator?: MachOperatorOptions;
  readonly tuning?: MachTuning;
}

export interface MachTuning {
  /** S5 and S6; by default those of section 11's column with the service's K. */
  readonly originDepth?: number;
  readonly maxAheadSeconds?: number;
  /** How long a share waits for its certificate until it is sent again. */
  readonly resendMs?: number;
  readonly tickMs?: number;
  /** Heights that certificates are kept of. */
  readonly certificateHeights?: number;
  /** Operators that a slice's signature is sent to first, at most 8; the same for all, or they seldom meet. */
  readonly sliceAggregators?: number;
}

export const MACH_TUNING = {
  resendMs: 1_000,
  tickMs: 200,
  certificateHeights: 16_384,
  sliceAggregators: SLICE_AGGREGATORS,
} as const;

export interface MachDependencies {
  readonly chain: MachChain;
  readonly l1: L1Reader;
  readonly bn254: Bn254Like;
  readonly keccak256: Keccak256;
  readonly clock: { nowMs(): number };
  readonly log: MachLog;
}

/** @altlayer/engine's `bn254`: what is used of it. Points are bytes, as there. */
export interface Bn254Like {
  deriveSecret(seed: Uint8Array, info: Uint8Array): Uint8Array;
  publicKeys(secret: Uint8Array): { readonly g1: Uint8Array; readonly g2: Uint8Array };
  sign(secret: Uint8Array, digest: Uint8Array): Uint8Array;
  verify(keyG2: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean;
  verifyAggregate(
    key: { readonly g1: Uint8Array; readonly g2: Uint8Array },
    digest: Uint8Array,
    signature: Uint8Array,
  ): Promise<boolean>;
  sumG1(points: readonly Uint8Array[]): Uint8Array | null;
  keySet(keysG2: readonly Uint8Array[]): KeySetLike;
}

export interface KeySetLike {
  sum(positions: readonly number[]): Uint8Array | null;
  invalidSignatures(
    digest: Uint8Array,
    shares: readonly { readonly position: number; readonly signature: Uint8Array }[],
  ): Promise<number[]>;
}

export type LogFields = Readonly<Record<string, string | number | boolean | bigint | null | undefined>>;

/** Constant messages with flat fields; a rollup node's logger fits. */
export interface MachLog {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
