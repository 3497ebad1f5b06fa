import type { AbiParameter } from "viem";

/** What a person typed into a field, as a value that viem encodes; or why it is none. */
export type Read = { readonly value: unknown } | { readonly problem: string };

const ARRAY = /^(.*)\[(\d*)\]$/;
const INTEGER = /^(u?)int(\d*)$/;
const BYTES = /^bytes(\d+)$/;

/** Reads one argument: numbers, addresses, booleans and texts as they are; arrays and structs as JSON. */
export function readArgument(parameter: AbiParameter, text: string): Read {
  const { type } = parameter;
  if (!ARRAY.test(type) && !type.startsWith("tuple")) return readText(type, text.trim(), text);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { problem: type.startsWith("tuple") && !ARRAY.test(type) ? OBJECT : LIST };
  }
  return readJson(parameter, parsed);
}

const LIST = 'Enter a JSON list, such as ["1", "2"].';
const OBJECT = 'Enter a JSON object with every field, such as {"amount": "1"}.';

function readText(type: string, trimmed: string, text: string): Read {
  if (type === "string") return { value: text };
  if (type === "bool") {
    return trimmed === "true" || trimmed === "false"
      ? { value: trimmed === "true" }
      : { problem: "Enter true or false." };
  }
  if (type === "address") {
    return /^0x[0-9a-fA-F]{40}$/.test(trimmed)
      ? { value: trimmed.toLowerCase() }
      : { problem: "An address is 0x and 40 hex digits." };
  }
  if (type === "bytes" || BYTES.test(type)) return readBytes(type, trimmed);
  const integer = INTEGER.exec(type);
  if (integer !== null) return readInteger(integer[1] === "u", Number(integer[2] || 256), trimmed);
  return { problem: `Arguments of the type ${type} cannot be entered here.` };
}

function readBytes(type: string, text: string): Read {
  const size = BYTES.exec(type)?.[1];
  if (!/^0x([0-9a-fA-F]{2})*$/.test(text)) return { problem: "Enter bytes as 0x and hex digits, two for each." };
  if (size !== undefined && text.length !== 2 + 2 * Number(size)) return { problem: `Enter ${size} bytes.` };
  return { value: text };
}

function readInteger(unsigned: boolean, bits: number, text: string): Read {
  if (!/^-?(\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(text) || text.startsWith("-0x"))
    return { problem: "Enter a whole number." };
  const value = BigInt(text);
  const [low, high] = unsigned
    ? [0n, 2n ** BigInt(bits) - 1n]
    : [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n];
  return value < low || value > high ? { problem: `Enter a number between ${low} and ${high}.` } : { value };
}

function readJson(parameter: AbiParameter, given: unknown): Read {
  const array = ARRAY.exec(parameter.type);
  if (array !== null) {
    if (!Array.isArray(given)) return { problem: LIST };
    if (array[2] !== "" && given.length !== Number(array[2])) return { problem: `Enter ${array[2]} items.` };
    return all(given.map((item) => readJson({ ...parameter, type: array[1] ?? "" } as AbiParameter, item)));
  }
  if (parameter.type === "tuple") {
    if (typeof given !== "object" || given === null || Array.isArray(given)) return { problem: OBJECT };
    const components = "components" in parameter ? parameter.components : [];
    const fields = new Map(Object.entries(given));
    const missing = components.find(({ name }) => !fields.has(name ?? ""));
    if (missing !== undefined) return { problem: `The field ${missing.name} is missing.` };
    const read = all(components.map((component) => readJson(component, fields.get(component.name ?? ""))));
    if ("problem" in read) return read;
    return { value: Object.fromEntries(components.map(({ name = "" }, at) => [name, (read.value as unknown[])[at]])) };
  }
  // A number in JSON loses digits beyond 2^53: long ones are written as text.
  if (typeof given === "number" && !Number.isSafeInteger(given)) return { problem: "Write large numbers as text." };
  const text = String(given);
  return readText(parameter.type, text, text);
}

function all(items: readonly Read[]): Read {
  const bad = items.find((item) => "problem" in item);
  return bad ?? { value: items.map((item) => ("value" in item ? item.value : undefined)) };
}
