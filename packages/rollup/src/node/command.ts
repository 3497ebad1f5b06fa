import type { Engine } from "@altlayer/engine";
import type { Batcher } from "../batcher/batcher.ts";
import type { Clock } from "../clock.ts";
import type { NodeConfig } from "../config/node-config.ts";
import { JSON_RPC_DEFAULTS, JsonRpcClient } from "../l1/rpc-client.ts";
import type { Logger } from "../log.ts";
import type { Proposer } from "../proposer/proposer.ts";
import { SequencerControl } from "../sequencer/control.ts";
import type { SequencingLease } from "../sequencer/lease.ts";
import type { Sequencer } from "../sequencer/sequencer.ts";
import type { SliceFollower } from "../slices/slice-follower.ts";

const PROBE_TIMEOUT_MS = 2_000;

/**
 * Sets off what makes blocks and brings them to the L1: at once where nobody else may do so, when the others are silent,
 * or (a standby) by command. Sequencer, batcher and proposer begin and end together.
 */
export function takeCommand(
  options: { readonly config: NodeConfig },
  dependencies: {
    readonly engine: Engine;
    readonly sequencer: Sequencer | null;
    readonly lease: SequencingLease | null;
    readonly batcher: Batcher | null;
    readonly proposer: Proposer | null;
    readonly follower: SliceFollower | null;
    readonly clock: Clock;
    readonly log: Logger;
  },
): { readonly control: SequencerControl | null; close(): Promise<void> } {
  const { engine, sequencer, lease, batcher, proposer, follower, clock, log } = dependencies;
  const onActive = () => {
    batcher?.start();
    proposer?.start();
  };
  const onInactive = () => {
    batcher?.pause();
    proposer?.pause();
  };
  const { sequencer: settings } = options.config;
  if (!sequencer || !settings) {
    onActive();
    return { control: null, close: async () => {} };
  }
  const { standby } = settings;
  const others = standby ? [...settings.others, standby.rpc] : settings.others;
  const control = new SequencerControl(
    { others, probeTimeoutMs: PROBE_TIMEOUT_MS },
    {
      sequencer,
      lease,
      head: () => engine.heads().unsafe.hash,
      takeOver: follower && (() => follower.takeOver()),
      onActive,
      onInactive,
      probe: (url, timeoutMs) => isSequencing({ url, timeoutMs }, { clock, log }),
      log,
    },
  );
  const alone = others.length === 0 && !lease;
  if (alone) {
    sequencer.start();
    onActive();
  }
  const waiting = new AbortController();
  const begun = standby || alone ? null : control.startWhenAlone(clock, waiting.signal);
  return {
    control,
    close: async () => {
      waiting.abort();
      await begun;
    },
  };
}

/** Asks another node whether it sequences. */
async function isSequencing(
  options: { readonly url: string; readonly timeoutMs: number },
  dependencies: { readonly clock: Clock; readonly log: Logger },
): Promise<boolean> {
  const rpc = new JsonRpcClient({ ...JSON_RPC_DEFAULTS, ...options, attempts: 1 }, dependencies);
  try {
    return (await rpc.call("admin_sequencerActive", [])) === true;
  } finally {
    rpc.close();
  }
}
