import { type Finality, type FinalityLevel, type FinalityQuery, machActions } from "@altlayer/sdk";
import { BaseError, createPublicClient, formatEther, type Hex, HttpRequestError, http, RpcRequestError } from "viem";
import { CliError, EXIT } from "../errors.ts";
import type { Output } from "../output.ts";
import { shown } from "../rpc.ts";

export interface FinalityOptions {
  readonly id: string;
  readonly rpc: string;
  readonly wait?: FinalityLevel;
  readonly timeout: number;
}

const POLLING_MS = 50;

/** `altlayer finality`: the ladder of a transaction or block, in the node's word. */
export async function finality({ id, rpc, wait, timeout }: FinalityOptions, output: Output): Promise<number> {
  const client = createPublicClient({ transport: http(rpc), pollingInterval: POLLING_MS }).extend(machActions());
  const query: FinalityQuery = id.length === 66 ? { hash: id as Hex } : { blockNumber: BigInt(id) };
  const asked =
    wait === undefined
      ? client.getFinality(query)
      : client.waitForFinality({ ...query, level: wait, timeout: 1000 * timeout });
  const found = await asked.catch((error: unknown) => {
    throw nodeError(error, rpc);
  });
  if (!found.levels.some(({ reached }) => reached)) {
    throw new CliError("NOTHING_FOUND", `${shown(rpc)} knows no transaction or block ${id}`, { data: { id } });
  }
  if (output.json) output.answer(found);
  else show(found, output);
  return EXIT.ok;
}

function show(found: Finality, output: Output): void {
  const { blockNumber, blockHash, transactionHash, transactionIndex, levels } = found;
  const place = `block ${blockNumber ?? "-"}${blockHash === null ? ", not sealed yet" : ` ${blockHash}`}`;
  output.line(transactionHash === null ? place : `transaction ${transactionHash}`);
  if (transactionHash !== null)
    output.line(blockNumber === null ? "in no block yet" : `at ${transactionIndex} in ${place}`);
  const first = levels.find(({ at }) => at !== null)?.at ?? null;
  for (const { level, reached, at, by } of levels) {
    const time = !reached ? "-" : at === null ? "" : at === first ? clock(at) : `+${duration(at - (first ?? at))}`;
    output.line(
      `  ${reached ? "*" : " "} ${level.padEnd(17)} ${time.padEnd(13)} ${reached ? vouchers(by ?? {}) : ""}`.trimEnd(),
    );
  }
  if (found.heldBack)
    output.line("HELD BACK: operators of more than a third of the weight say that this block is wrong");
  else if (found.alerts.length > 0) output.line(`${found.alerts.length} alert: operators say that this block is wrong`);
}

function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}

function duration(ms: number): string {
  return ms < 10_000 ? `${ms} ms` : `${(ms / 1000).toFixed(0)} s`;
}

/** Who stands behind a level, in words. What of it is missing is left out. */
function vouchers(by: Readonly<Record<string, unknown>>): string {
  const { sequencer, operators, l1Block, anchorStateRegistry } = by;
  if (typeof sequencer === "string") return `the sequencer ${sequencer}`;
  if (Array.isArray(operators)) {
    const stake = shares(by.signedWeight, by.totalWeight);
    return `${operators.length} operator${operators.length === 1 ? "" : "s"} with ${stake} staked`;
  }
  if (typeof l1Block === "object" && l1Block !== null) return `L1 block ${number(Reflect.get(l1Block, "number"))}`;
  if (typeof anchorStateRegistry === "string") return `a resolved dispute game, ${anchorStateRegistry}`;
  return "";
}

/** Signed and total weight, for each asset class. */
function shares(signed: unknown, total: unknown): string {
  if (!Array.isArray(signed) || !Array.isArray(total)) return "?";
  return total.map((of, i) => `${amount(signed[i])} of ${amount(of)}`).join(" and ");
}

function amount(value: unknown): string {
  return isQuantity(value) ? formatEther(BigInt(value)) : "?";
}

function number(value: unknown): string {
  return isQuantity(value) ? BigInt(value).toString() : "?";
}

function isQuantity(value: unknown): value is string {
  return typeof value === "string" && /^0x[0-9a-fA-F]{1,64}$/.test(value);
}

function nodeError(error: unknown, url: string): unknown {
  if (error instanceof HttpRequestError) {
    const message = `${shown(url)} does not answer: check the URL and that the node runs`;
    return new CliError("RPC_UNREACHABLE", message, { data: { url: shown(url) }, cause: error });
  }
  const cause = error instanceof BaseError ? error.walk((each) => each instanceof RpcRequestError) : null;
  if (!(cause instanceof RpcRequestError)) return error;
  const hint = cause.code === -32601 ? ": it runs without MACH" : `: ${cause.details}`;
  return new CliError("RPC_ERROR", `${shown(url)} cannot tell${hint}`, { data: { code: cause.code }, cause: error });
}
