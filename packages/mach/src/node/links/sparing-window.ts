import type { Stream } from "@libp2p/interface";
import { StreamState, YamuxStream } from "@libp2p/yamux/stream";

/** Half of what may be sent on a stream at first, by yamux's specification: who sends has as much left meanwhile. */
const TELL_EVERY_BYTES = 128 * 1024;

/**
 * Has a stream that is read tell the other side that it may send on once half of its window is used. Yamux by itself
 * answers every message with one that says so, which costs both sides as much as the message.
 */
export function sparingWindow(stream: Stream): void {
  if (!(stream instanceof YamuxStream)) return;
  const tell = stream.sendWindowUpdate.bind(stream);
  let used = 0;
  stream.addEventListener("message", ({ data }) => {
    used += data.byteLength;
  });
  stream.sendWindowUpdate = () => {
    // Before that it says that the stream is taken; while the stream is paused, nothing.
    if (stream.state === StreamState.Established && used < TELL_EVERY_BYTES) return;
    if (stream.state !== StreamState.Paused) used = 0;
    tell();
  };
}
