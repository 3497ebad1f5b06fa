import { join } from "node:path";
import type { Engine } from "@altlayer/engine";
import type { RollupConfig } from "@altlayer/protocol";
import type { Clock } from "../clock.ts";
import type { NodeConfig } from "../config/node-config.ts";
import type { DerivationDriver } from "../derivation/driver.ts";
import type { Logger } from "../log.ts";
import type { CertificationPoints } from "../slices/certification-points.ts";
import { OpenBlockFile } from "../slices/open-block-file.ts";
import type { SliceFeed } from "../slices/slice-feed.ts";
import { SliceFollower, type SliceWitness } from "../slices/slice-follower.ts";
import { GATHER, type SliceStream, startSliceStream } from "../slices/stream-server.ts";
import type { RotatingSigner } from "./rotating-signer.ts";
import type { UnsafeSigner } from "./unsafe-signer.ts";

const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
const MAX_RECONNECT_MS = 5_000;

/** Where this node follows slices, if it does: as a standby, or to show them. */
export function followedSlices(config: NodeConfig): string | undefined {
  return config.sequencer?.standby?.slices ?? config.followSlices;
}

/** Streams this node's slices, and executes another's as they come. */
export async function startSlices(
  options: { readonly config: NodeConfig; readonly rollup: RollupConfig; readonly dataDir: string },
  dependencies: {
    readonly engine: Engine;
    readonly driver: DerivationDriver | null;
    readonly feed: SliceFeed;
    readonly signer: RotatingSigner | null;
    readonly unsafeSigner: UnsafeSigner | null;
    readonly points: CertificationPoints;
    readonly witness: SliceWitness | null;
    readonly clock: Clock;
    readonly log: Logger;
  },
): Promise<{
  readonly stream: SliceStream | null;
  readonly follower: SliceFollower | null;
  readonly kept: OpenBlockFile | null;
}> {
  const { config, rollup, dataDir } = options;
  const { engine, driver, feed, signer, unsafeSigner, points, witness, clock, log } = dependencies;
  const chainId = rollup.l2ChainId;
  const stream = config.flashblocks
    ? await startSliceStream(
        { ...config.flashblocks, chainId, maxBufferedBytes: MAX_BUFFERED_BYTES },
        {
          feed,
          points,
          sign: signer && ((hash) => signer.sign({ hash })),
          payloadByNumber: (number) => engine.payloadByNumber(number),
          log,
        },
      )
    : null;
  const url = followedSlices(config);
  if (url === undefined || !driver || !unsafeSigner) return { stream, follower: null, kept: null };
  // Only what MACH certifies is asked for again.
  const kept = witness ? await OpenBlockFile.open(join(dataDir, "open-block"), { log }) : null;
  const mode = config.sequencer?.standby ? "journalled" : "volatile";
  // Who shows slices to nobody, and is there to sign them at certification points, needs none sooner.
  const source = new URL(url);
  if (witness !== null && !config.rpc && mode === "volatile") source.searchParams.set(GATHER, "");
  const follower = new SliceFollower(
    // A block whose parent comes by the L1 alone, late, can still be followed.
    {
      url: source.href,
      chainId,
      parentWaitMs: rollup.blockTime * 1_000,
      maxReconnectMs: MAX_RECONNECT_MS,
      mode,
    },
    {
      engine,
      signer: () => unsafeSigner.address,
      adopt: (block) => driver.extendUnsafe(block),
      insert: (payload) => driver.insertUnsafe(payload),
      previousSigner: () => unsafeSigner.previous,
      witness,
      kept,
      clock,
      log,
    },
  );
  follower.start();
  return { stream, follower, kept };
}
