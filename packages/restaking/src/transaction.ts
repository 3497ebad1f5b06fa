import { type AnyClient, view } from "@altlayer/sdk";
import type { Abi, Address } from "viem";

/** A view of a contract, typed by who asks. */
export async function read<T>(
  client: AnyClient,
  address: Address,
  abi: Abi,
  functionName: string,
  args: readonly unknown[] = [],
): Promise<T> {
  return (await view(client, { address, abi, functionName, args })) as T;
}
