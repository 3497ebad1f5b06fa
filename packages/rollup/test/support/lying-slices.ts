import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Hex, keccak256 } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { WebSocket, WebSocketServer } from "ws";
import { parseSliceMessage } from "../../src/slices/slice-message.ts";
import { sliceSigningHash } from "../../src/slices/slice-signature.ts";

export interface LyingSlices {
  /** As `followSlices` takes it. */
  readonly url: string;
  /** From now on, the first slice with transactions comes with an id of its own invention, rightly signed. */
  lie(): void;
  /** The ids that were invented, with their heights. */
  readonly lies: readonly { readonly height: number; readonly id: Hex }[];
  close(): Promise<void>;
}

/** Stands between a sequencer's slice stream and its followers, with the sequencer's own key. */
export async function startLyingSlices(
  upstream: string,
  { chainId, key }: { readonly chainId: number; readonly key: Hex },
): Promise<LyingSlices> {
  const account = privateKeyToAccount(key);
  const lies: { height: number; id: Hex }[] = [];
  let lying = false;
  const server = createServer((_request, response) => response.writeHead(426).end());
  const sockets = new WebSocketServer({ server });
  const told = new Map<Hex, string>();
  const changed = async (text: string): Promise<string> => {
    const message = parseSliceMessage(text);
    if (message === null || "mark" in message) return text;
    const { slice } = message;
    const known = told.get(slice.id);
    // All followers are told the same.
    if (known !== undefined) return known;
    if (!lying || slice.index === 0) return text;
    lying = false;
    const id = keccak256(slice.id);
    const signature = await account.sign({ hash: sliceSigningHash({ chainId, id }) });
    lies.push({ height: slice.number, id });
    const lie = JSON.stringify({ ...JSON.parse(text), slice: { ...slice, id }, signature });
    told.set(slice.id, lie);
    return lie;
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
    lie: () => {
      lying = true;
    },
    lies,
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
