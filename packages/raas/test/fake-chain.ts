import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** keccak256("Transfer(address,address,uint256)"). */
export const TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
const hash = () => `0x${randomBytes(32).toString("hex")}`;
const hex = (value: number) => `0x${value.toString(16)}`;
export const party = (n: number) => `0x${n.toString(16).padStart(40, "a")}` as const;
const topic = (address: string) => `0x${address.slice(2).padStart(64, "0")}`;

interface FakeTransaction {
  readonly hash: string;
  readonly from: string;
  readonly to: string;
  readonly value: string;
  readonly input: string;
  readonly type: string;
}

interface FakeBlock {
  readonly body: Record<string, unknown> & { readonly hash: string; readonly transactions: readonly FakeTransaction[] };
  readonly receipts: readonly Record<string, unknown>[];
  readonly trace: readonly unknown[];
}

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: readonly [string, unknown?];
}

/** A chain that can be rewritten, behind a node's JSON-RPC. */
export class FakeChain {
  blocks: FakeBlock[] = [];
  /** Methods that fail, with the code that they fail with. */
  readonly failing = new Map<string, number>();
  /** Calls of a batch that are answered; a longer one is not. */
  callsMax = Number.POSITIVE_INFINITY;
  /** How often each method was asked. */
  readonly asked = new Map<string, number>();
  readonly #server: Server;

  constructor() {
    this.extend(1);
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const calls = JSON.parse(Buffer.concat(chunks).toString()) as readonly Call[];
        if (calls.length > this.callsMax) return response.end("too much");
        return response.end(JSON.stringify(calls.map((call) => ({ id: call.id, ...this.#outcome(call) }))));
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get headHash(): string {
    return this.blocks.at(-1)!.body.hash;
  }

  rewind(depth: number): void {
    this.blocks.length = Math.max(1, this.blocks.length - depth);
  }

  extend(count: number, transactionsEach = 2): void {
    for (let made = 0; made < count; made++) this.blocks.push(this.#block(this.blocks.length, transactionsEach));
  }

  #block(number: number, count: number): FakeBlock {
    const transactions = Array.from({ length: count }, () => {
      const [from, to] = randomBytes(2);
      return { hash: hash(), from: party(from! % 5), to: party(to! % 5), value: "0x1", input: "0x", type: "0x2" };
    });
    const body = {
      number: hex(number),
      hash: hash(),
      parentHash: this.blocks.at(-1)?.body.hash ?? hash(),
      timestamp: hex(1_700_000_000 + number),
      gasUsed: hex(21_000 * count),
      gasLimit: hex(30_000_000),
      baseFeePerGas: "0x7",
      size: "0x200",
      transactions,
    };
    const receipts = transactions.map(({ hash: transactionHash, from }, index) => ({
      transactionHash,
      status: "0x1",
      gasUsed: "0xc350",
      effectiveGasPrice: "0x8",
      logs: [
        {
          address: party(100 + (randomBytes(1)[0]! % 3)),
          topics: [TRANSFER, topic(from), topic(party(7))],
          data: `0x${"0".repeat(63)}5`,
          logIndex: hex(index),
        },
      ],
    }));
    const trace = transactions.map(({ hash: txHash, from, to }) => {
      const call = { type: "CALL", from: to, to: party(20 + (randomBytes(1)[0]! % 4)), value: "0x3" };
      return { txHash, result: { type: "CALL", from, to, value: "0x1", calls: [call, { ...call, value: "0x0" }] } };
    });
    return { body, receipts, trace };
  }

  #outcome({ method, params }: Call): { readonly result: unknown } | { readonly error: object } {
    this.asked.set(method, (this.asked.get(method) ?? 0) + 1);
    const code = this.failing.get(method);
    return code === undefined ? { result: this.#answer(method, params) } : { error: { code, message: "refused" } };
  }

  #answer(method: string, [key, full]: Call["params"]): unknown {
    if (method === "eth_blockNumber") return hex(this.blocks.length - 1);
    if (method === "eth_call") return "0x";
    if (method === "debug_traceBlockByHash") return this.blocks.find(({ body }) => body.hash === key)?.trace ?? null;
    if (method === "eth_getTransactionByHash") return this.#find(key, ({ body }) => body.transactions);
    if (method === "eth_getTransactionReceipt") return this.#find(key, ({ receipts }) => receipts);
    const block = this.blocks[Number(key)];
    if (block === undefined) return null;
    if (method === "eth_getBlockReceipts") return block.receipts;
    return full === true
      ? block.body
      : { ...block.body, transactions: block.body.transactions.map((each) => each.hash) };
  }

  #find(key: string, of: (block: FakeBlock) => readonly unknown[]): unknown {
    for (const block of this.blocks) {
      const at = block.body.transactions.findIndex((each) => each.hash === key);
      if (at !== -1) return of(block)[at];
    }
    return null;
  }
}
