import type { FastifyReply, FastifyRequest } from "fastify";
import { RaasError } from "../errors.ts";

/** One stream of server-sent events. */
export interface EventStream {
  send(event: string, data: unknown): void;
  /** Runs when the client or the server has ended the stream. */
  onClose(work: () => void): void;
  readonly closed: boolean;
}

const HEARTBEAT_MS = 15_000;
/** A client that reads nothing is cut off at this; it comes back and is told the newest state. */
const UNSENT_MAX_BYTES = 1_048_576;
const STREAMS_MAX = 500;
/** Of one person or token: a page has one or two, and nobody takes all there are. */
const STREAMS_OF_ONE_MAX = 50;

/** Open streams of this process, by who has them. */
const open = new Map<string, number>();

function take(who: string): () => void {
  const own = open.get(who) ?? 0;
  const all = open.values().reduce((sum, count) => sum + count, 0);
  if (own >= STREAMS_OF_ONE_MAX || all >= STREAMS_MAX) {
    throw new RaasError("RATE_LIMITED", `${own} event streams of yours are open, ${all} in all: close one`);
  }
  open.set(who, own + 1);
  return () => {
    const left = (open.get(who) ?? 1) - 1;
    if (left === 0) open.delete(who);
    else open.set(who, left);
  };
}

/**
 * Turns a reply into a stream. What is sent is state, not history: a client that was away is told the newest state when
 * it comes back, so nothing is kept for it.
 * @param options.who has it: each may have so many
 * @param options.recheck throws once the client may not hear more
 * @throws RaasError `RATE_LIMITED` when too many streams are open
 */
export function openStream(
  request: FastifyRequest,
  reply: FastifyReply,
  { who, recheck }: { readonly who: string; readonly recheck: () => Promise<unknown> },
): EventStream {
  const giveBack = take(who);
  reply.hijack();
  const { raw } = reply;
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
  raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
  const closers: (() => void)[] = [];
  let closed = false;
  let id = Number(request.headers["last-event-id"]) || 0;
  const close = () => {
    if (closed) return;
    closed = true;
    giveBack();
    clearInterval(heartbeat);
    for (const work of closers) work();
    raw.destroy();
  };
  const write = (text: string) => {
    if (closed) return;
    if (raw.writableLength > UNSENT_MAX_BYTES) close();
    else raw.write(text);
  };
  // Whoever is removed from the team, signed out or whose token is revoked, hears no more within a heartbeat.
  const heartbeat = setInterval(() => void recheck().then(() => write(": alive\n\n"), close), HEARTBEAT_MS);
  heartbeat.unref();
  raw.on("close", close);
  raw.on("error", close);
  write(": open\n\n");
  return {
    send: (event, data) => write(`id: ${++id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    onClose: (work) => void (closed ? work() : closers.push(work)),
    get closed() {
      return closed;
    },
  };
}
