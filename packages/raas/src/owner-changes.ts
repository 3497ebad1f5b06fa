import { decodeFunctionResult, encodeFunctionData, parseAbi } from "viem";
import { RaasError } from "./errors.ts";
import type { Network } from "./networks.ts";
import { type Call, rpcOutcomes } from "./rpc-batch.ts";
import type { Hex } from "./spec/primitives.ts";
import type { RollupSpec } from "./spec/rollup-spec.ts";

/** What only the owner of the L1 contracts can do: shown to be signed by their wallet, never by us. */
export interface OwnerTransaction {
  readonly id: string;
  readonly field: string;
  readonly description: string;
  readonly chainId: number;
  readonly from: Hex;
  readonly to: Hex;
  readonly data: Hex;
  readonly value: "0";
}

const ABI = parseAbi([
  "function owner() view returns (address)",
  "function gasLimit() view returns (uint64)",
  "function basefeeScalar() view returns (uint32)",
  "function blobbasefeeScalar() view returns (uint32)",
  "function eip1559Denominator() view returns (uint32)",
  "function eip1559Elasticity() view returns (uint32)",
  "function setGasLimit(uint64)",
  "function setBlockGasLimit(uint64)",
  "function setGasConfigEcotone(uint32,uint32)",
  "function setEIP1559Params(uint32,uint32)",
  "function transferOwnership(address)",
]);

/** The contracts' values of the fields that the owner decides. */
export interface OwnerValues {
  readonly systemConfigOwner: Hex;
  readonly proxyAdminOwner: Hex;
  readonly gasLimit: bigint;
  readonly basefeeScalar: number;
  readonly blobbasefeeScalar: number;
  readonly denominator: number;
  readonly elasticity: number;
}

export interface OwnedContracts {
  readonly SystemConfigProxy: Hex;
  readonly ProxyAdmin: Hex;
}

type Getter = "owner" | "gasLimit" | "basefeeScalar" | "blobbasefeeScalar" | "eip1559Denominator" | "eip1559Elasticity";

/** Encoded once: every look at a rollup's page asks them. */
const CALLDATA = Object.fromEntries(
  (["owner", "gasLimit", "basefeeScalar", "blobbasefeeScalar", "eip1559Denominator", "eip1559Elasticity"] as const).map(
    (functionName) => [functionName, encodeFunctionData({ abi: ABI, functionName })],
  ),
) as Readonly<Record<Getter, Hex>>;

/** Reads the values as they are on the settlement network now, by one request. @throws RaasError `NETWORK_UNREACHABLE`, `UPSTREAM` */
export async function readOwnerValues(
  { name, rpcUrl }: Pick<Network, "name" | "rpcUrl">,
  { SystemConfigProxy, ProxyAdmin }: OwnedContracts,
): Promise<OwnerValues> {
  const getters = [
    ["owner", SystemConfigProxy],
    ["owner", ProxyAdmin],
    ["gasLimit", SystemConfigProxy],
    ["basefeeScalar", SystemConfigProxy],
    ["blobbasefeeScalar", SystemConfigProxy],
    ["eip1559Denominator", SystemConfigProxy],
    ["eip1559Elasticity", SystemConfigProxy],
  ] as const satisfies readonly (readonly [Getter, Hex])[];
  const calls = getters.map(([functionName, to]): Call => {
    return ["eth_call", [{ to, data: CALLDATA[functionName] }, "latest"]];
  });
  const outcomes = await rpcOutcomes(rpcUrl, calls).catch((cause: unknown) => {
    throw new RaasError("NETWORK_UNREACHABLE", `${name} does not answer eth_call`, { cause });
  });
  const [systemConfigOwner, proxyAdminOwner, gasLimit, ...numbers] = getters.map(([functionName], index) => {
    const { result, error } = outcomes[index]!;
    if (error !== undefined || typeof result !== "string") {
      throw new RaasError("UPSTREAM", `${name} refused ${functionName}(): ${error?.message ?? "no data"}`);
    }
    return decodeFunctionResult({ abi: ABI, functionName, data: result as Hex });
  });
  const [basefeeScalar, blobbasefeeScalar, denominator, elasticity] = numbers.map(Number) as [
    number,
    number,
    number,
    number,
  ];
  return {
    systemConfigOwner: String(systemConfigOwner).toLowerCase() as Hex,
    proxyAdminOwner: String(proxyAdminOwner).toLowerCase() as Hex,
    gasLimit: BigInt(gasLimit as bigint),
    basefeeScalar,
    blobbasefeeScalar,
    denominator,
    elasticity,
  };
}

/** Above it the package's own setter refuses (`SystemConfig.maximumGasLimit`), and the extension's takes over. */
const PACKAGE_GAS_LIMIT_MAX = 200_000_000;

/** The transactions that are still to be signed for the contracts to say what the spec says. */
export function ownerTransactions(
  spec: RollupSpec,
  values: OwnerValues,
  { network, contracts }: { readonly network: Network; readonly contracts: OwnedContracts },
): readonly OwnerTransaction[] {
  const transactions: OwnerTransaction[] = [];
  const add = (field: string, description: string, to: Hex, from: Hex, data: Hex) =>
    transactions.push({ id: field, field, description, chainId: network.chainId, from, to, data, value: "0" });
  const { gasLimit, baseFee } = spec.execution;
  const config = contracts.SystemConfigProxy;
  const owner = values.systemConfigOwner;
  if (values.gasLimit !== BigInt(gasLimit)) {
    const functionName = gasLimit > PACKAGE_GAS_LIMIT_MAX ? "setBlockGasLimit" : "setGasLimit";
    const data = encodeFunctionData({ abi: ABI, functionName, args: [BigInt(gasLimit)] });
    add("execution.gasLimit", `Set the gas limit from ${values.gasLimit} to ${gasLimit}`, config, owner, data);
  }
  // Zero: never set since the deployment without them, so the genesis' values hold.
  const unset = values.denominator === 0 && values.elasticity === 0;
  if (!unset && (values.denominator !== baseFee.denominator || values.elasticity !== baseFee.elasticity)) {
    const data = encodeFunctionData({
      abi: ABI,
      functionName: "setEIP1559Params",
      args: [baseFee.denominator, baseFee.elasticity],
    });
    add(
      "execution.baseFee",
      `Set the base fee's denominator to ${baseFee.denominator} and elasticity to ${baseFee.elasticity}`,
      config,
      owner,
      data,
    );
  }
  const { basefeeScalar, blobbasefeeScalar } = spec.l1Fees;
  if (values.basefeeScalar !== basefeeScalar || values.blobbasefeeScalar !== blobbasefeeScalar) {
    const data = encodeFunctionData({
      abi: ABI,
      functionName: "setGasConfigEcotone",
      args: [basefeeScalar, blobbasefeeScalar],
    });
    add("l1Fees", `Set the L1 fee scalars to ${basefeeScalar} and ${blobbasefeeScalar}`, config, owner, data);
  }
  const { admin } = spec.owners;
  const transfer = encodeFunctionData({ abi: ABI, functionName: "transferOwnership", args: [admin] });
  if (values.systemConfigOwner !== admin) {
    add("owners.admin", `Hand the system configuration over to ${admin}`, config, owner, transfer);
  }
  if (values.proxyAdminOwner !== admin) {
    add(
      "owners.admin.proxies",
      `Hand the proxies' administration over to ${admin}`,
      contracts.ProxyAdmin,
      values.proxyAdminOwner,
      transfer,
    );
  }
  return transactions;
}
