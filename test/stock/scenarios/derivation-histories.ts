import { spawn } from "node:child_process";
import { bytesToHex, hexToBytes, isProtocolError, serializeRollupConfig } from "@altlayer/protocol";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { Driver, payloadOf } from "../../../packages/protocol/test/support/simulation.ts";
import { stockProgram } from "../build.ts";
import { StockError } from "../errors.ts";
import { BATCHER, type History, randomHistory, refuses } from "../histories.ts";
import type { Scenario } from "../scenario.ts";

interface Derived {
  readonly Timestamp: number;
  readonly Txs: string;
  readonly Count: number;
  readonly GasLimit: number;
  readonly Params: string;
  readonly DerivedFrom: number;
  readonly Hash: string;
}

interface Outcome {
  readonly derived: readonly Derived[];
  /** `eof`: all L1 data was read; else the severity of the error that ended it. */
  readonly end: string;
}

const STOCK_TIMEOUT_MS = 5 * 60_000;

/**
 * Our derivation pipeline and op-node's own read the same made-up L1 histories, of batchers that err in many ways, and
 * must derive the same blocks from the same L1 blocks. The seed of each history stands in the failure.
 */
export function derivationOfRandomHistories(options: { readonly seed: number; readonly histories: number }): Scenario {
  return {
    name: `our derivation of ${options.histories} random L1 histories (seeds from ${options.seed}) is op-node's`,
    async run(context) {
      const program = await stockProgram("derive");
      const seeds = Array.from({ length: options.histories }, (_, i) => options.seed + i);
      const histories = seeds.map(randomHistory);
      const stock = await stockOutcomes(program, histories);
      let blocks = 0;
      let batched = 0;
      for (const [i, history] of histories.entries()) {
        const ours = ourOutcome(history);
        const difference = firstDifference(ours, stock[i]);
        if (difference !== null) {
          throw new StockError("MISMATCH", `history ${seeds[i]}: ${difference}`, { seed: seeds[i] });
        }
        blocks += ours.derived.length;
        batched += ours.derived.filter(({ Count }) => Count > 1).length;
      }
      context.note(`${blocks} blocks, ${batched} of them with transactions`);
    },
  };
}

function ourOutcome(history: History): Outcome {
  const { config, l1 } = history;
  const driver = new Driver(config, l1);
  driver.invalid = (derived) => refuses(history, derived);
  let end = "eof";
  try {
    driver.run();
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    end = error.severity;
  }
  const derived = driver.derived.map(({ attributes, parent, derivedFrom }) => ({
    Timestamp: attributes.timestamp,
    Txs: bytesToHex(keccak_256(Buffer.concat(attributes.transactions.map((raw) => keccak_256(hexToBytes(raw)))))),
    Count: attributes.transactions.length,
    GasLimit: attributes.gasLimit,
    Params: attributes.eip1559Params ?? "",
    DerivedFrom: derivedFrom.number,
    Hash: payloadOf(parent, attributes, config.genesis.systemConfig).blockHash,
  }));
  return { derived, end };
}

function firstDifference(ours: Outcome, stock: Outcome | undefined): string | null {
  if (stock === undefined) return "the stock pipeline gave no answer";
  const length = Math.max(ours.derived.length, stock.derived.length);
  for (let i = 0; i < length; i++) {
    const [mine, theirs] = [JSON.stringify(ours.derived[i]), JSON.stringify(stock.derived[i])];
    if (mine !== theirs) return `block ${i + 1} is ${mine}, by the stock pipeline ${theirs}`;
  }
  return ours.end === stock.end ? null : `it ends with ${ours.end}, the stock pipeline with ${stock.end}`;
}

function stockOutcomes(program: string, histories: readonly History[]): Promise<Outcome[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [], { stdio: ["pipe", "pipe", "pipe"], timeout: STOCK_TIMEOUT_MS });
    const output: Buffer[] = [];
    let log = "";
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4000);
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code !== 0) return reject(new StockError("START_FAILED", `derive ended with ${code}:\n${log}`));
      const lines = Buffer.concat(output).toString().trim().split("\n");
      resolve(lines.map((line) => JSON.parse(line) as Outcome));
    });
    child.stdin.end(histories.map((history) => JSON.stringify(stockCase(history))).join("\n"));
  });
}

function stockCase({ config, l1, invalid }: History): unknown {
  const blocks = l1.blocks.map((block) => ({
    Hash: block.hash,
    ParentHash: block.parentHash,
    Number: block.number,
    Time: block.timestamp,
    Randao: block.prevRandao,
    BaseFee: Number(block.baseFeePerGas),
    Txs: block.transactions.map(({ from, to, input }) => ({ Batcher: from === BATCHER, To: to, Input: input })),
    Logs: block.receipts.flatMap(({ logs }) =>
      logs.map(({ address, topics, data, logIndex }) => ({
        Address: address,
        Topics: topics,
        Data: data,
        Index: logIndex,
      })),
    ),
  }));
  return { Rollup: JSON.parse(serializeRollupConfig(config)), Invalid: invalid, L1: blocks };
}
