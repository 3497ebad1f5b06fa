import type { Engine } from "@altlayer/engine";
import { z } from "zod";
import { decoded, jsonKind } from "../../json-rpc/issues.ts";
import type { RpcMethod } from "../../json-rpc/method.ts";
import { blockNumber, list, uint64Hex } from "../../json-rpc/params.ts";
import { forwarded } from "../forward.ts";

/** geth's `math.HexOrDecimal64`: a hex string, a decimal string or a number. */
const blockCount = z.preprocess(
  (value) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= 0
      ? `0x${value.toString(16)}`
      : typeof value === "string" && /^[0-9]{1,18}$/.test(value)
        ? `0x${BigInt(value).toString(16)}`
        : value,
  uint64Hex,
);

const percentile = decoded<number>((value) =>
  typeof value === "number" ? { value } : { reason: jsonKind(value), goType: "float64" },
);

/** Prices that wallets ask for. */
export function feeMethods({ engine }: { readonly engine: Engine }): RpcMethod[] {
  return [
    forwarded(engine, { name: "eth_gasPrice", params: [] }),
    forwarded(engine, { name: "eth_maxPriorityFeePerGas", params: [] }),
    forwarded(engine, { name: "eth_baseFee", params: [] }),
    forwarded(engine, { name: "eth_blobBaseFee", params: [] }),
    forwarded(engine, {
      name: "eth_feeHistory",
      params: [blockCount, blockNumber, list(percentile).optional()],
    }),
  ];
}
