import { z } from "zod";
import type { Hex } from "../spec/primitives.ts";

/** A call within a transaction that moved ether or made a contract. */
export interface InternalCall {
  readonly kind: "call" | "create" | "create2" | "selfdestruct";
  readonly sender: Hex;
  readonly receiver: Hex;
  readonly value: bigint;
}

interface Frame {
  readonly type: string;
  readonly from: Hex;
  readonly to?: Hex | undefined;
  readonly value?: bigint | undefined;
  readonly error?: string | undefined;
  readonly calls?: readonly Frame[] | undefined;
}

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .toLowerCase() as unknown as z.ZodType<Hex, string>;

/** A frame of go-ethereum's callTracer, of which the index needs little. */
const frameSchema: z.ZodType<Frame> = z.object({
  type: z.string().max(32),
  from: address,
  to: address.optional(),
  value: z
    .string()
    .regex(/^0x[0-9a-f]{1,64}$/)
    .transform((text) => BigInt(text))
    .optional(),
  error: z.string().optional(),
  get calls() {
    return z.array(frameSchema).optional();
  },
});

/** What `debug_traceBlockByHash` answers. */
export const traceSchema = z.array(z.object({ txHash: z.string(), result: frameSchema }));

const KINDS: Readonly<Record<string, InternalCall["kind"]>> = {
  CALL: "call",
  CREATE: "create",
  CREATE2: "create2",
  SELFDESTRUCT: "selfdestruct",
};

/** The internal calls of a transaction in the order of the trace. What a failed call did, it did not do. */
export function internalCallsOf(transaction: z.output<typeof frameSchema>): readonly InternalCall[] {
  const found: InternalCall[] = [];
  const walk = (frame: Frame): void => {
    if (frame.error !== undefined) return;
    for (const call of frame.calls ?? []) {
      const { type, from, to, value = 0n, error } = call;
      const kind = KINDS[type];
      const creates = kind === "create" || kind === "create2";
      if (kind !== undefined && error === undefined && to !== undefined && (creates || value > 0n))
        found.push({ kind, sender: from, receiver: to, value });
      walk(call);
    }
  };
  walk(transaction);
  return found;
}
