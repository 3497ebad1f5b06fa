import { BenchError } from "../errors.ts";
import { round } from "../options.ts";
import type { Row } from "../report.ts";
import { accountOf, BUSY, blockHashOf, tokenOf, transactionHashOf } from "./synthetic.ts";

export interface PagesOptions {
  /** URL of the rollup's explorer in the API. */
  readonly base: string;
  readonly token: string;
  readonly transactions: number;
  readonly transactionsPerBlock: number;
  readonly rounds: number;
}

/** What the explorer's pages ask, each in several places of the chain: the newest, the oldest, and between. */
function pagesOf({
  transactions,
  transactionsPerBlock,
}: PagesOptions): readonly (readonly [string, (at: number) => string])[] {
  const blocks = Math.floor(transactions / transactionsPerBlock);
  const block = (at: number) => Math.floor(at * (blocks - 1));
  const cursor = (at: number) => (at === 1 ? "" : `&cursor=${block(at)}.0`);
  const transaction = (at: number) => transactionHashOf(Math.floor(at * (transactions - 1)));
  const account = (at: number) => accountOf(1 + Math.floor(at * 400));
  return [
    ["overview", () => "/overview"],
    ["blocks", (at) => `/blocks?limit=100${at === 1 ? "" : `&cursor=${block(at)}`}`],
    ["block by hash", (at) => `/blocks/${blockHashOf(block(at))}`],
    ["transactions", (at) => `/transactions?limit=100${cursor(at)}`],
    ["transactions of users", (at) => `/transactions?deposits=false&limit=100${cursor(at)}`],
    ["transactions of a block", (at) => `/transactions?limit=100&block=${block(at)}`],
    ["transaction", (at) => `/transactions/${transaction(at)}`],
    ["busy address", () => `/addresses/${BUSY}`],
    ["its transactions", (at) => `/addresses/${BUSY}/transactions?limit=100${cursor(at)}`],
    ["its transfers", (at) => `/addresses/${BUSY}/transfers?limit=100${cursor(at)}`],
    ["its internal calls", (at) => `/addresses/${BUSY}/internal-calls?limit=100${at === 1 ? "" : `${cursor(at)}.0`}`],
    ["its tokens", () => `/addresses/${BUSY}/tokens`],
    ["quiet address", (at) => `/addresses/${account(at)}`],
    ["its transactions (quiet)", (at) => `/addresses/${account(at)}/transactions?limit=100`],
    ["tokens", () => "/tokens?limit=100"],
    ["token", () => `/tokens/${tokenOf(0)}`],
    ["a token's transfers", (at) => `/tokens/${tokenOf(0)}/transfers?limit=100${cursor(at)}`],
    ["search by hash", (at) => `/search?q=${transaction(at)}`],
    ["search by name", () => "/search?q=Token%201"],
  ];
}

/** Asks every page `rounds` times, in other places each time. */
export async function measurePages(options: PagesOptions): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [page, path] of pagesOf(options)) {
    const times: number[] = [];
    let bytes = 0;
    for (let index = 0; index < options.rounds; index++) {
      const at = options.rounds === 1 ? 1 : 1 - index / (options.rounds - 1);
      const startedAt = performance.now();
      const response = await fetch(`${options.base}${path(at)}`, {
        headers: { authorization: `Bearer ${options.token}` },
      });
      const body = await response.text();
      times.push(performance.now() - startedAt);
      bytes = Math.max(bytes, body.length);
      if (!response.ok)
        throw new BenchError("PROGRAM_FAILED", `${page} (${path(at)}): HTTP ${response.status} ${body}`);
    }
    times.sort((a, b) => a - b);
    rows.push({
      page,
      "p50 ms": round(times[Math.floor(times.length / 2)] ?? 0),
      "max ms": round(times.at(-1) ?? 0),
      "most bytes": bytes,
    });
  }
  return rows;
}
