import type { EpochSchedule, Hex } from "@altlayer/protocol";
import type { Abi } from "viem";
import { decodeFunctionResult, encodeFunctionData, parseAbi } from "viem/utils";
import { RollupError } from "../errors.ts";
import type { JsonRpcClient } from "../l1/rpc-client.ts";
import { data, parseAnswer } from "../l1/schemas.ts";

const TABLE = parseAbi([
  "struct Windows { uint32 k; uint32 epochLength; uint32 undecided; uint32 certificateAge; uint32 evidenceWindow; uint32 pauseSlack; }",
  "function startBlock() view returns (uint256)",
  "function windows() view returns (Windows)",
]);
const VERIFIER = parseAbi(["function threshold() view returns (uint256 numerator, uint256 denominator)"]);
const REGISTRAR = parseAbi(["function slashableInTime() view returns (bool)"]);

/** What a service's contracts say of it (docs/spec/mach.md, section 11). */
export interface ServiceFacts {
  readonly schedule: EpochSchedule;
  readonly windows: Readonly<
    Record<"k" | "epochLength" | "undecided" | "certificateAge" | "evidenceWindow" | "pauseSlack", number>
  >;
  readonly threshold: { readonly numerator: bigint; readonly denominator: bigint };
  readonly slashableInTime: boolean;
}

/**
 * Reads them from the L1. But for the threshold, which may rise, they never change.
 * @throws RollupError `CONFIG_INVALID` for addresses that are no service's, or a service that was not started
 */
export async function readServiceFacts(
  service: { readonly avs: Hex; readonly table: Hex; readonly verifier: Hex },
  { rpc }: { readonly rpc: JsonRpcClient },
): Promise<ServiceFacts> {
  const read = async (to: Hex, abi: Abi, functionName: string): Promise<unknown> => {
    const call = { to, data: encodeFunctionData({ abi, functionName }) };
    const answer = parseAnswer(data, await rpc.call("eth_call", [call, "latest"]), "eth_call");
    if (answer === "0x") throw invalid(to, `the contract at ${to} has no ${functionName}()`);
    return decodeFunctionResult({ abi, functionName, data: answer });
  };
  const [startBlock, windows, threshold, slashableInTime] = await Promise.all([
    read(service.table, TABLE, "startBlock").then(Number),
    read(service.table, TABLE, "windows") as Promise<ServiceFacts["windows"]>,
    read(service.verifier, VERIFIER, "threshold") as Promise<readonly [bigint, bigint]>,
    read(service.avs, REGISTRAR, "slashableInTime") as Promise<boolean>,
  ]);
  if (startBlock === 0) throw invalid(service.table, "the service was not started");
  if (windows.epochLength === 0) throw invalid(service.table, "its epochs have no length");
  return {
    schedule: { startBlock, depth: windows.k, epochLength: windows.epochLength },
    windows,
    threshold: { numerator: threshold[0], denominator: threshold[1] },
    slashableInTime,
  };
}

function invalid(address: Hex, problem: string): RollupError {
  return new RollupError("CONFIG_INVALID", `the configuration's \`mach\` names no running service: ${problem}`, {
    severity: "critical",
    data: { address },
  });
}
