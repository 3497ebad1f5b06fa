import type { Hex } from "@altlayer/engine";
import { invalidParams } from "../rpc/errors.ts";
import { type LogCriteria, logCriteria } from "../rpc/filters/criteria.ts";
import type { BlockTag } from "../rpc/json-rpc/params.ts";
import { proxyError } from "./errors.ts";
import { type Pin, quantityOf } from "./pin.ts";
import type { BlockRef, Upstream } from "./upstream.ts";

/** Logs of certified blocks: which ones there are is the upstream's word, in which blocks is pinned. */
export class Logs {
  readonly #schema: ReturnType<typeof logCriteria>;
  readonly #upstream: Upstream;

  constructor(options: { readonly filterCriteria: number }, dependencies: { readonly upstream: Upstream }) {
    this.#schema = logCriteria(options);
    this.#upstream = dependencies.upstream;
  }

  parse(value: unknown): LogCriteria {
    const parsed = this.#schema.safeParse(value ?? {});
    if (parsed.success) return parsed.data;
    throw invalidParams(`invalid argument 0: ${parsed.error.issues[0]?.message ?? "no filter"}`);
  }

  /** `eth_getLogs`. A range ends at the certified head at the latest. */
  async query(criteria: LogCriteria, pin: Pin): Promise<unknown> {
    const { blockHash } = criteria;
    if (blockHash !== undefined) {
      const found = await this.#upstream.block(blockHash, false);
      if (found === null) throw proxyError("NOT_CERTIFIED", "there is no such block", { blockHash });
      if (!pin.shows(found.header.number)) {
        throw proxyError("NOT_CERTIFIED", "the block is not final yet", { blockHash });
      }
      return this.ofBlock({ number: found.header.number, hash: blockHash }, criteria);
    }
    const newest = await pin.resolve("latest");
    const bound = async (given: Hex | BlockTag | undefined) => {
      if (given === undefined) return newest.number;
      return given.startsWith("0x") ? Number(given) : (await pin.resolve(given as BlockTag)).number;
    };
    const [from, to] = [await bound(criteria.fromBlock), await bound(criteria.toBlock)];
    if (from > to) throw invalidParams("invalid block range params");
    return this.ofRange({ from, to: newest.number < to ? newest : { number: to } }, criteria, newest, pin);
  }

  ofBlock({ hash }: BlockRef, { address, topics }: LogCriteria): Promise<unknown> {
    return this.#upstream.call("eth_getLogs", [{ blockHash: hash, address, topics }]);
  }

  /** Logs up to a number at or below `newest`, which the chain that answers must hold. */
  async ofRange(
    { from, to }: { readonly from: number; readonly to: { readonly number: number } },
    { address, topics }: LogCriteria,
    newest: BlockRef,
    pin: Pin,
  ): Promise<readonly unknown[]> {
    if (from > to.number) return [];
    const range = { fromBlock: quantityOf(from), toBlock: quantityOf(to.number) };
    const logs = await this.#upstream.call("eth_getLogs", [{ ...range, address, topics }]);
    await pin.confirm(newest);
    if (!Array.isArray(logs)) throw proxyError("UPSTREAM_LIED", "the chain's RPC gave no list of logs");
    return logs;
  }
}
