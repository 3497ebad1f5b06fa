import type { Hex, Message, RewardsReport } from "@altlayer/protocol";
import type { AlertEvent, SuspectBlock } from "./alerts.ts";
import type { CertificateQuery, CertificateRecord } from "./certificates/certificate-store.ts";
import type { CertifiedReport } from "./reports.ts";
import type { EpochTable } from "./table/epoch-table.ts";
import type { ServiceTerms } from "./table/table-contract.ts";

/** Why this node signs nothing just now; null: it signs. */
export type Silence =
  | "NO_OPERATOR"
  /** In no table that is known. */
  | "NOT_A_MEMBER"
  /** The signer's key is not the one in the table. */
  | "FOREIGN_KEY"
  /** Waits until operators of more than two thirds of the weight answered. */
  | "ASKING"
  | "QUARANTINE"
  | "JOURNAL_FAILED";

export interface MachStatus {
  readonly role: "operator" | "observer";
  readonly operator: Hex | null;
  readonly index: number | null;
  readonly silence: Silence | null;
  readonly quarantineHeight: number | null;
  /** The last message signed. */
  readonly tip: Message | null;
  readonly table: { readonly epoch: number; readonly operators: number; readonly commitment: Hex } | null;
  readonly peers: readonly { readonly id: string; readonly operator: Hex | null }[];
  /** Multiaddrs with this node's peer id. */
  readonly addresses: readonly string[];
  readonly certified: { readonly number: number; readonly hash: Hex; readonly digest: Hex } | null;
  /** What happened how often since the start. */
  readonly counters: Readonly<Record<string, number>>;
}

/** One operator's own signature under a message. */
export interface SeenShare {
  readonly operator: Hex;
  readonly message: Message;
  readonly signature: Hex;
}

/** MACH of one rollup on one node. */
export interface MachService {
  /** What the contracts fix: epochs and windows. */
  readonly terms: ServiceTerms;
  status(): MachStatus;
  certificate(query: CertificateQuery): CertificateRecord | null;
  /** All certificates of a height; contradictory ones are evidence. */
  certificatesAt(height: number): readonly CertificateRecord[];
  /** All that are held, by ascending height: those of before the start included. */
  certificates(): readonly CertificateRecord[];
  /** Those of the height, and of the nearest heights below and above that have any. */
  certificatesNear(height: number): readonly CertificateRecord[];
  /** Of an operator's node: the furthest share of each other operator that it remembers, across restarts. */
  furthestShares(): readonly SeenShare[];
  /** The newest operator table, or that of an epoch while it is remembered. */
  table(epoch?: number): EpochTable | null;
  alerts(height?: number): readonly SuspectBlock[];
  /** A certificate that is new, or has more signers than before. */
  onCertificate(listener: (record: CertificateRecord) => void): () => void;
  /** A share of another operator whose signature was checked: two that contradict each other are evidence. */
  onShare(listener: (share: SeenShare) => void): () => void;
  onAlert(listener: (event: AlertEvent) => void): () => void;
  /** A certificate became void, or (its mark `null`) is none any more. */
  onVoid(listener: (record: CertificateRecord) => void): () => void;
  /**
   * Has the operators sign who took part in these epochs, by the certificates that are held (docs/spec/mach.md, section 8).
   * @returns null where the epochs are not over, or operators of too little weight came to the same shares in time
   */
  report(epochs: Pick<RewardsReport, "firstEpoch" | "lastEpoch">, timeoutMs?: number): Promise<CertifiedReport | null>;
  /**
   * Asks the peers for their newest certificates: what a restarting sequencer does before it builds.
   * @returns how many peers answered; after all have, or the time is over
   */
  catchUp(timeoutMs: number): Promise<number>;
  close(): Promise<void>;
}
