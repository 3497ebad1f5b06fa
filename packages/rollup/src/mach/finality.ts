import type { Engine } from "@altlayer/engine";
import type { CertificateRecord, MachService } from "@altlayer/mach";
import { BLOCK, type Core, type Hex } from "@altlayer/protocol";
import type { SafeHeadEntry } from "../derivation/safe-head-store.ts";
import { quantity, vouchers } from "./certificate-json.ts";
import type { CertifiedBranch } from "./certified-branch.ts";
import type { Located } from "./located.ts";
import type { SettledHead } from "./settled-head.ts";
import type { SliceCertificates } from "./slice-certificates.ts";
import type { Timeline } from "./timeline.ts";

/** From the weakest to the strongest; docs/finality.md says what each means. */
export const FINALITY_LEVELS = [
  "pending",
  "slice",
  "sliceCertificate",
  "block",
  "blockCertificate",
  "safe",
  "finalized",
  "settled",
] as const;
export type FinalityLevel = (typeof FINALITY_LEVELS)[number];

/** What is known of one level: when it was reached, as far as this node saw it, and who says so. */
interface Rung {
  readonly atMs: number | null;
  readonly by: object | null;
}

export interface FinalityDependencies {
  readonly engine: Engine;
  readonly service: Pick<MachService, "certificatesAt" | "alerts">;
  readonly branch: Pick<CertifiedBranch, "head">;
  readonly slices: Pick<SliceCertificates, "covering">;
  readonly agrees: (core: Core) => boolean;
  readonly safeHeads: { readonly entries: readonly SafeHeadEntry[] };
  readonly settled: Pick<SettledHead, "get">;
  readonly timeline: Timeline;
  /** The sequencer's key. */
  readonly signer: () => Hex | null;
}

/** Where a transaction or block stands, each level with its time and who vouches: `mach_getFinality`. */
export async function finalityOf(id: string, place: Located, dependencies: FinalityDependencies) {
  const rungs = await climb(place, dependencies);
  const highest = FINALITY_LEVELS.findLastIndex((level) => rungs[level] !== undefined);
  const alerts = place.height === null ? [] : dependencies.service.alerts(place.height);
  const suspects = alerts.filter(({ blockHash }) => place.blockHash === null || blockHash === place.blockHash);
  return {
    id,
    blockNumber: place.height === null ? null : quantity(place.height),
    blockHash: place.blockHash,
    transactionHash: place.transactionHash,
    transactionIndex: place.transactionIndex === null ? null : quantity(place.transactionIndex),
    level: FINALITY_LEVELS[Math.max(0, highest)],
    levels: FINALITY_LEVELS.map((level, i) => {
      const rung = rungs[level];
      // A higher level holds all that the lower ones promise.
      const reached = rung !== undefined || i < highest;
      const atMs = rung?.atMs ?? null;
      return { level, reached, at: atMs === null ? null : quantity(atMs), by: rung?.by ?? null };
    }),
    heldBack: suspects.some(({ heldBack }) => heldBack),
    alerts: suspects.map(alertJson),
  };
}

export function alertJson(suspect: ReturnType<MachService["alerts"]>[number]) {
  return {
    height: quantity(suspect.height),
    blockHash: suspect.blockHash,
    epoch: quantity(suspect.epoch),
    heldBack: suspect.heldBack,
    alerts: suspect.alerts.map(({ operator, index, alert }) => ({
      operator,
      index: quantity(index),
      reason: quantity(alert.reason),
      transactionIndex: quantity(alert.transactionIndex),
    })),
  };
}

async function climb(place: Located, d: FinalityDependencies): Promise<Partial<Record<FinalityLevel, Rung>>> {
  const { height, blockHash, isCanonical, transactionIndex } = place;
  const rungs: Partial<Record<FinalityLevel, Rung>> = {};
  if (place.isKnown) rungs.pending = { atMs: null, by: null };
  if (height === null || !isCanonical) return rungs;
  const sequencer = { sequencer: d.signer()?.toLowerCase() ?? null };
  const index = transactionIndex ?? 0;
  const slicedAtMs = d.timeline.slicedAtMs(height, index);
  if (blockHash === null || slicedAtMs !== null) rungs.slice = { atMs: slicedAtMs, by: sequencer };
  const slice = transactionIndex === null ? null : d.slices.covering({ height, transactionIndex }, d.agrees);
  if (slice) rungs.sliceCertificate = { atMs: slice.seenAtMs, by: slice.by };
  if (blockHash === null) return rungs;
  rungs.block = { atMs: d.timeline.sealedAtMs(blockHash), by: sequencer };
  const block = blockCertificateOf(height, d);
  if (block) rungs.blockCertificate = { atMs: block.atMs, by: vouchers(block.record) };

  const { safe, finalized } = d.engine.heads();
  if (height <= safe.number) {
    const entry = d.safeHeads.entries.find(({ l2 }) => l2.number >= height);
    const by = entry ? { l1Block: { number: quantity(entry.l1.number), hash: entry.l1.hash } } : null;
    rungs.safe = { atMs: d.timeline.safeAtMs(height), by };
    if (height <= finalized.number) rungs.finalized = { atMs: d.timeline.finalizedAtMs(height), by };
  }
  const settled = await d.settled.get();
  if (settled && height <= settled.number && height <= safe.number) {
    rungs.settled = {
      atMs: null,
      by: { anchorStateRegistry: settled.registry, blockNumber: quantity(settled.number) },
    };
  }
  return rungs;
}

/** Later heights that are looked through for the first certificate that holds for a block without one of its own. */
const COVERED_WITHIN = 64;

/**
 * The block's own certificate, or a later block's: it certifies all of its history. Of the newest of all, which takes
 * the place of an earlier one that is not found, nobody knows when it first held for this block.
 */
function blockCertificateOf(
  height: number,
  { service, branch, agrees }: FinalityDependencies,
): { readonly record: CertificateRecord; readonly atMs: number | null } | null {
  const { head } = branch;
  const headHeight = head?.certificate.message.core.height ?? height;
  for (let above = height; above <= Math.min(Math.max(height, headHeight), height + COVERED_WITHIN); above += 1) {
    const record = service.certificatesAt(above).find(({ void: isVoid, certificate: { message } }) => {
      return isVoid === null && message.kind === BLOCK && agrees(message.core);
    });
    if (record) return { record, atMs: record.seenAtMs };
  }
  return head && headHeight >= height ? { record: head, atMs: null } : null;
}
