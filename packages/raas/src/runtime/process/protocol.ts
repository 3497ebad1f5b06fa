import type { ChildProcess } from "node:child_process";
import { z } from "zod";
import { ROLES, type Role } from "../../secrets/key-store.ts";
import type { Hex } from "../../spec/primitives.ts";
import { nodeVersion } from "../../steps/results.ts";
import type { RunRequest } from "../runtime.ts";

/**
 * What a control plane and the process of a group say to each other, over the channel that only these two hold. Messages
 * are structured clones. A key crosses it when a node asks for it, and lies nowhere else: no argument, variable or file.
 */

/** A request without what only the control plane can do: those parts are asked for over the channel. */
export type RemoteRunRequest = Omit<RunRequest, "logLine" | "privateKey">;

export type ToGroup =
  | { readonly kind: "init"; readonly clientVersion: string }
  | { readonly kind: "start"; readonly call: number; readonly request: RemoteRunRequest }
  | { readonly kind: "stop"; readonly call: number; readonly id: string }
  /** Answers "key". */
  | {
      readonly kind: "key";
      readonly call: number;
      readonly key: Hex | null;
      /** Why there is none. */
      readonly problem: Problem | null;
    };

interface Problem {
  readonly code: string;
  readonly message: string;
}

/** Longer lines of a log are replaced by a note. */
export const LINE_MAX = 32 * 1024;

const call = z.number().int().min(0);
const port = z.number().int().min(0).max(65_535);
const url = z.string().max(200);

/** The group's process holds native code: what it says is checked. */
export const fromGroup = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("started"),
    call,
    running: z.object({
      settings: z.string().max(100),
      endpoints: z.object({ rpc: url, ws: url, flashblocks: url.nullable() }),
      ports: z.object({ rpc: port, flashblocks: port }),
      node: nodeVersion.optional(),
    }),
  }),
  z.object({ kind: z.literal("stopped"), call }),
  z.object({
    kind: z.literal("failed"),
    call,
    problem: z.object({ code: z.string().max(100), message: z.string().max(4_000) }),
  }),
  z.object({ kind: z.literal("key"), call, id: z.string().max(100), role: z.enum(ROLES) }),
  z.object({ kind: z.literal("log"), id: z.string().max(100), line: z.string().max(LINE_MAX) }),
  /** The rollup's head has changed. */
  z.object({ kind: z.literal("head"), id: z.string().max(100) }),
]);
export type FromGroup = z.output<typeof fromGroup>;
export type KeyWish = { readonly id: string; readonly role: Role };

/** An error of a node in another process, by the node's own code. */
export class NodeError extends Error {
  override readonly name = "NodeError";
  readonly code: string;

  constructor({ code, message }: Problem) {
    super(message);
    this.code = code;
  }
}

/** Sends unless the other side is gone: what became of it is told by its end. */
export function send(to: Pick<ChildProcess, "connected" | "send">, message: ToGroup): void {
  if (to.connected) to.send(message, () => {});
}
