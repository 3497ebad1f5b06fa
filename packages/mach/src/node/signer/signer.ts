import type { Alert, Hex, Link, Message, RewardsReport } from "@altlayer/protocol";
import type { Extension, JournalRecord } from "../../core/types.ts";

/** Holds an operator's key of one set. Signatures are G1 points of 64 bytes. */
export interface MachSigner {
  readonly operator: Hex;
  readonly publicKeys: { readonly g1: Hex; readonly g2: Hex };
  /** Of a message that is the journal's tip (docs/spec/mach.md, S9). */
  sign(message: Message): Promise<Hex>;
  signAlert(alert: Alert): Promise<Hex>;
  signLink(link: Link): Promise<Hex>;
  /** Who took part in which epochs: no two reports make a fault, so no journal is asked. */
  signReport(report: RewardsReport): Promise<Hex>;
  /** The journal of a signer that keeps its own. Without, the operator's shell keeps one on its disk. */
  readonly journal?: SignerJournal;
}

export interface SignerJournal {
  read(): Promise<JournalRecord>;
  /**
   * Resolves once the record is on disk; rejects one that must not be signed.
   * @param extension how the record's message goes on with the one before, where that takes a proof
   */
  append(record: JournalRecord, extension: Extension | null): Promise<void>;
}
