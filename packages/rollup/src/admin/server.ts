import { chmod, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { describeError, RollupError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { type AdminOrder, type AdminOrders, adminOrders, adminSocket } from "./protocol.ts";

export type AdminHandlers = { readonly [K in AdminOrder]: (order: AdminOrders[K]) => Promise<unknown> };

export interface AdminServer {
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 64 * 1024;
/** What the systems allow a socket's path to have, less a little. */
const MAX_PATH_BYTES = 100;

/** Listens in the data directory, which one process at a time has. Null where the path is too long for a socket. */
export async function startAdminServer(
  options: { readonly dataDir: string },
  dependencies: { readonly handlers: AdminHandlers; readonly log: Logger },
): Promise<AdminServer | null> {
  const { handlers, log } = dependencies;
  const path = adminSocket(options.dataDir);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    log.warn("no admin socket: its path is too long", { path });
    return null;
  }
  // Left over by a crash: the engine's lock says that nobody else is here.
  await rm(path, { force: true });
  const server = createServer((request, response) => {
    answer(request, handlers).then(
      (result) => send(response, 200, { result }),
      (error: unknown) => {
        const code = error instanceof Error && "code" in error ? String(error.code) : "ADMIN_REFUSED";
        log.warn("admin order failed", { order: request.url ?? "", error: describeError(error) });
        send(response, 400, { error: { code, message: error instanceof Error ? error.message : String(error) } });
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
  await chmod(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, handlers: AdminHandlers): Promise<unknown> {
  const order = (request.url ?? "").slice(1);
  if (request.method !== "POST" || !isOrder(order)) {
    throw new RollupError("ADMIN_REFUSED", `there is no order ${order}`, { severity: "permanent" });
  }
  const parsed = adminOrders[order].safeParse(JSON.parse(await bodyOf(request)));
  if (!parsed.success) {
    throw new RollupError("ADMIN_REFUSED", `the order ${order} is malformed`, { severity: "permanent" });
  }
  return await (handlers[order] as (order: unknown) => Promise<unknown>)(parsed.data);
}

const isOrder = (name: string): name is AdminOrder => Object.hasOwn(adminOrders, name);

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) {
      throw new RollupError("ADMIN_REFUSED", "the order is too large", { severity: "permanent" });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
