import type { RewardsReport } from "@altlayer/protocol";
import type { Call, ServiceContext } from "@altlayer/sdk";
import type { Address, Hex } from "viem";
import { abiOf } from "../deployment.ts";
import { g1Struct, g2Struct } from "../evidence/structs.ts";
import type { EpochTable } from "../history/epoch-table.ts";

/** Signatures of the operators under a report, summed. */
export interface ReportSignature {
  /** G1, 64 bytes. */
  readonly signature: Hex;
  /** G2, 128 bytes. */
  readonly aggregateKey: Hex;
  /** Indices in the table of the report's last epoch. */
  readonly signers: readonly number[];
}

/** Pays a certified report: anybody. What is signed is `MachDigests.report(report)`. */
export function submitReportCall(
  context: ServiceContext,
  report: RewardsReport,
  { signature, aggregateKey, signers }: ReportSignature,
  table: EpochTable,
): Call {
  const absent = [...table.entries.keys()].filter((index) => !signers.includes(index)).sort((a, b) => a - b);
  const { firstEpoch, lastEpoch, operators, points } = report;
  return {
    label: `pay rewards of epochs ${firstEpoch} to ${lastEpoch}`,
    address: context.suite.rewards,
    abi: abiOf("MachRewards"),
    functionName: "submit",
    args: [
      { firstEpoch: BigInt(firstEpoch), lastEpoch: BigInt(lastEpoch), operators: operators as Address[], points },
      {
        table: table.header,
        signature: g1Struct(signature),
        aggregateKey: g2Struct(aggregateKey),
        absent: absent.map((index) => table.entry(index)),
      },
    ],
  };
}
