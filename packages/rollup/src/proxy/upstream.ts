import type { Hex } from "@altlayer/engine";
import { checkedHeader, isSdkError, type L1Header } from "@altlayer/sdk";
import { RollupError } from "../errors.ts";
import type { JsonRpcClient } from "../l1/rpc-client.ts";
import { RpcError } from "../rpc/errors.ts";
import { proxyError } from "./errors.ts";
import type { Slots } from "./slots.ts";

export interface BlockRef {
  readonly number: number;
  readonly hash: Hex;
}

/** The chain's own RPC. Its errors are passed on as they are; a block it gives must hash to what was asked for. */
export class Upstream {
  readonly #rpc: JsonRpcClient;
  readonly #slots: Slots | null;

  /** @param dependencies.slots bound what clients ask at a time; the proxy's own few questions go without. */
  constructor(dependencies: { readonly rpc: JsonRpcClient; readonly slots?: Slots }) {
    this.#rpc = dependencies.rpc;
    this.#slots = dependencies.slots ?? null;
  }

  /** @throws RpcError: the server's own, `UPSTREAM_UNREACHABLE` or `BUSY` */
  async call(method: string, params: readonly unknown[], options: { readonly idempotent?: boolean } = {}) {
    const ask = () => this.#rpc.call(method, params, options);
    try {
      return await (this.#slots === null ? ask() : this.#slots.run(ask));
    } catch (error) {
      if (!(error instanceof RollupError)) throw error;
      const { code, message, data } = error.data as { code?: number; message?: string; data?: unknown };
      if (error.code === "L1_RPC_ERROR") throw new RpcError({ code: code ?? -32000, message: message ?? "", data });
      throw proxyError("UPSTREAM_UNREACHABLE", "the chain's own RPC does not answer", { reason: error.code });
    }
  }

  /**
   * A block whose header hashes to `hash`; `null` if the upstream has none. What else is in it (transactions) is the
   * upstream's word.
   * @throws RpcError `UPSTREAM_LIED`
   */
  async block(hash: Hex, full: boolean): Promise<{ readonly header: L1Header; readonly block: object } | null> {
    const block = await this.call("eth_getBlockByHash", [hash, full]);
    if (block === null) return null;
    return { header: this.check(block, hash), block: block as object };
  }

  /** @throws RpcError `UPSTREAM_LIED` */
  check(block: unknown, hash: Hex): L1Header {
    try {
      return checkedHeader(block, hash);
    } catch (error) {
      if (!isSdkError(error)) throw error;
      throw proxyError("UPSTREAM_LIED", "the chain's RPC gave a block that is not the one asked for", { hash });
    }
  }

  /** The canonical block at a number or tag, by the upstream's word; its header is checked against its own hash. */
  async canonical(id: Hex | string): Promise<BlockRef | null> {
    const block = await this.call("eth_getBlockByNumber", [id, false]);
    if (block === null) return null;
    const hash: unknown = Reflect.get(block as object, "hash");
    if (typeof hash !== "string") throw proxyError("UPSTREAM_LIED", "the chain's RPC gave a block without a hash");
    const { number } = this.check(block, hash as Hex);
    return { number, hash: hash.toLowerCase() as Hex };
  }
}
