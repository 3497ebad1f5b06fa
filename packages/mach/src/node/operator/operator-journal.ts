import { setTimeout as sleep } from "node:timers/promises";
import type { Hex, Message } from "@altlayer/protocol";
import { isReleased } from "../../core/signing-rule.ts";
import type { Extension, JournalRecord } from "../../core/types.ts";
import { MachError } from "../../errors.ts";
import type { MachChain } from "../chain.ts";
import type { MachSigner, SignerJournal } from "../signer/signer.ts";
import { SigningJournal } from "../signing-journal.ts";

/** Where an operator's records go: the signer's own journal, or a file here. */
export interface OperatorJournal {
  readonly record: JournalRecord;
  /** There was none: it was made now. */
  readonly isNew: boolean;
  /**
   * Resolves once the record is on disk.
   * @throws MachError `SIGNER_REFUSED` where the signer's journal does not take it: then it holds what it held before
   */
  append(record: JournalRecord): Promise<void>;
  close(): Promise<void>;
}

/** How often a signer that does not answer is asked again. */
const UNREACHABLE_RETRY_MS = 500;

/**
 * Opens the journal of an operator that signs here.
 * @param options.create makes one where there is none
 * @throws MachError as `SigningJournal.open`; what the signer's journal throws
 */
export async function openOperatorJournal(
  options: { readonly file: string; readonly identity: Hex; readonly create: boolean },
  { signer, chain }: { readonly signer: MachSigner; readonly chain?: MachChain },
): Promise<OperatorJournal> {
  if (signer.journal !== undefined) return remoteJournal(signer.journal, chain);
  const { journal, record, isNew } = await opened(options);
  return { record, isNew, append: (next) => journal.append(next), close: () => journal.close() };
}

/** The signer's own: it is shown how a message goes on with the one before, and asked again while it does not answer. */
async function remoteJournal(journal: SignerJournal, chain: MachChain | undefined): Promise<OperatorJournal> {
  const record = await journal.read();
  const closing = new AbortController();
  let last = record;
  return {
    record,
    isNew: false,
    append: async (next) => {
      const extension = await extensionOf(last.tip, next, chain);
      for (;;) {
        try {
          // An answer that was lost left the record there: to bring it again changes nothing.
          await journal.append(next, extension);
          last = next;
          return;
        } catch (error) {
          const isPassing = error instanceof MachError && error.severity === "temporary" && !closing.signal.aborted;
          if (!isPassing) throw error;
        }
        await sleep(UNREACHABLE_RETRY_MS, undefined, { signal: closing.signal }).catch(() => {});
      }
    },
    close: async () => closing.abort(),
  };
}

async function extensionOf(
  tip: Message | null,
  { tip: message, quarantineHeight }: JournalRecord,
  chain: MachChain | undefined,
): Promise<Extension | null> {
  if (tip === null || message === null || quarantineHeight !== null || isReleased(tip, message.base)) return null;
  return (await chain?.extension?.(tip, message)) ?? null;
}

async function opened({ file, identity, create }: { file: string; identity: Hex; create: boolean }) {
  try {
    return { ...(await SigningJournal.open({ file, identity })), isNew: false };
  } catch (error) {
    if (!(create && error instanceof MachError && error.code === "JOURNAL_MISSING")) throw error;
    const journal = await SigningJournal.create({ file, identity });
    return { journal, record: { tip: null, quarantineHeight: null }, isNew: true };
  }
}
