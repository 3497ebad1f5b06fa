import type { EpochSchedule, Hex } from "@altlayer/protocol";
import { decodeFunctionResult, encodeFunctionData, parseAbi } from "viem/utils";
import { RollupError } from "../errors.ts";
import type { JsonRpcClient } from "../l1/rpc-client.ts";
import { data, parseAnswer } from "../l1/schemas.ts";

const TABLE = parseAbi([
  "struct Windows { uint32 k; uint32 epochLength; uint32 undecided; uint32 certificateAge; uint32 evidenceWindow; uint32 pauseSlack; }",
  "function startBlock() view returns (uint256)",
  "function windows() view returns (Windows)",
]);

/**
 * Where a service's epochs begin and how long they are, from its table on L1. Neither ever changes.
 * @throws RollupError `CONFIG_INVALID` for an address without a table, or a service that was not started
 */
export async function readSchedule(table: Hex, { rpc }: { readonly rpc: JsonRpcClient }): Promise<EpochSchedule> {
  const read = async (functionName: "startBlock" | "windows") => {
    const call = { to: table, data: encodeFunctionData({ abi: TABLE, functionName }) };
    return parseAnswer(data, await rpc.call("eth_call", [call, "latest"]), "eth_call");
  };
  const [start, windows] = [await read("startBlock"), await read("windows")];
  if (start === "0x" || windows === "0x") throw invalid(table, "there is no operator table at that address");
  const startBlock = Number(decodeFunctionResult({ abi: TABLE, functionName: "startBlock", data: start }));
  const { k, epochLength } = decodeFunctionResult({ abi: TABLE, functionName: "windows", data: windows });
  if (startBlock === 0) throw invalid(table, "the service of that table was not started");
  if (epochLength === 0) throw invalid(table, "the table at that address has epochs of no length");
  return { startBlock, depth: k, epochLength };
}

function invalid(table: Hex, problem: string): RollupError {
  return new RollupError("CONFIG_INVALID", `mach.table is ${table}: ${problem}`, {
    severity: "critical",
    data: { table },
  });
}
