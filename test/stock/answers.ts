import { StockError } from "./errors.ts";

export interface Question {
  readonly method: string;
  readonly params: readonly unknown[];
}

type Answer = Readonly<Record<string, unknown>>;

/**
 * Asks two nodes the same and names what differs, fields that the oracle's version does not know left out (`normalized`).
 * @throws StockError `MISMATCH` with the first differences.
 */
export async function requireEqualAnswers(
  ourUrl: string,
  oracleUrl: string,
  questions: readonly Question[],
): Promise<void> {
  const problems: string[] = [];
  for (const question of questions) {
    const [ours, theirs] = await Promise.all([ask(ourUrl, question), ask(oracleUrl, question)]);
    const difference = firstDifference(normalized(ours), normalized(theirs), "");
    if (difference !== undefined) problems.push(`${question.method} ${JSON.stringify(question.params)}${difference}`);
  }
  if (problems.length === 0) return;
  const shown = problems.slice(0, 12).join("\n");
  throw new StockError("MISMATCH", `${problems.length} of ${questions.length} answers differ:\n${shown}`, {});
}

async function ask(url: string, { method, params }: Question): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    signal: AbortSignal.timeout(30_000),
  });
  const { result, error } = (await response.json()) as { result?: unknown; error?: unknown };
  return error === undefined ? { result } : { error };
}

/**
 * What later releases of go-ethereum, and with them execution-apis, added to answers: timestamps beside transactions and logs,
 * the index of a traced log, refunds of zero and hexadecimal prefixes in structured logs; the parity of a deposit, which has none;
 * and what revm-inspectors says otherwise: `null` as result of a flat frame without one, a creation's cost with the gas it hands on.
 */
function normalized(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalized);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const isStep = "pc" in value && "op" in value;
  const isTrace = "structLogs" in value;
  const isLogOfTrace = "position" in value && "topics" in value;
  const isDeposit = "sourceHash" in value;
  const kept = entries.filter(([key, field]) => {
    if (key === "blockTimestamp") return false;
    if (key === "index" && isLogOfTrace) return false;
    if (key === "yParity" && isDeposit) return false;
    if (key === "result" && field === null && "action" in value) return false;
    if (key === "gasCost" && isStep && String(value.op).startsWith("CREATE")) return false;
    if (key === "memory" && isStep && Array.isArray(field) && field.length === 0) return false;
    return !(isStep && ((key === "refund" && field === 0) || (key === "returnData" && field === "0x")));
  });
  return Object.fromEntries(
    kept.map(([key, field]) => {
      const bare = (isStep && ["memory", "storage", "returnData"].includes(key)) || (isTrace && key === "returnValue");
      return [key, bare ? withoutPrefixes(field) : normalized(field)];
    }),
  );
}

function withoutPrefixes(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text === undefined ? value : JSON.parse(text.replaceAll('"0x', '"'));
}

function firstDifference(ours: unknown, theirs: unknown, path: string): string | undefined {
  if (JSON.stringify(ours) === JSON.stringify(theirs)) return undefined;
  if (isObject(ours) && isObject(theirs) && Array.isArray(ours) === Array.isArray(theirs)) {
    for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
      const found = firstDifference(ours[key], theirs[key], `${path}.${key}`);
      if (found !== undefined) return found;
    }
    // Only the order of keys differs.
    return undefined;
  }
  const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 200);
  return ` at ${path}: ${shown(ours)}, the oracle ${shown(theirs)}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
