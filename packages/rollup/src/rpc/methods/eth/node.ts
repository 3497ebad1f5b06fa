import type { Engine } from "@altlayer/engine";
import { serverError } from "../../errors.ts";
import type { RpcMethod } from "../../json-rpc/method.ts";
import { defineMethod, json, plain, quantity } from "../../json-rpc/method.ts";
import { address, bytes } from "../../json-rpc/params.ts";
import type { NodeInfo } from "../../providers.ts";
import { transactionObject } from "../call-object.ts";
import { forwarded } from "../forward.ts";

/** SequencerFeeVault, where the OP Stack sends priority fees (specs/protocol/predeploys.md). */
const SEQUENCER_FEE_VAULT = "0x4200000000000000000000000000000000000011";

/** What the node says about itself, and the methods of a keystore that it does not have. */
export function nodeMethods({ engine, node }: { readonly engine: Engine; readonly node: NodeInfo }): RpcMethod[] {
  const noKeys = () => {
    throw serverError("unknown account");
  };
  return [
    defineMethod({
      name: "eth_chainId",
      params: [],
      run: () => quantity(node.chainId),
    }),
    forwarded(engine, { name: "eth_config", params: [] }),
    forwarded(engine, { name: "eth_capabilities", params: [] }),
    defineMethod({ name: "eth_accounts", params: [], run: () => "[]" }),
    defineMethod({
      name: "eth_coinbase",
      params: [],
      run: () => plain(SEQUENCER_FEE_VAULT),
    }),
    defineMethod({ name: "eth_mining", params: [], run: () => "false" }),
    defineMethod({ name: "eth_hashrate", params: [], run: () => quantity(0) }),
    defineMethod({
      name: "eth_syncing",
      params: [],
      run: () => {
        const progress = node.syncing();
        if (progress === false) return "false";
        const hex = (value: number) => `0x${value.toString(16)}`;
        return json({
          startingBlock: hex(progress.startingBlock),
          currentBlock: hex(progress.currentBlock),
          highestBlock: hex(progress.highestBlock),
        });
      },
    }),
    defineMethod({ name: "eth_sign", params: [address, bytes], run: noKeys }),
    defineMethod({
      name: "eth_signTransaction",
      params: [transactionObject],
      run: noKeys,
    }),
    defineMethod({
      name: "eth_sendTransaction",
      params: [transactionObject],
      run: noKeys,
    }),
  ];
}
