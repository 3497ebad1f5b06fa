import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { problemOf } from "../errors.ts";
import { rpcOutcomes } from "../rpc-batch.ts";
import type { ForeignAnswer, ForeignCall, ForeignRpc } from "./foreign-rpc.ts";

export interface Relay {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

interface RelayDependencies {
  readonly rpc: ForeignRpc;
  /** JSON-RPC of the follower beside the operators; null where the platform runs none. */
  readonly follower: () => string | null;
  /** The settlement network's newest block, for the answer that is made here. */
  readonly l1Head: () => Promise<unknown>;
}

const BODY_MAX_BYTES = 1_048_576;
const METHODS = /^(eth|net|web3|optimism|mach|debug|txpool)_[A-Za-z]+$/;
const SYNC_STATUS = "optimism_syncStatus";
/** Answered by a follower of ours where one runs: certificates are its own to check, and not the RPC's to claim. */
const OF_MACH = /^mach_/;
const callSchema = z.object({
  id: z.union([z.string(), z.number()]).nullish(),
  method: z.string().max(64).regex(METHODS),
  params: z.unknown().optional(),
});
const bodySchema = z.union([callSchema, z.array(callSchema).max(200)]);
const quantity = z
  .string()
  .regex(/^0x[0-9a-f]{1,13}$/)
  .transform(Number);
const blockSchema = z.object({ number: quantity, hash: z.string(), timestamp: quantity });

/**
 * An attached chain as the rest of the platform sees it: an endpoint on this machine that speaks like one of our nodes.
 * It is the one place from which the chain's RPC is called, so that address checks and limits hold for all who ask. The
 * path is a secret: the URL behind it may carry the customer's key.
 *
 * A public RPC often serves no `optimism_syncStatus`; then its answer is made from the blocks of the same tags.
 */
export async function startRelay(dependencies: RelayDependencies): Promise<Relay> {
  const path = `/${randomBytes(24).toString("base64url")}`;
  const server = createServer((request, response) => {
    if (request.url !== path || request.method !== "POST") response.writeHead(404).end();
    else void answer(request, response, dependencies).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}${path}`, port, close: () => closed(server) };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  dependencies: RelayDependencies,
): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > BODY_MAX_BYTES) return void response.writeHead(413).end();
    chunks.push(chunk);
  }
  const body = bodySchema.safeParse(JSON.parse(Buffer.concat(chunks).toString("utf8")));
  if (!body.success) return void response.writeHead(400).end();
  const calls = Array.isArray(body.data) ? body.data : [body.data];
  try {
    const answers = await answersTo(calls, dependencies);
    const told = await Promise.all(
      calls.map(async ({ id = null, method }, index) => {
        const { result, error } = await completed(method, answers[index]!, dependencies);
        return { jsonrpc: "2.0", id, ...(error === undefined ? { result: result ?? null } : { error }) };
      }),
    );
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(Array.isArray(body.data) ? told : told[0]));
  } catch (error) {
    response.writeHead(502, { "content-type": "text/plain" }).end(problemOf(error).code);
  }
}

async function answersTo(
  calls: readonly z.output<typeof callSchema>[],
  { rpc, follower }: RelayDependencies,
): Promise<readonly ForeignAnswer[]> {
  const ours = follower();
  const isOurs = ({ method }: { readonly method: string }) => ours !== null && OF_MACH.test(method);
  const [near, far] = [calls.filter(isOurs), calls.filter((call) => !isOurs(call))];
  const [nearAnswers, farAnswers] = await Promise.all([
    ours === null || near.length === 0
      ? []
      : rpcOutcomes(
          ours,
          near.map(({ method, params }) => [method, listOf(params)]),
        ),
    far.length === 0 ? [] : rpc.batch(far.map(({ method, params = [] }): ForeignCall => [method, params])),
  ]);
  const answers = new Map<unknown, ForeignAnswer>([
    ...near.map((call, id) => [call, { id, ...nearAnswers[id] }] as const),
    ...far.map((call, id) => [call, farAnswers[id]!] as const),
  ]);
  return calls.map((call) => answers.get(call)!);
}

const listOf = (params: unknown): readonly unknown[] => (Array.isArray(params) ? params : []);

async function completed(
  method: string,
  given: ForeignAnswer,
  { rpc, l1Head }: RelayDependencies,
): Promise<ForeignAnswer> {
  if (method !== SYNC_STATUS || (given.error === undefined && given.result !== null)) return given;
  const tags = ["latest", "safe", "finalized"];
  const blocks = await rpc.batch(tags.map((tag): ForeignCall => ["eth_getBlockByNumber", [tag, false]]));
  const [unsafe, safe, finalized] = blocks.map(({ result }) => blockSchema.safeParse(result).data);
  const head = blockSchema.safeParse(await l1Head()).data;
  if (unsafe === undefined || safe === undefined || finalized === undefined || head === undefined) return given;
  return { id: given.id, result: { head_l1: head, unsafe_l2: unsafe, safe_l2: safe, finalized_l2: finalized } };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
