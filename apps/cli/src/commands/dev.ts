import { printBanner } from "../dev/banner.ts";
import { openDataDir } from "../dev/data-dir.ts";
import { wish } from "../dev/ports.ts";
import type { DevOptions } from "../dev/session.ts";
import { startDev } from "../dev/session.ts";
import { showStatus } from "../dev/status-line.ts";
import { EXIT } from "../errors.ts";
import { fileSink } from "../log.ts";
import type { Output } from "../output.ts";
import type { LoggingOptions } from "./logging.ts";
import { loggerOf } from "./logging.ts";
import { aborted, stopSignal } from "./stop-signal.ts";
import { CLIENT_VERSION } from "./version.ts";

export interface DevCommandOptions extends LoggingOptions {
  readonly dataDir: string;
  readonly fresh?: boolean;
  readonly rpcPort?: number;
  readonly l1Port?: number;
  readonly beaconPort?: number;
  readonly metricsPort?: number;
  readonly flashblocksPort?: number;
  readonly gossipPort?: number;
  readonly blockTime: number;
  readonly l1BlockTime: number;
  readonly chainId: number;
  readonly fork: DevOptions["newestFork"];
  readonly da: DevOptions["dataAvailability"];
  readonly mach?: boolean;
}

/** `altlayer dev`: runs until Ctrl-C. */
export async function dev(options: DevCommandOptions, output: Output): Promise<number> {
  const dataDir = openDataDir({ path: options.dataDir, fresh: options.fresh === true });
  const file = fileSink({ file: dataDir.log, level: "info" });
  const log = loggerOf(options, "error", file);
  const stop = stopSignal({
    onStop: () => output.note(`${output.live ? "\r\u001b[2K" : ""}stopping`),
    onForced: () => output.note("stopped at once"),
  });
  const progress = (text: string) => (output.live ? output.draw(`\r\u001b[2K${text}`) : undefined);
  try {
    const session = await startDev(
      {
        ports: {
          rpc: wish("--rpc-port", options.rpcPort, 9545),
          l1: wish("--l1-port", options.l1Port, 8545),
          beacon: wish("--beacon-port", options.beaconPort, 5052),
          metrics: wish("--metrics-port", options.metricsPort, 7300),
          flashblocks: wish("--flashblocks-port", options.flashblocksPort, 1111),
          ...(options.gossipPort === undefined ? {} : { gossip: wish("--gossip-port", options.gossipPort, 0) }),
        },
        l2ChainId: options.chainId,
        blockTimeSeconds: options.blockTime,
        l1BlockTimeSeconds: options.l1BlockTime,
        newestFork: options.fork,
        dataAvailability: options.da,
        clientVersion: CLIENT_VERSION,
        mach: options.mach === true,
      },
      { dataDir, log, onProgress: progress, signal: stop.signal },
    );
    output.draw("\r\u001b[2K");
    const shown = new AbortController();
    try {
      if (output.json) output.answer(session.ready);
      else printBanner(session.ready, output);
      const status = showStatus(
        { url: () => session.ready.endpoints.rpc, mach: session.ready.mach !== null },
        { output, signal: AbortSignal.any([stop.signal, shown.signal]) },
      );
      await Promise.race([aborted(stop.signal), session.failed]);
      await status;
    } finally {
      shown.abort();
      await session.close();
    }
    return EXIT.ok;
  } catch (error) {
    if (stop.interrupted()) return EXIT.interrupted;
    throw error;
  } finally {
    stop.release();
    await file.close();
    dataDir.release();
  }
}
