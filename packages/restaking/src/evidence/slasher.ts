import type { Certificate } from "@altlayer/protocol";
import { type Call, findLogs, operatorSet, type ServiceContext } from "@altlayer/sdk";
import { type Address, encodeAbiParameters, type Hex, keccak256, type PublicClient, zeroHash } from "viem";
import { abiOf } from "../deployment.ts";
import { RestakingError } from "../errors.ts";
import { type EpochTable, epochTable } from "../history/epoch-table.ts";
import { read } from "../transaction.ts";
import type { Evidence } from "./evidence.ts";
import { contradictionStruct, type G2Struct, g1Struct, g2Struct, messageStruct } from "./structs.ts";

/** Operators that fit into one transaction, each with two paths. */
const CONVICT_PAGE = 16;
/** Of one operator with four strategies, slashed and ejected by EigenLayer's core, twice over. */
const SLASH_GAS = 1_500_000n;

/** The call that records evidence on the L1: also while the core is paused. */
export async function proveCall(
  context: ServiceContext,
  evidence: Evidence,
  publicClient: PublicClient,
): Promise<Call> {
  const proof = contradictionStruct(evidence.proof);
  if (evidence.kind === "signatures") {
    const { operator, first, second } = evidence;
    const [, keyG2] = await read<[unknown, G2Struct]>(
      publicClient,
      context.core.keyRegistrar,
      abiOf("KeyRegistrar"),
      "getBN254Key",
      [operatorSet(context), operator],
    );
    return slasher(context, "prove two signatures", "proveBySignatures", [
      operator,
      keyG2,
      messageStruct(first.message),
      g1Struct(first.signature),
      messageStruct(second.message),
      g1Struct(second.signature),
      proof,
    ]);
  }
  const [first, second] = await Promise.all(
    [evidence.first, evidence.second].map(async (certificate) =>
      certificateStruct(certificate, await epochTable(context, certificate.message.base.epoch, publicClient)),
    ),
  );
  return slasher(context, "prove two certificates", "proveByCertificates", [first, second, proof]);
}

/** A certificate as contracts take it: with the operators that did not sign. */
export function certificateStruct(certificate: Certificate, table: EpochTable) {
  const signers = new Set(certificate.signers);
  const absent = [...table.entries.keys()].filter((index) => !signers.has(index)).sort((a, b) => a - b);
  return {
    message: messageStruct(certificate.message),
    table: table.header,
    signature: g1Struct(certificate.signature),
    aggregateKey: g2Struct(certificate.aggregateKey),
    absent: absent.map((index) => table.entry(index)),
  };
}

/**
 * The calls that convict who signed both certificates of a recorded pair, in pages. None where all are convicted.
 * @param options.fromBlock the pair was recorded in this L1 block or later.
 * @throws RestakingError `EVENT_MISSING` where it was not.
 */
export async function convictCalls(
  context: ServiceContext,
  evidence: Extract<Evidence, { kind: "certificates" }>,
  { faultId, fromBlock }: { readonly faultId: Hex; readonly fromBlock: bigint },
  publicClient: PublicClient,
): Promise<Call[]> {
  const pairs = await findLogs<{ faultId: Hex; record: unknown }>(
    {
      ...{ address: context.suite.slasher, abi: abiOf("MachSlasher"), events: ["PairRecorded"] },
      ...{ fromBlock, toBlock: await publicClient.getBlockNumber({ cacheTime: 0 }) },
    },
    publicClient,
  );
  const record = pairs.find(({ args }) => args.faultId === faultId)?.args.record;
  if (record === undefined) throw new RestakingError("EVENT_MISSING", `the pair of fault ${faultId} was not recorded`);
  const [first, second] = await Promise.all(
    [evidence.first, evidence.second].map(({ message }) => epochTable(context, message.base.epoch, publicClient)),
  );
  const inSecond = new Map(
    evidence.second.signers
      .filter((index) => second!.entries.has(index))
      .map((index) => {
        const entry = second!.entry(index);
        return [entry.operator, entry] as const;
      }),
  );
  const signers = evidence.first.signers
    .filter((index) => first!.entries.has(index))
    .map((index) => first!.entry(index))
    .flatMap((inFirst) => {
      const other = inSecond.get(inFirst.operator);
      return other === undefined ? [] : [{ inFirst, inSecond: other }];
    });
  const convicted = await Promise.all(
    signers.map(({ inFirst: { operator } }) =>
      read<Hex>(publicClient, context.suite.slasher, abiOf("MachSlasher"), "convictedBy", [operator]),
    ),
  );
  const free = signers.filter((_, i) => convicted[i] === zeroHash);
  return pages(free, CONVICT_PAGE).map((page) =>
    slasher(context, `convict ${page.length} operators`, "convict", [faultId, record, page]),
  );
}

/**
 * Slashes and ejects convicted operators. Whom the core refuses now stays convicted: ask again. With a gas limit of its
 * own: the slasher survives what fails within it, so an estimate finds that a slash without an ejection will do.
 */
export function slashCall(context: ServiceContext, operators: readonly Address[]): Call {
  const call = slasher(context, `slash ${operators.length} operators`, "slash", [operators]);
  return { ...call, gas: SLASH_GAS * BigInt(operators.length + 1) };
}

export function commitBountyCall(
  context: ServiceContext,
  bounty: { readonly faultId: Hex; readonly reporter: Address; readonly salt: Hex },
): Call {
  const commitment = keccak256(
    encodeAbiParameters(
      [{ type: "bytes32" }, { type: "address" }, { type: "bytes32" }],
      [bounty.faultId, bounty.reporter, bounty.salt],
    ),
  );
  return slasher(context, "commit to a fault", "commitBounty", [commitment]);
}

export function claimBountyCall(context: ServiceContext, faultId: Hex, salt: Hex): Call {
  return slasher(context, "claim the bounty", "claimBounty", [faultId, salt]);
}

function slasher({ suite }: ServiceContext, label: string, functionName: string, args: readonly unknown[]): Call {
  return { label, address: suite.slasher, abi: abiOf("MachSlasher"), functionName, args };
}

function pages<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
