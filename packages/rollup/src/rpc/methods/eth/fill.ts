import type { Engine, Hex } from "@altlayer/engine";
import type {
  TransactionSerializableEIP1559,
  TransactionSerializableEIP2930,
  TransactionSerializableLegacy,
} from "viem";
import { serializeTransaction } from "viem/utils";
import type { z } from "zod";
import { invalidParams } from "../../errors.ts";
import type { RpcMethod } from "../../json-rpc/method.ts";
import { defineMethod, json } from "../../json-rpc/method.ts";
import type { NodeInfo } from "../../providers.ts";
import { transactionObject } from "../call-object.ts";

/** eth_fillTransaction: completes a transaction with nonce, gas and fees, and returns it unsigned. */
export function fillMethods({ engine, node }: { readonly engine: Engine; readonly node: NodeInfo }): RpcMethod[] {
  const ask = async (method: string, params: readonly unknown[]): Promise<Hex> =>
    JSON.parse(await engine.query(method, JSON.stringify(params))) as Hex;
  return [
    defineMethod({
      name: "eth_fillTransaction",
      params: [transactionObject],
      run: async ([call]) => {
        if (call.from === undefined) throw invalidParams("from address is required");
        if (call.to === undefined && (call.input ?? "0x") === "0x") {
          throw invalidParams("contract creation without any data provided");
        }
        if (call.chainId !== undefined && BigInt(call.chainId) !== BigInt(node.chainId)) {
          throw invalidParams(`chainId does not match node's (have=${BigInt(call.chainId)}, want=${node.chainId})`);
        }
        const nonce = call.nonce ?? (await ask("eth_getTransactionCount", [call.from, "pending"]));
        const fees = await fillFees(call, ask);
        const gas = call.gas ?? (await ask("eth_estimateGas", [{ ...call, nonce, ...fees }, "pending"]));
        const filled = serializable({ ...call, nonce, gas, ...fees }, node.chainId);
        return json({ raw: serializeTransaction(filled), tx: display(filled) });
      },
    }),
  ];
}

type Call = z.output<typeof transactionObject>;
type Fees = { readonly gasPrice: Hex } | { readonly maxFeePerGas: Hex; readonly maxPriorityFeePerGas: Hex };

/** go-ethereum's defaults: the suggested tip, and twice the base fee above it. */
async function fillFees(call: Call, ask: (method: string, params: readonly unknown[]) => Promise<Hex>): Promise<Fees> {
  if (call.gasPrice !== undefined) return { gasPrice: call.gasPrice };
  const tip = call.maxPriorityFeePerGas ?? (await ask("eth_maxPriorityFeePerGas", []));
  if (call.maxFeePerGas !== undefined) return { maxFeePerGas: call.maxFeePerGas, maxPriorityFeePerGas: tip };
  const baseFee = await ask("eth_baseFee", []);
  return {
    maxFeePerGas: `0x${(BigInt(baseFee) * 2n + BigInt(tip)).toString(16)}`,
    maxPriorityFeePerGas: tip,
  };
}

type Filled =
  | (TransactionSerializableLegacy & { readonly type: "legacy" })
  | (TransactionSerializableEIP2930 & { readonly type: "eip2930" })
  | (TransactionSerializableEIP1559 & { readonly type: "eip1559" });

function serializable(call: Call & Fees & { readonly nonce: Hex; readonly gas: Hex }, chainId: number): Filled {
  const common = {
    chainId,
    nonce: Number(call.nonce),
    gas: BigInt(call.gas),
    value: BigInt(call.value ?? "0x0"),
    data: call.input ?? "0x",
    ...(call.to === undefined ? {} : { to: call.to }),
  } as const;
  const accessList = (call.accessList ?? []).map(({ address, storageKeys }) => ({ address, storageKeys }));
  if (call.gasPrice === undefined) {
    return {
      ...common,
      type: "eip1559",
      accessList,
      maxFeePerGas: BigInt(call.maxFeePerGas ?? "0x0"),
      maxPriorityFeePerGas: BigInt(call.maxPriorityFeePerGas ?? "0x0"),
    };
  }
  const gasPrice = BigInt(call.gasPrice);
  return call.accessList === undefined
    ? { ...common, type: "legacy", gasPrice }
    : { ...common, type: "eip2930", gasPrice, accessList };
}

function display(filled: Filled): unknown {
  const hex = (value: number | bigint) => `0x${value.toString(16)}`;
  const types = { legacy: "0x0", eip2930: "0x1", eip1559: "0x2" } as const;
  return {
    type: types[filled.type],
    chainId: hex(filled.chainId ?? 0),
    nonce: hex(filled.nonce ?? 0),
    to: filled.to ?? null,
    gas: hex(filled.gas ?? 0n),
    value: hex(filled.value ?? 0n),
    input: filled.data ?? "0x",
    ...(filled.type === "eip1559"
      ? {
          maxFeePerGas: hex(filled.maxFeePerGas ?? 0n),
          // No gasPrice, as in go-ethereum: a library that sends all fields back would name both prices.
          maxPriorityFeePerGas: hex(filled.maxPriorityFeePerGas ?? 0n),
        }
      : { gasPrice: hex(filled.gasPrice ?? 0n) }),
    ...(filled.type === "legacy" ? {} : { accessList: filled.accessList ?? [], yParity: "0x0" }),
    v: "0x0",
    r: "0x0",
    s: "0x0",
  };
}
