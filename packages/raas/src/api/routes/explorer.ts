import { z } from "zod";
import { RaasError } from "../../errors.ts";
import { findBlock, listBlocks, overview } from "../../explorer/queries/blocks.ts";
import { search } from "../../explorer/queries/search.ts";
import { addressSummary, findToken, listTokens, tokensOf } from "../../explorer/queries/tokens.ts";
import {
  addressInternalCalls,
  addressTransactions,
  findTransaction,
  listTransactions,
} from "../../explorer/queries/transactions.ts";
import { listTransfers } from "../../explorer/queries/transfers.ts";
import type { IndexDatabase } from "../../explorer/tables.ts";
import { type Call, rpcBatch } from "../../rpc-batch.ts";
import { address, type Hex, word } from "../../spec/primitives.ts";
import {
  addressSchema,
  blockSchema,
  indexedTokenDetailSchema,
  indexedTokenSchema,
  internalCallSchema,
  overviewSchema,
  searchSchema,
  transactionDetailSchema,
  transactionSchema,
  transferSchema,
} from "../explorer-schemas.ts";
import type { Route, RouteContext } from "../route.ts";
import { defineRoute } from "../route.ts";
import { listOf, pageOf, pageQuery, rollupParams } from "../schemas.ts";

const blockParams = rollupParams.extend({ block: z.string().regex(/^(\d{1,15}|0x[0-9a-fA-F]{64})$/) });
const hashParams = rollupParams.extend({ hash: word });
const addressParams = rollupParams.extend({ address });
const transactionsQuery = pageQuery.extend({
  block: z.coerce.number().int().min(0).optional(),
  deposits: z.enum(["true", "false"]).default("true"),
});

type Context = RouteContext<unknown, unknown, unknown>;

const indexOf = ({ services, rollup }: Context): Promise<IndexDatabase> => services.explorer.read(rollup.id);
const page = ({ limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined }) => ({
  limit,
  ...(cursor === undefined ? {} : { cursor }),
});

/** What only the node can tell; nulls while it is stopped, when the index still answers. */
async function ofNode({ services, rollup }: Context, calls: readonly Call[]): Promise<readonly unknown[]> {
  const running = services.runtime.running(rollup.id);
  const nothing = calls.map(() => null);
  return running === null ? nothing : await rpcBatch(running.endpoints.rpc, calls).catch(() => nothing);
}

const BASE = "/teams/:team/rollups/:rollup/explorer";

/** All of them read, and are for viewers. */
const explorerRoute = <P, Q>(route: Omit<Route<P, Q>, "method" | "access">): Route =>
  defineRoute<P, Q>({ method: "GET", access: "viewer", ...route, path: `${BASE}${route.path}` });

/** Of an attached chain the node is somebody else's: what is no quantity counts as not told. */
const isQuantity = (value: unknown): value is Hex => typeof value === "string" && /^0x[0-9a-f]{1,64}$/.test(value);
const quantity = (value: unknown): number | null => (isQuantity(value) ? Number(value) : null);
const wei = (value: unknown): string | null => (isQuantity(value) ? BigInt(value).toString() : null);

export const explorerRoutes: readonly Route[] = [
  explorerRoute({
    path: "/overview",
    name: "explorer.overview",
    summary: "How far the index is, and the last hour by minutes",
    params: rollupParams,
    response: overviewSchema,
    handle: async (context) => {
      const [head] = await ofNode(context, [["eth_blockNumber", []]]);
      return { ...(await overview(await indexOf(context))), headNumber: quantity(head) };
    },
  }),
  explorerRoute({
    path: "/blocks",
    name: "explorer.blocks",
    summary: "Blocks",
    params: rollupParams,
    query: pageQuery,
    response: pageOf(blockSchema),
    handle: async (context) => await listBlocks(await indexOf(context), page(context.query)),
  }),
  explorerRoute({
    path: "/blocks/:block",
    name: "explorer.block",
    summary: "One block, by number or hash",
    params: blockParams,
    response: blockSchema,
    handle: async (context) => await findBlock(await indexOf(context), context.params.block),
  }),
  explorerRoute({
    path: "/transactions",
    name: "explorer.transactions",
    summary: "Transactions; deposits=false leaves out those from the settlement network",
    params: rollupParams,
    query: transactionsQuery,
    response: pageOf(transactionSchema),
    handle: async (context) => {
      const { block, deposits } = context.query;
      const filter = { deposits: deposits === "true", ...(block === undefined ? {} : { block }) };
      return await listTransactions(await indexOf(context), { ...page(context.query), ...filter });
    },
  }),
  explorerRoute({
    path: "/transactions/:hash",
    name: "explorer.transaction",
    summary: "One transaction with its logs, token transfers and internal calls",
    params: hashParams,
    response: transactionDetailSchema,
    handle: async (context) => {
      const found = await findTransaction(await indexOf(context), context.params.hash);
      const [body, receipt] = (await ofNode(context, [
        ["eth_getTransactionByHash", [found.hash]],
        ["eth_getTransactionReceipt", [found.hash]],
      ])) as (Record<string, unknown> | null)[];
      const logs = receipt?.logs as { logIndex: string; address: string; topics: string[]; data: string }[] | undefined;
      return {
        ...found,
        nonce: quantity(body?.nonce),
        input: body?.input ?? null,
        gasLimit: quantity(body?.gas),
        effectiveGasPriceWei: wei(receipt?.effectiveGasPrice),
        l1FeeWei: wei(receipt?.l1Fee),
        logs:
          logs?.map(({ logIndex, address, topics, data }) => ({ index: Number(logIndex), address, topics, data })) ??
          null,
      };
    },
  }),
  explorerRoute({
    path: "/transactions/:hash/trace",
    name: "explorer.trace",
    summary: "The calls within a transaction",
    params: hashParams,
    response: z.unknown(),
    handle: async (context) => {
      const { hash } = await findTransaction(await indexOf(context), context.params.hash);
      const [trace] = await ofNode(context, [["debug_traceTransaction", [hash, { tracer: "callTracer" }]]]);
      if (trace === null) throw new RaasError("NOT_RUNNING", "the node does not run, or keeps no state so old");
      return trace;
    },
  }),
  explorerRoute({
    path: "/addresses/:address",
    name: "explorer.address",
    summary: "One address",
    params: addressParams,
    response: addressSchema,
    handle: async (context) => {
      const { address } = context.params;
      const [balance, nonce, code] = await ofNode(context, [
        ["eth_getBalance", [address, "latest"]],
        ["eth_getTransactionCount", [address, "latest"]],
        ["eth_getCode", [address, "latest"]],
      ]);
      const codeBytes = typeof code === "string" ? (code.length - 2) / 2 : null;
      return {
        address,
        balanceWei: wei(balance),
        nonce: quantity(nonce),
        isContract: codeBytes === null ? null : codeBytes > 0,
        codeBytes,
        ...(await addressSummary(await indexOf(context), address)),
      };
    },
  }),
  explorerRoute({
    path: "/addresses/:address/transactions",
    name: "explorer.addressTransactions",
    summary: "An address's transactions",
    params: addressParams,
    query: pageQuery,
    response: pageOf(transactionSchema),
    handle: async (context) =>
      await addressTransactions(await indexOf(context), context.params.address, page(context.query)),
  }),
  explorerRoute({
    path: "/addresses/:address/internal-calls",
    name: "explorer.addressInternalCalls",
    summary: "Calls within transactions that moved ether from or to an address, or made a contract",
    params: addressParams,
    query: pageQuery,
    response: pageOf(internalCallSchema),
    handle: async (context) =>
      await addressInternalCalls(await indexOf(context), context.params.address, page(context.query)),
  }),
  explorerRoute({
    path: "/addresses/:address/transfers",
    name: "explorer.addressTransfers",
    summary: "An address's token transfers",
    params: addressParams,
    query: pageQuery,
    response: pageOf(transferSchema),
    handle: async (context) =>
      await listTransfers(await indexOf(context), { address: context.params.address }, page(context.query)),
  }),
  explorerRoute({
    path: "/addresses/:address/tokens",
    name: "explorer.addressTokens",
    summary: "Tokens that an address ever sent or received",
    params: addressParams,
    response: listOf(indexedTokenSchema),
    handle: async (context) => ({ items: await tokensOf(await indexOf(context), context.params.address) }),
  }),
  explorerRoute({
    path: "/tokens",
    name: "explorer.tokens",
    summary: "Tokens",
    params: rollupParams,
    query: pageQuery,
    response: pageOf(indexedTokenSchema),
    handle: async (context) => await listTokens(await indexOf(context), page(context.query)),
  }),
  explorerRoute({
    path: "/tokens/:address",
    name: "explorer.token",
    summary: "One token",
    params: addressParams,
    response: indexedTokenDetailSchema,
    handle: async (context) => {
      const token = await findToken(await indexOf(context), context.params.address);
      if (token === null) throw new RaasError("NOT_FOUND", `${context.params.address} is no token that was ever moved`);
      return token;
    },
  }),
  explorerRoute({
    path: "/tokens/:address/transfers",
    name: "explorer.tokenTransfers",
    summary: "A token's transfers",
    params: addressParams,
    query: pageQuery,
    response: pageOf(transferSchema),
    handle: async (context) =>
      await listTransfers(await indexOf(context), { token: context.params.address }, page(context.query)),
  }),
  explorerRoute({
    path: "/search",
    name: "explorer.search",
    summary: "What a text could mean: block, transaction, address, token",
    params: rollupParams,
    query: z.strictObject({ q: z.string().trim().min(1).max(100) }),
    response: searchSchema,
    handle: async (context) => await search(await indexOf(context), context.query.q),
  }),
];
