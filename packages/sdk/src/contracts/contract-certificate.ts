import { decodeCertificate } from "@altlayer/protocol";
import { type AbiParameterToPrimitiveType, type Hex, hexToBytes } from "viem";
import type { CertificateRecord } from "../rpc/schemas.ts";
import type { machVerifierAbi } from "./mach-verifier-abi.ts";

type Verify = Extract<(typeof machVerifierAbi)[number], { readonly name: "verify" }>;
/** The argument of `IMachVerifier.verify`, and of contracts that pass it on. */
export type ContractCertificate = AbiParameterToPrimitiveType<Verify["inputs"][0]>;

/**
 * A certificate as contracts take it. Nothing is checked here: the contract does.
 * @throws ProtocolError where the bytes are no certificate
 * @example
 * await l1Client.readContract({
 *   address: verifier, abi: machVerifierAbi, functionName: "verify", args: [contractCertificate(certificate)],
 * });
 */
export function contractCertificate({ certificate, table, absent }: CertificateRecord): ContractCertificate {
  const { message, signature, aggregateKey } = decodeCertificate(hexToBytes(certificate), table.depth);
  const { core, base } = message;
  const [sigX, sigY] = words(signature) as [bigint, bigint];
  const [x1, x0, y1, y0] = words(aggregateKey) as [bigint, bigint, bigint, bigint];
  return {
    message: {
      kind: message.kind,
      core: {
        ...core,
        height: BigInt(core.height),
        timestamp: BigInt(core.timestamp),
        originNumber: BigInt(core.originNumber),
      },
      base: { ...base, epoch: BigInt(base.epoch), height: BigInt(base.height) },
    },
    table: { ...table, epoch: BigInt(table.epoch) },
    signature: { X: sigX, Y: sigY },
    aggregateKey: { X: [x1, x0], Y: [y1, y0] },
    absent: absent.map(({ index, operator, g1x, g1y, weight, path }) => ({
      index,
      operator,
      key: { X: g1x, Y: g1y },
      weights: weight,
      path,
    })),
  };
}

function words(hex: Hex): bigint[] {
  return Array.from({ length: (hex.length - 2) / 64 }, (_, i) => BigInt(`0x${hex.slice(2 + 64 * i, 66 + 64 * i)}`));
}
