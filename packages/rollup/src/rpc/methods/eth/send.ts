import type { Hex } from "@altlayer/engine";
import { invalidParams } from "../../errors.ts";
import { decoded } from "../../json-rpc/issues.ts";
import type { Outcome, RpcMethod } from "../../json-rpc/method.ts";
import { defineMethod, plain } from "../../json-rpc/method.ts";
import type { RpcLimits } from "../../options.ts";
import type { ForwardTransaction } from "../../providers.ts";
import type { SubmitCoalescer, Submitted } from "../../submit/coalescer.ts";
import type { Inclusion } from "../../submit/inclusion.ts";

/** Largest transaction that go-ethereum's pool takes (128 KiB), so that a larger one is refused before it is decoded. */
const MAX_TRANSACTION_BYTES = 128 * 1024;

const rawTransaction = decoded<Uint8Array>((value) => {
  const goType = "hexutil.Bytes";
  if (typeof value !== "string") return { reason: "non-string", goType };
  if (value === "") return { reason: "empty hex string", goType };
  if (!value.startsWith("0x")) return { reason: "hex string without 0x prefix", goType };
  if (value.length % 2 !== 0) return { reason: "hex string of odd length", goType };
  const bytes = Buffer.from(value.slice(2), "hex");
  // Buffer stops at the first character that is no hex digit.
  if (bytes.length !== value.length / 2 - 1) return { reason: "invalid hex string", goType };
  return { value: bytes };
});

/** EIP-7966 has the timeout as a number of milliseconds; go-ethereum's clients send it as hex, too. */
const timeout = decoded<number>((value) => {
  const parsed = typeof value === "string" && /^0x[0-9a-fA-F]{1,12}$/.test(value) ? Number(value) : value;
  return typeof parsed === "number" && Number.isSafeInteger(parsed) && parsed >= 0
    ? { value: parsed }
    : { reason: "invalid timeout, want milliseconds as a number" };
});

export interface SendDependencies {
  readonly coalescer: SubmitCoalescer;
  readonly inclusion: Inclusion;
  /** Where transactions go instead of the own pool, now. */
  readonly forward: () => ForwardTransaction | undefined;
}

const oversized = ({ length }: Uint8Array) =>
  invalidParams(`oversized data: transaction size ${length}, limit ${MAX_TRANSACTION_BYTES}`);

/** Submission of signed transactions. */
export function sendMethods(options: { readonly limits: RpcLimits }, dependencies: SendDependencies): RpcMethod[] {
  const { sendSyncDefaultMs, sendSyncMaxMs } = options.limits;
  const submit = async (raw: Uint8Array): Promise<Hex> => {
    if (raw.length > MAX_TRANSACTION_BYTES) throw oversized(raw);
    const forward = dependencies.forward();
    if (forward !== undefined) {
      // The sequencer decides; the own pool only learns of it, so that pending reads show it.
      const hash = await forward(`0x${Buffer.from(raw).toString("hex")}`);
      dependencies.coalescer.submit(raw).catch(() => undefined);
      return hash;
    }
    return dependencies.coalescer.submit(raw);
  };
  const submitMany = async (calls: readonly (readonly [Uint8Array])[]): Promise<readonly Outcome[]> => {
    // A follower forwards each by itself.
    if (dependencies.forward() !== undefined) {
      return Promise.all(
        calls.map(([raw]) =>
          submit(raw).then(
            (hash) => ({ result: plain(hash) }),
            (error: unknown) => ({ error }),
          ),
        ),
      );
    }
    const fitting = calls.flatMap(([raw]) => (raw.length > MAX_TRANSACTION_BYTES ? [] : [raw]));
    const submitted = (await dependencies.coalescer.submitMany(fitting)).values();
    return calls.map(([raw]) => {
      if (raw.length > MAX_TRANSACTION_BYTES) return { error: oversized(raw) };
      const outcome = submitted.next().value as Submitted;
      return "hash" in outcome ? { result: plain(outcome.hash) } : outcome;
    });
  };
  return [
    defineMethod({
      name: "eth_sendRawTransaction",
      params: [rawTransaction],
      run: async ([raw]) => plain(await submit(raw)),
      runMany: submitMany,
    }),
    defineMethod({
      name: "eth_sendRawTransactionSync",
      params: [rawTransaction, timeout.optional()],
      run: ([raw, timeoutMs]) =>
        // EIP-7966: a timeout above the node's maximum is cut to the maximum; zero and absence mean the default.
        dependencies.inclusion.submit(raw, {
          timeoutMs: Math.min(timeoutMs || sendSyncDefaultMs, sendSyncMaxMs),
          send: () => submit(raw),
        }),
    }),
  ];
}
