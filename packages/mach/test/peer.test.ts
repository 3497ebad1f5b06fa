import type { Stream } from "@libp2p/interface";
import { expect, test } from "vitest";
import { Peer } from "../src/node/links/peer.ts";
import { decodeFrame, type Frame } from "../src/node/links/wire.ts";

/** What of a stream is written to: full when told so, and broken when told so. */
class Outbound {
  readonly sent: string[] = [];
  full = false;
  drained = Promise.withResolvers<void>();
  aborted = false;

  send(bytes: Uint8Array): boolean {
    if (this.aborted) throw new TypeError("closed");
    this.sent.push(decodeFrame(bytes.subarray(4)).type);
    return !this.full;
  }

  onDrain(): Promise<void> {
    return this.drained.promise;
  }

  abort(): void {
    this.aborted = true;
  }
}

const hello: Frame = { type: "hello", link: null };
const stream = (outbound: Outbound) => outbound as unknown as Stream;

function peerWith(dropped: () => void = () => {}): Peer {
  return new Peer({ id: "peer", idBytes: "0x00" }, { onFrame: () => {}, onFault: () => {}, onDropped: dropped });
}

test("hello is first on every stream, also where the one before it was full and broke", async () => {
  const peer = peerWith();
  const first = new Outbound();
  first.full = true;
  peer.attach(stream(first), hello);
  for (let i = 0; i < 3; i++) peer.send({ type: "ask" });
  expect(first.sent).toEqual(["hello"]);
  const second = new Outbound();
  peer.attach(stream(second), hello);
  first.drained.reject(new TypeError("reset"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(first.aborted).toBe(true);
  expect(second.sent).toEqual(["hello", "ask", "ask", "ask"]);
});

test("what is sent to a slow peer is bounded: the oldest goes, and is counted", async () => {
  let dropped = 0;
  const peer = peerWith(() => dropped++);
  peer.send({ type: "ask" });
  for (let i = 0; i < 1_025; i++) peer.send({ type: "served" });
  expect(dropped).toBe(2);
  const outbound = new Outbound();
  peer.attach(stream(outbound), hello);
  await new Promise((resolve) => setImmediate(resolve));
  expect(outbound.sent).toHaveLength(1 + 1_024);
  expect(outbound.sent).not.toContain("ask");
});
