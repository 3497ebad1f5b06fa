import { createLogger } from "@altlayer/rollup";
import { problemOf, RaasError } from "../../errors.ts";
import type { Hex } from "../../spec/primitives.ts";
import { InProcessRuntime } from "../in-process.ts";
import { type FromGroup, LINE_MAX, NodeError, type RemoteRunRequest, type ToGroup } from "./protocol.ts";

/**
 * The process of a group of rollups: their nodes as objects, ordered by the control plane that holds the other end of
 * the channel. It ends when that end is closed, for whatever reason: a node that nobody supervises must not sign.
 */

/** So long nodes may take to end in good order; their files are safe at any moment. */
const END_TIMEOUT_MS = 15_000;
/** Log lines on their way; more are dropped, and the next line says how many. */
const LINES_MAX = 5_000;

let runtime: InProcessRuntime | null = null;
let ending = false;
let linesUnsent = 0;
let linesDropped = 0;
let nextCall = 0;
/** Rollups of whose new heads was told, and the channel has not taken it yet: one that is told is as good as ten. */
const headsUnsent = new Set<string>();
/** What ends the telling, by rollup. */
const told = new Map<string, () => void>();
const keys = new Map<number, { resolve(key: Hex): void; reject(error: unknown): void }>();

function say(message: FromGroup, sent: () => void = () => {}): void {
  if (process.connected) process.send?.(message, undefined, {}, sent);
  else sent();
}

function logLine(id: string, line: string): void {
  if (linesUnsent >= LINES_MAX) {
    linesDropped++;
    return;
  }
  const text = line.length > LINE_MAX ? note("a line was too long and is left out", { characters: line.length }) : line;
  const lines = linesDropped > 0 ? [note("lines were dropped", { count: linesDropped }), text] : [text];
  linesDropped = 0;
  for (const each of lines) {
    linesUnsent++;
    say({ kind: "log", id, line: each }, () => {
      linesUnsent--;
    });
  }
}

const note = (message: string, fields: Readonly<Record<string, number>>) =>
  JSON.stringify({ time: new Date().toISOString(), level: "warn", room: "log", message, ...fields });

function keyOf(id: string, role: Extract<FromGroup, { kind: "key" }>["role"]): Promise<Hex> {
  return new Promise((resolve, reject) => {
    const call = nextCall++;
    keys.set(call, { resolve, reject });
    say({ kind: "key", call, id, role });
  });
}

async function start(call: number, request: RemoteRunRequest): Promise<void> {
  if (runtime === null || ending) throw new RaasError("CLOSED", "the group's process is ending");
  const { onHead, ...running } = await runtime.start({
    ...request,
    logLine: (line) => logLine(request.id, line),
    privateKey: (role) => keyOf(request.id, role),
  });
  say({ kind: "started", call, running });
  // A listener cannot be sent.
  told.get(request.id)?.();
  told.set(request.id, onHead?.(() => tellHead(request.id)) ?? (() => {}));
}

function tellHead(id: string): void {
  if (headsUnsent.has(id)) return;
  headsUnsent.add(id);
  say({ kind: "head", id }, () => headsUnsent.delete(id));
}

async function stop(id: string): Promise<void> {
  told.get(id)?.();
  told.delete(id);
  await runtime?.stop(id);
}

function failed(call: number): (error: unknown) => void {
  return (error) => say({ kind: "failed", call, problem: problemOf(error) });
}

process.on("message", (message: ToGroup) => {
  switch (message.kind) {
    case "init":
      runtime = new InProcessRuntime(
        { clientVersion: message.clientVersion },
        { log: createLogger({ level: "warn", room: "l1" }) },
      );
      return;
    case "start":
      start(message.call, message.request).catch(failed(message.call));
      return;
    case "stop":
      stop(message.id).then(() => say({ kind: "stopped", call: message.call }), failed(message.call));
      return;
    case "key": {
      const waiting = keys.get(message.call);
      keys.delete(message.call);
      if (message.key !== null) waiting?.resolve(message.key);
      else waiting?.reject(new NodeError(message.problem ?? { code: "INTERNAL", message: "there is no key" }));
    }
  }
});

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  setTimeout(() => process.exit(1), END_TIMEOUT_MS).unref();
  for (const { reject } of keys.values()) reject(new RaasError("CLOSED", "the control plane is gone"));
  keys.clear();
  let code = 0;
  await runtime?.close().catch(() => {
    code = 1;
  });
  process.exit(code);
}

process.once("disconnect", () => void end());
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void end());
