import { allocFile, send, signedFile } from "./loader.ts";
import { type AltlayerPeer, type DataAvailability, startAltlayer } from "./peers/altlayer.ts";
import { waitFor } from "./program.ts";
import { note } from "./progress.ts";
import { call, hexNumber } from "./rpc.ts";
import { allocSpec, signSpec, type WorkloadName } from "./workload.ts";

export interface ProducedChain {
  readonly node: AltlayerPeer;
  /** The blocks that hold the load, all of them safe. */
  readonly blocks: number;
  readonly transactions: number;
  readonly gas: number;
}

interface Block {
  readonly number: string;
  readonly gasUsed: string;
  readonly transactions: readonly string[];
}

const SAFE_TIMEOUT_MS = 600_000;

/** A chain whose batches all stand on the L1: a sequencer and batcher take a load and go on until it is safe. */
export async function produceChain(options: {
  readonly directory: string;
  readonly workload: WorkloadName;
  readonly accounts: number;
  readonly senders: number;
  readonly transactions: number;
  readonly dataAvailability: DataAvailability;
}): Promise<ProducedChain> {
  const { directory, workload, accounts, senders, transactions, dataAvailability } = options;
  const load = { workload, accounts, senders, seed: 5 };
  const allocPath = await allocFile(allocSpec(load));
  const path = await signedFile(signSpec({ ...load, transactions }));
  const node = await startAltlayer({
    ...{ directory, allocPath, dataAvailability },
    ...{ gasLimit: 4_000_000_000, poolSize: transactions + 10_000 },
  });
  try {
    note(`${workload}: sending ${transactions} transactions`);
    const { accepted } = await send({ path, url: node.url, connections: 16, batch: 100, count: transactions });
    let [number, included, gas] = [0, 0, 0];
    while (included < accepted) {
      number++;
      const block = await waitFor(
        `block ${number}`,
        async () =>
          (await call<Block | null>(node.url, "eth_getBlockByNumber", [hexNumber(number), false])) ?? undefined,
      );
      included += block.transactions.length - node.ownTransactionsPerBlock;
      gas += Number(block.gasUsed);
    }
    note(`${workload}: ${included} in ${number} blocks; waiting until the L1 has them`);
    await waitFor(
      `block ${number} is safe`,
      async () => {
        const safe = await call<Block>(node.url, "eth_getBlockByNumber", ["safe", false]);
        return Number(safe.number) >= number || undefined;
      },
      { timeoutMs: SAFE_TIMEOUT_MS, pollMs: 200 },
    );
    return { node, blocks: number, transactions: included, gas };
  } catch (error) {
    await node.stop();
    throw error;
  }
}
