import type { Engine } from "@altlayer/engine";
import { identifier, logCriteria } from "../../filters/criteria.ts";
import type { FilterStore } from "../../filters/filter-store.ts";
import type { RpcMethod } from "../../json-rpc/method.ts";
import { defineMethod, json, plain } from "../../json-rpc/method.ts";
import { bool } from "../../json-rpc/params.ts";
import type { RpcLimits } from "../../options.ts";
import { forwarded } from "../forward.ts";

/** eth_getLogs and the filters that are polled. */
export function logMethods(
  options: { readonly limits: RpcLimits },
  { engine, filters }: { readonly engine: Engine; readonly filters: FilterStore },
): RpcMethod[] {
  const criteria = logCriteria(options.limits);
  return [
    forwarded(engine, { name: "eth_getLogs", params: [criteria] }),
    defineMethod({
      name: "eth_newFilter",
      params: [criteria],
      run: ([filter]) => plain(filters.installLogs(filter)),
    }),
    defineMethod({
      name: "eth_newBlockFilter",
      params: [],
      run: () => plain(filters.installBlocks()),
    }),
    defineMethod({
      name: "eth_newPendingTransactionFilter",
      params: [bool.optional()],
      run: ([full]) => plain(filters.installPending(full === true)),
    }),
    defineMethod({
      name: "eth_getFilterChanges",
      params: [identifier],
      run: ([id]) => json(filters.changes(id)),
    }),
    defineMethod({
      name: "eth_getFilterLogs",
      params: [identifier],
      run: async ([id]) => engine.query("eth_getLogs", JSON.stringify([filters.criteria(id)])),
    }),
    defineMethod({
      name: "eth_uninstallFilter",
      params: [identifier],
      run: ([id]) => json(filters.uninstall(id)),
    }),
  ];
}
