import { setTimeout as sleep } from "node:timers/promises";
import type { CertificateRecord, SeenShare } from "@altlayer/mach";
import {
  type Core,
  type InclusionProof,
  type Keccak256,
  MachDigests,
  MountainRange,
  ZERO_HASH,
} from "@altlayer/protocol";
import { type Clients, EvidenceWatch, type MachServiceFile, type RangeProver } from "@altlayer/restaking";
import type { Logger, RollupNode } from "@altlayer/rollup";
import { getAddress, type Hex, keccak256, stringToHex } from "viem";
import { problemOf } from "../errors.ts";

const keccak: Keccak256 = (bytes) => keccak256(bytes, "bytes");
/** A share may be here before its block: so long it is waited for. */
const ATTEMPTS = 20;
const ATTEMPT_MS = 200;

/**
 * Looks for contradictions in what operators' nodes see, and brings them to the L1 with the clients' account.
 * @param options.nodes with MACH; what one of them does not have, another may: a fork, or an older block.
 * @returns how to stop.
 */
export async function startEvidenceWatch(
  { service, nodes }: { readonly service: MachServiceFile; readonly nodes: readonly RollupNode[] },
  { clients, log }: { readonly clients: Clients; readonly log: Logger },
): Promise<() => Promise<void>> {
  const { registrar: avs, rollupId, slasher } = service.suite;
  const digests = new MachDigests(
    { l1ChainId: service.l1ChainId, avs, operatorSetId: 0, rollupId },
    { keccak256: keccak },
  );
  const { account } = clients.walletClient;
  if (account === undefined) throw new TypeError("a wallet client without an account");
  // The account keeps the salts of its bounties to itself, and finds them again after a restart.
  const signature = await clients.walletClient.signMessage({
    account,
    message: `AltLayer MACH bounties of ${slasher}`,
  });
  const machs = nodes.flatMap(({ mach }) => (mach === null ? [] : [mach]));
  const services = machs.map((mach) => mach.service);
  const certificatesOf = (records: readonly CertificateRecord[]) => records.map(({ certificate }) => certificate);
  const watch = new EvidenceWatch(
    { context: service, secret: keccak256(stringToHex(signature)) },
    {
      clients,
      digests,
      log,
      prover: rangeProver(machs.map(({ chain }) => chain)),
      stored: { near: (height) => services.flatMap((each) => certificatesOf(each.certificatesNear(height))) },
    },
  );
  const failed = (error: unknown) => log.warn("cannot look for contradictions", { error: problemOf(error).message });
  const seen = ({ operator, ...share }: SeenShare) => ({ operator: getAddress(operator), ...share });
  const stops = services.flatMap((each) => [
    each.onShare((share) => {
      const { operator, message, signature } = seen(share);
      watch.observeShare(operator, message, signature).catch(failed);
    }),
    each.onCertificate(({ certificate }) => void watch.observeCertificate(certificate).catch(failed)),
  ]);
  const replayed = (async () => {
    for (const each of services) {
      const shares = each.furthestShares().map(seen);
      await watch.replay({ certificates: certificatesOf(each.certificates()), shares });
    }
  })().catch(failed);
  return async () => {
    for (const stop of stops) stop();
    await watch.close();
    await replayed;
  };
}

/** What of a node's chain a proof is made from: `NodeMach.chain`. */
export interface ProvingChain {
  /** Up to where finalised L1 data settle the chain. */
  readonly floor: { readonly height: number } | null;
  /** Whether this node executed what the core says, above the floor. */
  agrees(core: Core): boolean;
  executedAt(height: number): { readonly core: Core } | undefined;
  /** @throws with code `MACH_UNKNOWN_BLOCK`. */
  transactionLeaves(blockHash: Hex): Promise<readonly Hex[]>;
  readonly history: {
    /** The block at `height` in the history of `high`; `null` where it is not known. */
    proof(high: Core, height: number): Promise<{ readonly core: Core; readonly inclusion: InclusionProof } | null>;
  };
}

/**
 * Proves by nodes' own blocks that a slice is no prefix of a longer one or of a block, and which block a later one has in
 * its history. A share may be here before its block: transactions are waited for, and a history is asked for again
 * (`ContradictionFinder.retry`).
 */
export function rangeProver(chains: readonly ProvingChain[], attemptMs = ATTEMPT_MS): RangeProver {
  const isSettled = (chain: ProvingChain, { height }: Core) => height <= (chain.floor?.height ?? -1);
  const areOneChain = (a: Core, b: Core) =>
    chains.some((chain) => !isSettled(chain, a) && !isSettled(chain, b) && chain.agrees(a) && chain.agrees(b));
  return {
    prefix: async (long, short) => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        // Both are parts of what was executed here: the usual case, which costs no hashing.
        if (areOneChain(long, short)) return null;
        const lists = (await Promise.all(chains.map((chain) => leavesOf(long, chain)))).filter((leaves) => leaves);
        for (const leaves of lists) {
          const nodes = leaves && prefixOf(leaves, long, short);
          if (nodes) return nodes;
        }
        if (lists.length > 0) return undefined;
        await sleep(attemptMs, undefined, { ref: false });
      }
      return undefined;
    },
    history: async ({ core: high }, { core: low }) => {
      if (areOneChain(high, low)) return null;
      for (const chain of chains) {
        const proof = await chain.history.proof(high, low.height);
        if (proof) return proof;
      }
      return undefined;
    },
  };
}

async function leavesOf({ blockHash, height }: Core, chain: ProvingChain): Promise<readonly Hex[] | undefined> {
  const hash = blockHash === ZERO_HASH ? chain.executedAt(height)?.core.blockHash : blockHash;
  if (hash === undefined) return undefined;
  return chain.transactionLeaves(hash).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === "MACH_UNKNOWN_BLOCK") return undefined;
    throw error;
  });
}

/** Undefined where the leaves are not those of `long`. */
function prefixOf(leaves: readonly Hex[], long: Core, short: Core): readonly Hex[] | undefined {
  const { transactionCount } = long;
  if (leaves.length < transactionCount || short.transactionCount >= transactionCount) return undefined;
  const range = new MountainRange({ keccak256: keccak });
  for (const leaf of leaves.slice(0, transactionCount)) range.append(leaf);
  return range.root() === long.transactionRoot ? range.prefix(short.transactionCount) : undefined;
}
