import { useQueries } from "@tanstack/react-query";
import type { Abi } from "viem";
import { abiOf, contractAbiQuery } from "../../../api/contracts.ts";
import type { Hex } from "../../../api/types.ts";
import { predeployName } from "../../../chain/predeploys.ts";
import { useRollup } from "../../rollup/use-rollup.ts";

export interface Known {
  /** As the verified source names it, or what every chain of the stack has there. */
  readonly name: string | undefined;
  /** Of the verified source; a proxy's with its implementation's. Empty where it is not verified. */
  readonly abi: Abi;
}

export const UNKNOWN: Known = { name: undefined, abi: [] };

/** What is known of some contracts, by address. */
export function useNames(addresses: readonly Hex[]): ReadonlyMap<Hex, Known> {
  const { params } = useRollup();
  return useQueries({
    queries: addresses.map((address) => contractAbiQuery(params.team, params.rollup, address)),
    combine: (results) =>
      new Map(
        addresses.map((address, index) => {
          const contract = results[index]?.data;
          const verified = contract?.implementation?.verified ?? contract?.verified;
          return [address, { name: predeployName(address) ?? verified?.name, abi: abiOf(contract) }];
        }),
      ),
  });
}
