import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, expect, it } from "vitest";
import { WebSocket } from "ws";
import { silentLogger } from "../src/log.ts";
import type { CertificationPoint } from "../src/slices/certification-points.ts";
import type { DetailedSlice, SliceFeed, SliceListener } from "../src/slices/slice-feed.ts";
import { type SliceStream, startSliceStream } from "../src/slices/stream-server.ts";
import { until } from "./support/until.ts";

let stream: SliceStream | undefined;
afterEach(() => stream?.close());

let listener: SliceListener = {};
let mark: (point: CertificationPoint) => void = () => {};

function start(sign: ((hash: `0x${string}`) => Promise<`0x${string}`>) | null = null): Promise<SliceStream> {
  const feed = {
    listen: (added: SliceListener) => {
      listener = added;
      return () => {};
    },
  };
  const points = {
    listen: (added: typeof mark) => {
      mark = added;
      return () => {};
    },
  };
  return startSliceStream(
    { host: "127.0.0.1", port: 0, chainId: 901, maxClients: 4, maxBufferedBytes: 1_024 },
    {
      feed: feed as unknown as SliceFeed,
      points,
      sign,
      payloadByNumber: async () => null,
      log: silentLogger,
    },
  );
}

/** The first line that a handshake for that target is answered with. */
async function handshake(port: number, target: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const key = Buffer.alloc(16).toString("base64");
  socket.write(
    `GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${key}\r\n\r\n`,
  );
  const [data] = (await once(socket, "data", { signal: AbortSignal.timeout(60_000) })) as [Buffer];
  socket.destroy();
  return data.toString("latin1").split("\r\n")[0] ?? "";
}

it("refuses targets that are no paths of its own, and no URLs either, and goes on", async () => {
  stream = await start();
  const port = Number(new URL(stream.url).port);
  for (const target of ["//", "///", "http://[", "/slices", "/elsewhere", "*"]) {
    expect([target, await handshake(port, target)]).toEqual([target, "HTTP/1.1 404 Not Found"]);
  }
  for (const target of ["/", "/ws", "/ws?who=me"]) {
    expect([target, await handshake(port, target)]).toEqual([target, "HTTP/1.1 101 Switching Protocols"]);
  }
  const client = new WebSocket(stream.url);
  await once(client, "open", { signal: AbortSignal.timeout(60_000) });
  client.terminate();
});

it("goes on, in order, after a slice that could not be signed", async () => {
  const hash = (digit: string) => `0x${digit.repeat(64)}` as const;
  let signed = 0;
  stream = await start(async () => {
    if (++signed === 2) throw new TypeError("the signer is away");
    return `0x${"11".repeat(65)}`;
  });
  const client = new WebSocket(`${stream.url}/slices`);
  const messages: { readonly slice?: { readonly index: number }; readonly mark?: { readonly index: number } }[] = [];
  client.on("message", (data) => messages.push(JSON.parse(String(data))));
  await once(client, "open", { signal: AbortSignal.timeout(60_000) });
  const slice = (index: number) =>
    listener.slice?.({
      ...{ kind: "slice", number: 1, parentHash: hash("a"), index, id: hash(String(index)), previousId: hash("0") },
      detail: { flashblock: "{}" },
    } as unknown as DetailedSlice);
  for (const index of [1, 2, 3]) slice(index);
  mark({ parentHash: hash("a"), index: 3, id: hash("3") } as CertificationPoint);
  await until(() => messages.length === 3);
  expect(messages.map((message) => [message.slice?.index, message.mark?.index])).toEqual([
    [1, undefined],
    [3, undefined],
    [undefined, 3],
  ]);
  client.terminate();
});
