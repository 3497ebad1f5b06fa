import { queryOptions } from "@tanstack/react-query";
import type { Abi } from "viem";
import { request } from "./client.ts";
import { rollupPath } from "./queries.ts";
import type { Hex } from "./types.ts";

/** Sources that were shown to make a contract's code. */
export interface VerifiedContract {
  readonly match: "full" | "partial";
  readonly compiler: string;
  readonly file: string;
  readonly name: string;
  readonly abi: Abi;
  readonly sources: Readonly<Record<string, string>>;
  readonly settings: unknown;
  readonly immutables: Readonly<Record<string, Hex>>;
  readonly libraries: Readonly<Record<string, Hex>>;
  readonly verifiedAt: string;
}

export interface ContractCode {
  readonly address: Hex;
  readonly codeHash: Hex | null;
  readonly codeBytes: number;
  readonly verified: VerifiedContract | null;
}

export interface Contract extends ContractCode {
  /** Of a proxy. */
  readonly implementation: ContractCode | null;
}

const contractPath = (team: string, rollup: string, address: Hex) =>
  `${rollupPath(team, rollup)}/explorer/addresses/${address}`;

const STALE_MS = 30_000;

const contractQueryOf = (team: string, rollup: string, address: Hex, sources: boolean) =>
  queryOptions({
    queryKey: ["team", team, "rollup", rollup, "contract", address, sources],
    staleTime: STALE_MS,
    retry: false,
    queryFn: ({ signal }) =>
      request<Contract>(`${contractPath(team, rollup, address)}/contract`, {
        query: { sources: String(sources) },
        signal,
      }),
  });

/** With its sources. */
export const contractQuery = (team: string, rollup: string, address: Hex) =>
  contractQueryOf(team, rollup, address, true);

/** Only what calls and events are read by. */
export const contractAbiQuery = (team: string, rollup: string, address: Hex) =>
  contractQueryOf(team, rollup, address, false);

export const contractKey = (team: string, rollup: string, address: Hex) =>
  ["team", team, "rollup", rollup, "contract", address] as const;

export const compilersQuery = (team: string, rollup: string) =>
  queryOptions({
    queryKey: ["compilers"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) =>
      (
        await request<{ items: readonly { readonly version: string }[] }>(
          `${rollupPath(team, rollup)}/explorer/compilers`,
          { signal },
        )
      ).items.map(({ version }) => version),
  });

export interface SourceToVerify {
  readonly compiler: string;
  readonly contract: string | null;
  readonly source?: {
    readonly content: string;
    readonly file: string;
    readonly optimizerRuns: number | null;
    readonly evmVersion: string | null;
    readonly viaIR: boolean;
  };
  readonly standardJson?: unknown;
}

/** @throws ApiError `NO_MATCH`, `COMPILATION_FAILED`, `COMPILATION_LIMIT` */
export const verifyContract = (
  { team, rollup, address }: { readonly team: string; readonly rollup: string; readonly address: Hex },
  body: SourceToVerify,
) =>
  request<VerifiedContract>(`${contractPath(team, rollup, address)}/verify`, {
    method: "POST",
    body,
    timeoutMs: 90_000,
  });

/** The functions, events and errors by which calls of a contract are read: a proxy's own and its implementation's. */
export function abiOf(contract: Contract | undefined): Abi {
  return [...(contract?.implementation?.verified?.abi ?? []), ...(contract?.verified?.abi ?? [])];
}
