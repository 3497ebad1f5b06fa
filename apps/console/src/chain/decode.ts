import type { Abi, AbiParameter } from "viem";
import { decodeAbiParameters, decodeErrorResult, decodeEventLog, decodeFunctionData, toFunctionSelector } from "viem";
import { ERC721_TRANSFER, KNOWN_EVENTS, KNOWN_FUNCTIONS } from "./known-abi.ts";
import type { Log } from "./shapes.ts";

type Hex = `0x${string}`;

export interface Argument {
  readonly name: string;
  readonly type: string;
  readonly value: unknown;
}

export interface Decoded {
  readonly name: string;
  readonly arguments: readonly Argument[];
}

const functions: Abi = KNOWN_FUNCTIONS;

function named(inputs: readonly AbiParameter[], values: readonly unknown[]): readonly Argument[] {
  return inputs.map((input, index) => ({ name: input.name ?? String(index), type: input.type, value: values[index] }));
}

const namesBySelector = new Map(
  functions.flatMap((item) => (item.type === "function" ? [[toFunctionSelector(item), item.name] as const] : [])),
);

/** The likely name of a function, where only its selector is known. */
export const functionName = (selector: string): string | undefined => namesBySelector.get(selector as Hex);

/** Reads a call by the called contract's own functions, where these are known. */
export const decodeCallOf = (abi: Abi, input: Hex): Decoded | undefined => readCall(abi, input);

/** Reads a call by its selector; undefined when it is unknown or its data do not fit. */
export const decodeCall = (input: Hex): Decoded | undefined => readCall(functions, input);

function readCall(abi: Abi, input: Hex): Decoded | undefined {
  if (input.length < 10) return undefined;
  try {
    const { functionName, args = [] } = decodeFunctionData({ abi, data: input });
    const selector = input.slice(0, 10);
    const item = abi.find((each) => each.type === "function" && toFunctionSelector(each) === selector);
    return item?.type === "function" ? { name: functionName, arguments: named(item.inputs, args) } : undefined;
  } catch {
    // Another contract's function under the same selector, or no ABI encoding at all: shown as bytes.
    return undefined;
  }
}

/** Reads an event by its first topic, by the contract's own events first; undefined when it is unknown or does not fit. */
export function decodeLog(log: Pick<Log, "topics" | "data">, own: Abi = []): Decoded | undefined {
  const [signature, ...rest] = log.topics;
  if (signature === undefined) return undefined;
  for (const abi of [own, KNOWN_EVENTS, ERC721_TRANSFER] as readonly Abi[]) {
    try {
      const decoded = decodeEventLog({ abi, topics: [signature, ...rest], data: log.data });
      const item = abi.find((each) => each.type === "event" && each.name === decoded.eventName);
      if (item?.type !== "event" || decoded.args === undefined) continue;
      const values = decoded.args as unknown as Readonly<Record<string, unknown>>;
      return {
        name: decoded.eventName ?? "",
        arguments: item.inputs.map(({ name = "", type }) => ({ name, type, value: values[name] })),
      };
    } catch {
      // The same signature with other parameters indexed: the next one may fit.
    }
  }
  return undefined;
}

/** What a call gave back, by the called contract's own functions; undefined where these do not say or do not fit. */
export function decodeOutput(abi: Abi, input: Hex, output: Hex): readonly Argument[] | undefined {
  const selector = input.slice(0, 10);
  const item = abi.find((each) => each.type === "function" && toFunctionSelector(each) === selector);
  if (item?.type !== "function" || item.outputs.length === 0) return undefined;
  try {
    return named(item.outputs, decodeAbiParameters(item.outputs, output));
  } catch {
    return undefined;
  }
}

const ERROR_SELECTOR = "0x08c379a0";
const PANIC_SELECTOR = "0x4e487b71";

/** What a failed call returned, in words: `Error(string)`, `Panic(uint256)`, or an error of the contract's own. Untrusted text. */
export function revertText(output: Hex | undefined, own: Abi = []): string | undefined {
  if (output === undefined || output.length < 10) return undefined;
  const body: Hex = `0x${output.slice(10)}`;
  try {
    if (output.startsWith(ERROR_SELECTOR)) return decodeAbiParameters([{ type: "string" }], body)[0];
    if (output.startsWith(PANIC_SELECTOR)) return `panic ${decodeAbiParameters([{ type: "uint256" }], body)[0]}`;
    if (own.length > 0) {
      const { errorName, args = [] } = decodeErrorResult({ abi: own, data: output });
      return `${errorName}(${args.map(String).join(", ")})`;
    }
  } catch {
    return undefined;
  }
  return undefined;
}
