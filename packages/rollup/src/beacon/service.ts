import { type Clock, SystemClock } from "../clock.ts";
import { RollupError } from "../errors.ts";
import { BeaconBlobSource, type BlobAddressing } from "../l1/blob-source.ts";
import type { Kzg } from "../l1/kzg.ts";
import { L1Client } from "../l1/l1-client.ts";
import { JSON_RPC_DEFAULTS, JsonRpcClient } from "../l1/rpc-client.ts";
import { type Logger, silentLogger } from "../log.ts";
import { Archiver } from "./archiver.ts";
import { BEACON_API_DEFAULTS, BeaconApi } from "./beacon-api.ts";
import { BlobArchive } from "./blob-archive.ts";
import { BeaconFacade } from "./facade.ts";

export interface BeaconFacadeServiceOptions {
  readonly l1Url: string;
  /** Where the L1's blobs are read: a beacon node, or anvil itself with `block-number`. */
  readonly blobsUrl: string;
  readonly addressing: BlobAddressing;
  /** The archive's folder. */
  readonly directory: string;
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port?: number;
  /** The first L1 block to archive where the archive is empty: the rollup's anchor is enough. */
  readonly startBlock?: number;
  /** The L1 is our own process on this machine: its hashes are not computed again. */
  readonly trustRpc?: boolean;
  readonly pollMs?: number;
}

export interface BeaconFacadeService {
  readonly url: string;
  /** Archives up to the L1's head now: before a development L1 stops and forgets its blobs. */
  catchUp(): Promise<void>;
  close(): Promise<void>;
}

/** Boots the blob archive and the beacon facade before it. */
export async function startBeaconFacade(
  options: BeaconFacadeServiceOptions,
  dependencies: { readonly kzg: Kzg; readonly clock?: Clock; readonly log?: Logger },
): Promise<BeaconFacadeService> {
  const { kzg, clock = new SystemClock(), log = silentLogger } = dependencies;
  const rpc = new JsonRpcClient({ ...JSON_RPC_DEFAULTS, url: options.l1Url }, { clock, log });
  const l1 = new L1Client({ verify: options.trustRpc !== true }, { rpc });
  const upstream = new BeaconApi({ ...BEACON_API_DEFAULTS, url: options.blobsUrl });
  const slots = await slotsOf(options.addressing, upstream, l1);
  const archive = new BlobArchive({ directory: options.directory });
  await archive.open();
  const blobs = new BeaconBlobSource({ addressing: options.addressing }, { servers: [upstream], kzg });
  const archiver = new Archiver(
    { pollMs: options.pollMs ?? 500, startBlock: options.startBlock ?? 0, reorgBlocks: 64 },
    { l1, blobs, archive, kzg, clock, log },
  );
  const facade = new BeaconFacade(
    { host: options.host ?? "127.0.0.1", port: options.port ?? 0, ...slots },
    { archive, archiver, log },
  );
  await facade.start();
  archiver.start();
  return {
    url: facade.url,
    catchUp: () => archiver.catchUp(),
    close: async () => {
      await archiver.close();
      await facade.close();
      rpc.close();
    },
  };
}

/** A real beacon's own slots; in front of a development L1, one slot a second since its genesis block. */
async function slotsOf(addressing: BlobAddressing, upstream: BeaconApi, l1: L1Client) {
  if (addressing === "block-number") {
    const genesis = await l1.headerByNumber(0);
    return { genesisTime: genesis?.timestamp ?? 0, secondsPerSlot: 1 };
  }
  const [genesisTime, secondsPerSlot] = [await upstream.genesisTime(), await upstream.secondsPerSlot()];
  if (genesisTime === null || !secondsPerSlot) {
    throw new RollupError("BEACON_UNREACHABLE", "the beacon node does not tell its genesis time and slot length", {
      severity: "critical",
    });
  }
  return { genesisTime, secondsPerSlot };
}
