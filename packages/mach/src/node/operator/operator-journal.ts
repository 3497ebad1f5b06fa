import type { Hex } from "@altlayer/protocol";
import type { JournalRecord } from "../../core/types.ts";
import { MachError } from "../../errors.ts";
import type { MachSigner } from "../signer/signer.ts";
import { SigningJournal } from "../signing-journal.ts";

/** Where an operator's records go: the signer's own journal, or a file here. */
export interface OperatorJournal {
  readonly record: JournalRecord;
  append(record: JournalRecord): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the journal of an operator that signs here.
 * @param options.create makes one where there is none; so does `restored`, which begins in quarantine
 * @throws MachError as `SigningJournal.open`; what the signer's journal throws
 */
export async function openOperatorJournal(
  options: { readonly file: string; readonly identity: Hex; readonly create: boolean },
  { signer }: { readonly signer: MachSigner },
): Promise<OperatorJournal> {
  if (signer.journal !== undefined) {
    const { journal } = signer;
    return { record: await journal.read(), append: (record) => journal.append(record), close: async () => {} };
  }
  const { journal, record } = await opened(options);
  return { record, append: (next) => journal.append(next), close: () => journal.close() };
}

async function opened({ file, identity, create }: { file: string; identity: Hex; create: boolean }) {
  try {
    return await SigningJournal.open({ file, identity });
  } catch (error) {
    if (!(create && error instanceof MachError && error.code === "JOURNAL_MISSING")) throw error;
    const journal = await SigningJournal.create({ file, identity });
    return { journal, record: { tip: null, quarantineHeight: null } };
  }
}
