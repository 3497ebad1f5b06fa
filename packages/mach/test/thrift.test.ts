import { noise } from "@chainsafe/libp2p-noise";
import type { ConnectionEncrypter, MessageStream, Stream } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { YamuxStream } from "@libp2p/yamux/stream";
import { createLibp2p, type Libp2p } from "libp2p";
import { afterEach, expect, test } from "vitest";
import { inOnePiece } from "../src/node/links/in-one-piece.ts";
import { sparingWindow } from "../src/node/links/sparing-window.ts";
import { until } from "./support/network.ts";

const PROTOCOL = "/altlayer/test/thrift";
const MESSAGES = 1_200;
/** Four windows in all. */
const MESSAGE = new Uint8Array(1_000).fill(7);
const nodes: Libp2p[] = [];

afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop();
});

async function node(listen: readonly string[]): Promise<Libp2p> {
  const started = await createLibp2p({
    addresses: { listen: [...listen] },
    transports: [tcp()],
    connectionEncrypters: [inOnePiece(noise())],
    streamMuxers: [yamux()],
  });
  nodes.push(started);
  return started;
}

/** Sends all messages one after the other. @returns bytes that came, and how often the reader told of its window */
async function sendAll(onStream: (stream: Stream) => void): Promise<{ received: number; told: number }> {
  const reader = await node(["/ip4/127.0.0.1/tcp/0"]);
  const writer = await node([]);
  let received = 0;
  await reader.handle(PROTOCOL, (stream) => {
    onStream(stream);
    stream.addEventListener("message", ({ data }) => {
      received += data.byteLength;
    });
  });
  const [address] = reader.getMultiaddrs();
  if (address === undefined) throw new TypeError("no address");
  const stream = await writer.dialProtocol(address, PROTOCOL);
  if (!(stream instanceof YamuxStream)) throw new TypeError("no stream of yamux");
  let told = 0;
  const { handleWindowUpdate } = stream;
  stream.handleWindowUpdate = (frame) => {
    told++;
    handleWindowUpdate.call(stream, frame);
  };
  for (let sent = 1; sent <= MESSAGES; sent++) {
    if (!stream.send(MESSAGE)) await stream.onDrain({ signal: AbortSignal.timeout(60_000) });
    if (sent % 100 === 0) await until("what was sent is there", () => received === sent * MESSAGE.length);
  }
  return { received, told };
}

test("a stream goes on beyond its window, with few words about it", { timeout: 60_000 }, async () => {
  const { received, told } = await sendAll(sparingWindow);
  expect(received).toBe(MESSAGES * MESSAGE.length);
  expect(told).toBeGreaterThan(0);
  expect(told).toBeLessThan(20);
  const untouched = await sendAll(() => undefined);
  expect(untouched.told).toBeGreaterThan(2 * told);
});

test("what is encrypted goes to the transport in one piece", async () => {
  const sent: Uint8Array[] = [];
  const connection = { send: (data: Uint8Array) => sent.push(data) > 0 } as unknown as MessageStream;
  const inPieces: ConnectionEncrypter = {
    protocol: "pieces",
    secureInbound: async (inner) => inPieces.secureOutbound(inner),
    secureOutbound: async (inner) => {
      // A list of two pieces, as noise has it.
      const list = { byteLength: 4, subarray: () => Uint8Array.of(0, 2, 3, 4) };
      inner.send(list as unknown as Parameters<MessageStream["send"]>[0]);
      return {} as never;
    },
  };
  await inOnePiece(() => inPieces)({}).secureInbound(connection);
  await inOnePiece(() => inPieces)({}).secureOutbound(connection);
  expect(sent).toEqual([Uint8Array.of(0, 2, 3, 4), Uint8Array.of(0, 2, 3, 4)]);
});
