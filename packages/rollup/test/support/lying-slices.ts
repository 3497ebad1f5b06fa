import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { PayloadAttributes } from "@altlayer/engine";
import type { Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { WebSocket, WebSocketServer } from "ws";
import { sliceIds } from "../../src/slices/slice-id.ts";
import { type Flashblock, parseSliceMessages } from "../../src/slices/slice-message.ts";
import { sliceSigningHash } from "../../src/slices/slice-signature.ts";

export interface LyingSlices {
  /** As `followSlices` takes it. */
  readonly url: string;
  /** The next slice that lends itself to it is a lie. */
  lie(kind: Lie): void;
  /** The ids that were told, with their heights. */
  readonly lies: readonly { readonly height: number; readonly id: Hex; readonly kind: Lie }[];
  close(): Promise<void>;
}

export type Lie =
  /** A slice with transactions and a receipt that execution does not give, signed as it is. */
  | "receipt"
  /** A block's first slice with attributes that open none, signed as it is. */
  | "attributes"
  /** What the sequencer signed, with a receipt that was changed on the way. */
  | "changedOnTheWay";

/** Stands between a sequencer's slice stream and its followers, with the sequencer's own key. */
export async function startLyingSlices(
  upstream: string,
  { chainId, key }: { readonly chainId: number; readonly key: Hex },
): Promise<LyingSlices> {
  const account = privateKeyToAccount(key);
  const lies: { height: number; id: Hex; kind: Lie }[] = [];
  let lying: Lie | null = null;
  /** The block in the making. */
  let block: { parentHash: Hex; attributes: PayloadAttributes; slices: Flashblock[] } | null = null;
  const server = createServer((_request, response) => response.writeHead(426).end());
  const sockets = new WebSocketServer({ server });
  const told = new Map<Hex, string>();
  const changed = async (text: string): Promise<string> => {
    // Not gathered: it asks for none.
    const [message] = parseSliceMessages(text) ?? [];
    if (message === undefined || "mark" in message) return text;
    const { slice } = message;
    const known = told.get(slice.id);
    // All followers are told the same.
    if (known !== undefined) return known;
    told.set(slice.id, text);
    if (slice.index === 0) {
      block = null;
      if (message.attributes) block = { parentHash: slice.parentHash, attributes: message.attributes, slices: [] };
    }
    // A follower that came amid a block has not seen its beginning.
    if (block === null || block.slices.length !== slice.index) return text;
    const kind = lying;
    const isLie = kind !== null && (kind === "attributes") === (slice.index === 0);
    const original = JSON.parse(text);
    if (!isLie) {
      block.slices.push(original.flashblock);
      return text;
    }
    lying = null;
    const lie = structuredClone(original);
    if (kind === "attributes") lie.attributes.gasLimit = 0;
    else
      for (const receipt of Object.values<Record<string, { cumulativeGasUsed: string }>>(
        lie.flashblock.metadata.receipts,
      ))
        for (const named of Object.values(receipt)) named.cumulativeGasUsed = "0x1";
    if (kind !== "changedOnTheWay") {
      const attributes = kind === "attributes" ? { ...block.attributes, gasLimit: 0 } : block.attributes;
      const ids = sliceIds({ ...block, chainId, attributes, slices: [...block.slices, lie.flashblock] });
      lie.slice.id = ids?.at(-1);
      lie.signature = await account.sign({ hash: sliceSigningHash({ chainId, id: lie.slice.id }) });
    } else {
      // Else it would come out as it says.
      lie.flashblock.diff.transactions = [];
    }
    lies.push({ height: slice.number, id: lie.slice.id, kind });
    block = null;
    told.set(slice.id, JSON.stringify(lie));
    return JSON.stringify(lie);
  };
  let changing: Promise<unknown> = Promise.resolve();
  sockets.on("connection", (client) => {
    const source = new WebSocket(upstream);
    source.on("error", () => client.terminate());
    source.on("close", () => client.close());
    client.on("error", () => source.terminate());
    client.on("close", () => source.close());
    source.on("message", (data) => {
      changing = changing.then(async () => client.send(await changed(String(data))));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lie: (kind) => {
      lying = kind;
    },
    lies,
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
