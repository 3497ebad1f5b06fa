import type { Hex } from "@altlayer/engine";
import { z } from "zod";
import { decoded } from "../json-rpc/issues.ts";
import type { BlockTag } from "../json-rpc/params.ts";
import { address, blockNumber, hash } from "../json-rpc/params.ts";

/** A log filter as clients write it (geth's `filters.FilterCriteria`). */
export interface LogCriteria {
  readonly blockHash?: Hex;
  readonly fromBlock?: Hex | BlockTag;
  readonly toBlock?: Hex | BlockTag;
  readonly address: readonly Hex[];
  /** Per position: `null` matches anything, a list matches any of its members. */
  readonly topics: readonly (readonly Hex[] | null)[];
}

const MAX_TOPICS = 4;

const made = new Map<number, ReturnType<typeof criteriaOf>>();

/** `criteriaOf`, made once for each limit: a process may serve hundreds of rollups. */
export function logCriteria({ filterCriteria }: { readonly filterCriteria: number }): ReturnType<typeof criteriaOf> {
  const known = made.get(filterCriteria) ?? criteriaOf({ filterCriteria });
  made.set(filterCriteria, known);
  return known;
}

/**
 * Parses a log filter. More than four topic positions never match anything; go-ethereum refuses them with
 * "exceed max topics", and so do we.
 */
function criteriaOf(limits: { readonly filterCriteria: number }) {
  const oneOrMany = (schema: z.ZodType<Hex>) =>
    z.preprocess(
      (value) => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]),
      z.array(schema).max(limits.filterCriteria, {
        error: `exceed max addresses or topics per search position`,
      }),
    );
  const topic = z.preprocess(
    (value) =>
      Array.isArray(value)
        ? value.includes(null)
          ? null
          : value
        : value === undefined || value === null
          ? null
          : [value],
    z.union([
      z.null(),
      z.array(hash).max(limits.filterCriteria, {
        error: "exceed max addresses or topics per search position",
      }),
    ]),
  );
  return z
    .object(
      {
        blockHash: hash.nullish(),
        fromBlock: blockNumber.nullish(),
        toBlock: blockNumber.nullish(),
        address: oneOrMany(address),
        topics: z.array(topic, { error: "invalid topics" }).max(MAX_TOPICS, { error: "exceed max topics" }).nullish(),
      },
      {
        error: "json: cannot unmarshal non-object into Go value of type filters.input",
      },
    )
    .transform((input, context): LogCriteria => {
      const { blockHash, fromBlock, toBlock } = input;
      if (blockHash && (fromBlock || toBlock)) {
        context.issues.push({
          code: "custom",
          input,
          message: "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other",
        });
        return z.NEVER;
      }
      return {
        ...(blockHash ? { blockHash } : {}),
        ...(fromBlock ? { fromBlock } : {}),
        ...(toBlock ? { toBlock } : {}),
        address: input.address,
        topics: (input.topics ?? []).map((one) => (one === null || one.length === 0 ? null : one)),
      };
    });
}

export interface LogJson {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly blockNumber: Hex;
  readonly removed: boolean;
  readonly [field: string]: unknown;
}

/** Whether a log passes a filter's addresses and topics (the block range is the caller's). */
export function matchesLog(log: LogJson, criteria: LogCriteria): boolean {
  if (criteria.address.length > 0 && !criteria.address.includes(log.address)) return false;
  return criteria.topics.every((wanted, position) => {
    const topic = log.topics[position];
    if (topic === undefined) return false;
    return wanted === null || wanted.includes(topic);
  });
}

/** Identifier of a filter or a subscription. */
export const identifier = decoded<string>((value) =>
  typeof value === "string" && value.length <= 66 ? { value } : { reason: "non-string", goType: "rpc.ID" },
);
