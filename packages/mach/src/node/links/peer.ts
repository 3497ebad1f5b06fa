import type { Hex } from "@altlayer/protocol";
import type { Stream } from "@libp2p/interface";
import { MachError } from "../../errors.ts";
import { decodeFrame, encodeFrame, type Frame, MAX_FRAME_BYTES, type SignedLink } from "./wire.ts";

/** Frames waiting to be sent to one peer. At the limit the oldest goes: what is newer says more, and shares are sent again. */
const MAX_QUEUED = 1_024;
/** Frames of one peer that are looked at between two refills; at zero its stream is paused, so it is the sender who waits. */
const BUDGET = { refill: 100, most: 400 } as const;
/** Called so often, by whoever holds the peers: 1,000 frames a second. */
export const REFILL_MS = 100;
const DRAIN_TIMEOUT_MS = 30_000;

export interface PeerDependencies {
  readonly onFrame: (frame: Frame) => void;
  readonly onFault: (error: unknown) => void;
  readonly onDropped: () => void;
}

/** One peer of the network: its queues, and the operator that it speaks for once that is checked. */
export class Peer {
  /** libp2p's peer id as text. */
  readonly id: string;
  /** Its multihash, as `Link` has it. */
  readonly idBytes: Hex;
  /** What it says; null: speaks for nobody. Undefined before its first frame. */
  link: SignedLink | null | undefined;
  /** Set where `link` is checked and the newest of its operator. */
  operator: Hex | null = null;
  readonly #dependencies: PeerDependencies;
  #inbound: Stream | null = null;
  /** `hello` until it was sent. */
  #outbound: { readonly stream: Stream; readonly hello: Uint8Array | null } | null = null;
  #received: Uint8Array = new Uint8Array();
  #queue: Uint8Array[] = [];
  #pumping = false;
  #budget: number = BUDGET.most;

  constructor(identity: { readonly id: string; readonly idBytes: Hex }, dependencies: PeerDependencies) {
    this.id = identity.id;
    this.idBytes = identity.idBytes;
    this.#dependencies = dependencies;
  }

  send(frame: Frame): void {
    this.sendEncoded(encodeFrame(frame));
  }

  /** Of a frame for many peers: encoded once. */
  sendEncoded(encoded: Uint8Array): void {
    this.#queue.push(encoded);
    if (this.#queue.length > MAX_QUEUED) {
      this.#queue.shift();
      this.#dependencies.onDropped();
    }
    void this.#pump();
  }

  /** The stream to send on; `hello` goes first. */
  attach(stream: Stream, hello: Frame): void {
    this.#outbound = { stream, hello: encodeFrame(hello) };
    void this.#pump();
  }

  /** The stream to read from; a newer one takes the place of an older. */
  read(stream: Stream): void {
    this.#inbound?.abort(new MachError("MALFORMED_FRAME", "the peer opened another stream"));
    this.#inbound = stream;
    this.#received = new Uint8Array();
    this.link = undefined;
    stream.addEventListener("message", ({ data }) => {
      if (this.#inbound !== stream) return;
      this.#received = Buffer.concat([this.#received, data.subarray()]);
      this.#take();
    });
  }

  /** Lets it say more. */
  refill(): void {
    const waited = this.#budget <= 0;
    this.#budget = Math.min(BUDGET.most, this.#budget + BUDGET.refill);
    if (!waited) return;
    this.#take();
    if (this.#budget > 0 && this.#inbound?.readStatus === "paused") this.#inbound.resume();
  }

  #take(): void {
    const bytes = Buffer.from(this.#received.buffer, this.#received.byteOffset, this.#received.byteLength);
    let at = 0;
    try {
      while (at + 4 <= bytes.length && this.#budget > 0) {
        const length = bytes.readUInt32BE(at);
        if (length < 1 || length > MAX_FRAME_BYTES) {
          throw new MachError("MALFORMED_FRAME", "a peer sent a frame of no such length", { length });
        }
        if (at + 4 + length > bytes.length) break;
        const frame = decodeFrame(bytes.subarray(at + 4, at + 4 + length));
        at += 4 + length;
        this.#budget--;
        this.#hand(frame);
      }
    } catch (error) {
      this.#received = new Uint8Array();
      this.#dependencies.onFault(error);
      return;
    }
    this.#received = bytes.subarray(at);
    if (this.#budget <= 0 && this.#inbound?.readStatus === "readable") this.#inbound.pause();
  }

  #hand(frame: Frame): void {
    if (frame.type === "hello") {
      if (this.link !== undefined) throw new MachError("MALFORMED_FRAME", "a peer said hello twice");
      this.link = frame.link;
    } else if (this.link === undefined) {
      throw new MachError("MALFORMED_FRAME", "a peer did not say hello first");
    }
    this.#dependencies.onFrame(frame);
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    // Looked up anew for each frame: a new stream may have come while the old one was full, and hello is its first.
    for (let outbound = this.#outbound; outbound !== null; outbound = this.#outbound) {
      const { stream, hello } = outbound;
      const frame = hello ?? this.#queue.shift();
      if (frame === undefined) break;
      if (hello !== null) this.#outbound = { stream, hello: null };
      try {
        if (!stream.send(frame)) await stream.onDrain({ signal: AbortSignal.timeout(DRAIN_TIMEOUT_MS) });
      } catch (error) {
        // The stream is gone or stuck; whoever opens another one sends on.
        stream.abort(error instanceof Error ? error : new MachError("LINK_CLOSED", String(error)));
        if (this.#outbound?.stream === stream) this.#outbound = null;
      }
    }
    this.#pumping = false;
  }
}
