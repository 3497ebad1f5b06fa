import { WebSocket } from "ws";

export interface RpcReply {
  readonly jsonrpc: string;
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** Sends a body as it is, so that tests can send what no client library would. */
export async function postRaw(url: string, body: string | Uint8Array, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: "POST",
    body: typeof body === "string" ? body : new Uint8Array(body),
    headers: { "content-type": "application/json", ...headers },
    signal: AbortSignal.timeout(20_000),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

export async function call(
  url: string,
  method: string,
  params: readonly unknown[] = [],
  headers: Record<string, string> = {},
): Promise<RpcReply> {
  const { text } = await postRaw(url, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }), headers);
  return JSON.parse(text) as RpcReply;
}

/** A WebSocket client that keeps what comes in, so that a test can wait for it in order. */
export class SocketClient {
  readonly #socket: WebSocket;
  readonly #received: unknown[] = [];
  #wake: () => void = () => {};
  closeCode: number | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      this.#received.push(JSON.parse(data.toString("utf8")));
      this.#wake();
    });
    socket.on("close", (code) => {
      this.closeCode = code;
      this.#wake();
    });
    socket.on("error", () => this.#wake());
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<SocketClient> {
    const socket = new WebSocket(url, { headers });
    const client = new SocketClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
      socket.once("unexpected-response", (_request, response) => reject(new Refused(response.statusCode ?? 0)));
    });
    return client;
  }

  send(method: string, params: readonly unknown[] = [], id: number | string = 1): void {
    this.sendRaw(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
  }

  sendRaw(text: string): void {
    this.#socket.send(text);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  async next(timeoutMs = 5_000): Promise<unknown> {
    const deadline = Date.now() + timeoutMs;
    while (this.#received.length === 0) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Refused(0);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#received.shift();
  }

  async closed(timeoutMs = 5_000): Promise<number | undefined> {
    const deadline = Date.now() + timeoutMs;
    while (this.closeCode === undefined && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 10));
    return this.closeCode;
  }

  close(): void {
    this.#socket.terminate();
  }
}

/** The server refused a handshake (its HTTP status), or nothing came in time (0). */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`refused with ${status}`);
    this.name = "Refused";
    this.status = status;
  }
}
