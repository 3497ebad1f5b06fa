import { parentPort } from "node:worker_threads";
import { problemOf } from "../errors.ts";
import type { ChainSource } from "./chain-data.ts";
import { IndexFile } from "./index-file.ts";
import { Indexer } from "./indexer.ts";

/** The thread that writes all indexes: reading JSON of busy chains and writing rows would hold up whoever serves people. */
export type IndexOrder =
  | {
      readonly kind: "start";
      readonly order: number;
      readonly id: string;
      readonly file: string;
      readonly source: ChainSource;
      /** News of blocks come: the polls are a safeguard. */
      readonly told: boolean;
    }
  | { readonly kind: "stop"; readonly order: number; readonly id: string };

export type IndexNews =
  | { readonly kind: "done"; readonly order: number; readonly problem: { readonly message: string } | null }
  | {
      readonly kind: "log";
      readonly id: string;
      readonly level: "info" | "warn";
      readonly message: string;
      readonly fields: Readonly<Record<string, string | number>>;
    };

/** There are new blocks. Not answered. */
export interface IndexHint {
  readonly kind: "news";
  readonly id: string;
}

const POLL_MS = 500;
const SAFEGUARD_MS = 10_000;
const open = new Map<string, { readonly file: IndexFile; readonly indexer: Indexer }>();
/** Orders for one rollup follow each other. */
const turns = new Map<string, Promise<void>>();

const tell = (news: IndexNews) => parentPort?.postMessage(news);

async function stop(id: string): Promise<void> {
  const entry = open.get(id);
  if (entry === undefined) return;
  open.delete(id);
  await entry.indexer.close();
  entry.file.close();
}

async function perform(order: IndexOrder): Promise<void> {
  const { id } = order;
  await stop(id);
  if (order.kind === "stop") return;
  const file = new IndexFile({ file: order.file });
  const logAt = (level: "info" | "warn") => (message: string, fields: Readonly<Record<string, string | number>>) =>
    tell({ kind: "log", id, level, message, fields });
  const log = { info: logAt("info"), warn: logAt("warn") };
  const pollMs = order.told ? SAFEGUARD_MS : POLL_MS;
  open.set(id, { file, indexer: new Indexer({ source: order.source, pollMs }, { file, log }) });
}

parentPort?.on("message", (order: IndexOrder | IndexHint) => {
  if (order.kind === "news") return open.get(order.id)?.indexer.wake();
  const turn = (turns.get(order.id) ?? Promise.resolve())
    .then(() => perform(order))
    .then(
      () => tell({ kind: "done", order: order.order, problem: null }),
      (error: unknown) => tell({ kind: "done", order: order.order, problem: problemOf(error) }),
    )
    .then(() => {
      if (turns.get(order.id) === turn) turns.delete(order.id);
    });
  turns.set(order.id, turn);
});
