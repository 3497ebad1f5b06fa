import * as z from "zod/mini";
import type { MachHead } from "../chain/finality.ts";
import { MachHead as Head } from "../chain/finality.ts";
import type { Rpc } from "../chain/rpc.ts";
import { count } from "../chain/shapes.ts";

/** How many of the newest certificates are looked at. */
const CERTIFICATES = 16;
const MEMBERS_MAX = 1024;

const Members = z.array(z.object({ index: count })).check(z.maxLength(MEMBERS_MAX));
/** Of `mach_getCertificate`, who signed. The node's word: a signature that came late may stand in no certificate. */
const Certificate = z.nullable(z.object({ height: count, kind: z.string().check(z.maxLength(16)), signers: Members }));
const Newest = z.nullable(z.object({ signers: Members, absent: Members }));

export interface Participation {
  /** Block certificates, by height: the indices that signed. */
  readonly certificates: ReadonlyMap<number, readonly number[]>;
  readonly head: MachHead;
}

/** The newest block certificates; `known` are not asked for again. */
export async function readParticipation(rpc: Rpc, known: Participation | undefined): Promise<Participation> {
  const head = await rpc.call("mach_getHead", [], Head);
  const newest = head.certified?.number ?? -1;
  const heights = Array.from({ length: CERTIFICATES }, (_, i) => newest - i).filter((height) => height > 0);
  const certificates = await Promise.all(
    heights.map(async (height) => {
      const before = known?.certificates.get(height);
      if (before !== undefined) return [height, before] as const;
      const found = await rpc.call("mach_getCertificate", [`0x${height.toString(16)}`], Certificate);
      return found?.kind === "block" ? ([height, found.signers.map(({ index }) => index)] as const) : undefined;
    }),
  );
  return { certificates: new Map(certificates.filter((each) => each !== undefined)), head };
}

/** Of how many of these an operator is a signer. */
export const signedBy = ({ certificates }: Participation, index: number): number =>
  [...certificates.values()].filter((signers) => signers.includes(index)).length;

/** Of the newest certificate, how many signed and how many could have; null: there is none yet. */
export async function newestSigners(rpc: Rpc): Promise<{ readonly signed: number; readonly all: number } | null> {
  const newest = await rpc.call("mach_getCertificate", ["latest"], Newest);
  if (newest === null) return null;
  const signed = newest.signers.length;
  return { signed, all: signed + newest.absent.length };
}
