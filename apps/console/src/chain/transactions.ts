import { queryOptions } from "@tanstack/react-query";
import * as z from "zod/mini";
import type { Rpc } from "./rpc.ts";
import { isMethodMissing } from "./rpc-error.ts";
import { CallFrame, Receipt, Transaction } from "./shapes.ts";

const WAIT_MS = 500;

/** A transaction and its receipt; null: the node does not know it. Asked again until it is in a block. */
export const transactionQuery = (rpc: Rpc, key: string, hash: string) =>
  queryOptions({
    queryKey: ["chain", key, "transaction", hash],
    refetchInterval: (query) => (query.state.data?.receipt ? false : WAIT_MS),
    queryFn: async () => {
      const [transaction, receipt] = await Promise.all([
        rpc.call("eth_getTransactionByHash", [hash], z.nullable(Transaction)),
        rpc.call("eth_getTransactionReceipt", [hash], Receipt),
      ]);
      return transaction === null ? null : { transaction, receipt };
    },
  });

/** The calls inside a transaction; null where the node does not trace. */
export const traceQuery = (rpc: Rpc, key: string, hash: string) =>
  queryOptions({
    queryKey: ["chain", key, "trace", hash],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () =>
      rpc.call("debug_traceTransaction", [hash, { tracer: "callTracer" }], CallFrame).catch((error: unknown) => {
        if (isMethodMissing(error)) return null;
        throw error;
      }),
  });
