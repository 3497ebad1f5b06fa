import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, expect, it } from "vitest";
import { WebSocket } from "ws";
import { silentLogger } from "../src/log.ts";
import type { SliceFeed } from "../src/slices/slice-feed.ts";
import { type SliceStream, startSliceStream } from "../src/slices/stream-server.ts";

let stream: SliceStream | undefined;
afterEach(() => stream?.close());

function start(): Promise<SliceStream> {
  return startSliceStream(
    { host: "127.0.0.1", port: 0, chainId: 901, maxClients: 4, maxBufferedBytes: 1_024 },
    {
      feed: { listen: () => () => {} } as unknown as SliceFeed,
      points: { listen: () => () => {} },
      sign: null,
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
