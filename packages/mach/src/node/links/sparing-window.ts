import type { Stream } from "@libp2p/interface";
import { StreamState, YamuxStream } from "@libp2p/yamux/stream";

/**
 * Has a stream that is read tell the other side that it may send on once half of its window is used. Yamux by itself
 * answers every message with one that says so, which costs both sides as much as the message.
 */
export function sparingWindow(stream: Stream): void {
  if (!(stream instanceof YamuxStream)) return;
  const tell = stream.sendWindowUpdate.bind(stream);
  stream.sendWindowUpdate = () => {
    // The first one also says that the stream is taken.
    const isOpen = stream.state === StreamState.Established;
    if (!isOpen || 2 * stream.recvWindowCapacity <= stream.recvWindow) tell();
  };
}
