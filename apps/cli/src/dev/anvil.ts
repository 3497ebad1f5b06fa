import { access, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@altlayer/rollup";
import { CliError } from "../errors.ts";
import { rpc } from "../rpc.ts";
import { anvilBinary } from "./anvil-binary.ts";
import { spawnAnvil } from "./anvil-process.ts";
import type { SavedState } from "./anvil-state.ts";
import { AnvilStateStore } from "./anvil-state.ts";

export interface AnvilOptions {
  /** Holds the state, the exit state and the log. */
  readonly directory: string;
  readonly port: number;
  readonly chainId: number;
  /** Whole seconds: anvil repeats timestamps below one. */
  readonly blockTimeSeconds: number;
  readonly mnemonic: string;
  readonly accounts: number;
  /** Gaps up to this are caught up with by the clock; a longer stop shifts the chain's clock instead. */
  readonly catchUpMaxSeconds: number;
}

/** The development L1: a real anvil whose chain survives its process. */
export interface Anvil {
  readonly url: string;
  readonly pid: number;
  readonly resumed: SavedState | undefined;
  /** Rejects when anvil ends without being asked to. */
  readonly failed: Promise<never>;
  /** Makes a block of all that waits, at once. Contracts need no block time to come into being. */
  mine(): Promise<void>;
  /**
   * Lets blocks come at their time from now on; until then there are none but by `mine`. The chain's clock goes on where
   * it stood, so that a stopped weekend owes no empty blocks.
   * @param options.blocks false: whoever asked makes the blocks (`startL1Clock` of the control plane).
   * @returns milliseconds to add to the machine's clock to get the chain's: negative after a long stop, positive after
   * a clock that was set back.
   */
  startClock(options?: { readonly blocks: boolean }): Promise<number>;
  stop(): Promise<void>;
}

/** L1 blocks whose state can be asked for, in memory: some hundred MiB at most. */
const KEPT_STATES = 512;
/** The contracts' deployment fits into a block many times over: with too low a limit anvil loses transactions silently. */
const GAS_LIMIT = 1_000_000_000;
const START_TIMEOUT_MS = 20_000;
const POLL_MS = 5;
const GENESIS_AGE_SECONDS = 60;
const SAVE_EVERY_MS = 10_000;
/** A save may take this share of the time at most: the state grows with the chain. */
const SAVE_SHARE = 0.05;
const LOG_TAIL_BYTES = 2_000;

/**
 * Starts anvil on the newest saved state, or on a new chain.
 * @throws CliError `ANVIL_MISSING`, `ANVIL_FAILED`, `PORT_IN_USE`, `DATA_DIR_CORRUPT`.
 */
export async function startAnvil(options: AnvilOptions, { log }: { readonly log: Logger }): Promise<Anvil> {
  const store = new AnvilStateStore({ directory: options.directory });
  const resumed = await store.newest();
  const logFile = join(options.directory, "anvil.log");
  const bound = join(options.directory, "anvil-config.json");
  await rm(bound, { force: true });
  const args = [...argumentsOf(options, store, resumed), "--config-out", bound];
  const process_ = spawnAnvil({ binary: anvilBinary(), args, logFile });
  const url = `http://127.0.0.1:${options.port}`;
  let stopping = false;
  const failed = process_.ended.then(async (code) => {
    if (stopping) return new Promise<never>(() => {});
    const tail = await tailOf(logFile);
    if (/address already in use/i.test(tail)) {
      throw new CliError(
        "PORT_IN_USE",
        `port ${options.port} (anvil) is in use: stop what listens there, or name another`,
        {
          data: { port: options.port },
        },
      );
    }
    throw new CliError("ANVIL_FAILED", `anvil ended (exit code ${code}): ${tail}`, {
      data: { exitCode: code, logFile },
    });
  });
  failed.catch(() => {});
  const stop = async () => {
    stopping = true;
    await process_.stop();
    // Moves what anvil wrote at its end to the place from which the next start reads.
    await store.newest();
  };
  try {
    await Promise.race([listening(bound), failed]);
    const saving = saveRegularly(store, url, log, () => stopping);
    return {
      url,
      pid: process_.pid,
      resumed,
      failed,
      mine: () => mine(url),
      startClock: ({ blocks } = { blocks: true }) => startClock(url, { ...options, blocks }, resumed !== undefined),
      stop: async () => {
        saving.abort();
        await stop();
      },
    };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

function argumentsOf(options: AnvilOptions, store: AnvilStateStore, resumed: SavedState | undefined): string[] {
  return [
    ...["--host", "127.0.0.1", "--port", String(options.port), "--chain-id", String(options.chainId)],
    ...["--hardfork", "prague", "--gas-limit", String(GAS_LIMIT), "--no-request-size-limit", "--quiet"],
    ...["--mnemonic", options.mnemonic, "--accounts", String(options.accounts)],
    // Older states would be written to disk, a megabyte a block without end.
    ...["--prune-history", String(KEPT_STATES)],
    // safe = latest - 1 and finalized = latest - 2: a development chain's user wants to see finality.
    ...["--slots-in-an-epoch", "1"],
    // No block before the clock is started (`startClock`).
    "--no-mining",
    ...["--dump-state", store.exit],
    // A new chain begins a while ago: blocks that are made in one second have different timestamps, none in the future.
    ...(resumed === undefined
      ? ["--timestamp", String(seconds() - GENESIS_AGE_SECONDS)]
      : ["--load-state", resumed.file]),
  ];
}

/** Waits for the file that anvil writes once it listens: what answers at the port before may be somebody else's. */
async function listening(bound: string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await exists(bound))) {
    if (performance.now() > deadline)
      throw new CliError("ANVIL_FAILED", `anvil did not listen within ${START_TIMEOUT_MS / 1000} s`);
    await sleep(POLL_MS);
  }
}

const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );

interface Head {
  readonly timestamp: string;
}

const headOf = (url: string) => rpc<Head>(url, "eth_getBlockByNumber", ["latest", false]);
const seconds = () => Math.floor(Date.now() / 1000);

async function mine(url: string): Promise<void> {
  const { timestamp } = await headOf(url);
  // Given by name, since anvil otherwise counts from a genesis that lies a while back.
  await rpc(url, "evm_mine", [{ timestamp: Math.max(Number(timestamp) + 1, seconds()) }]);
}

/** The head's timestamp is the only record needed: the offset is its distance to now. */
async function startClock(
  url: string,
  options: AnvilOptions & { readonly blocks: boolean },
  resumed: boolean,
): Promise<number> {
  const nowMs = Date.now();
  let offsetMs = 0;
  if (resumed) {
    const headMs = Number((await headOf(url)).timestamp) * 1000;
    const nextMs = headMs + options.blockTimeSeconds * 1000;
    // Also after a clock that was set back: the chain's time never falls behind its head.
    if (nowMs - nextMs > options.catchUpMaxSeconds * 1000 || nowMs < headMs) offsetMs = nextMs - nowMs;
    await rpc(url, "evm_setTime", [Math.floor((nowMs + offsetMs) / 1000)]);
  }
  if (options.blocks) await rpc(url, "evm_setIntervalMining", [options.blockTimeSeconds]);
  return offsetMs;
}

function saveRegularly(store: AnvilStateStore, url: string, log: Logger, stopping: () => boolean): AbortController {
  const closing = new AbortController();
  const loop = async () => {
    let waitMs = SAVE_EVERY_MS;
    while (!closing.signal.aborted) {
      await sleep(waitMs, undefined, { signal: closing.signal, ref: false });
      try {
        const tookMs = await store.save(url);
        waitMs = Math.max(SAVE_EVERY_MS, tookMs / SAVE_SHARE);
      } catch (error) {
        if (!stopping())
          log.warn("cannot save the L1's state", { error: error instanceof Error ? error.message : String(error) });
      }
    }
  };
  loop().catch(() => {});
  return closing;
}

async function tailOf(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.trim().slice(-LOG_TAIL_BYTES) || `nothing in ${file}`;
}
