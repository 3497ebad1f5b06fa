import { bytesToHex, type Hex } from "@altlayer/protocol";
import { noise } from "@chainsafe/libp2p-noise";
import { privateKeyFromRaw } from "@libp2p/crypto/keys";
import type { Libp2p, PeerId } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { MachError } from "../../errors.ts";
import type { MachLog } from "../options.ts";
import { inOnePiece } from "./in-one-piece.ts";
import { Peer, REFILL_MS } from "./peer.ts";
import { sparingWindow } from "./sparing-window.ts";
import { encodeFrame, type Frame, type SignedLink } from "./wire.ts";

export interface LinksOptions {
  /** Of the service: peers of another one do not speak this protocol. */
  readonly domainSeparator: Hex;
  /** Private key of this node's identity: 64 bytes of Ed25519 (with the public key), or 32 of secp256k1. */
  readonly identityKey: Uint8Array;
  readonly listen: readonly string[];
  readonly peers: readonly string[];
  readonly maxConnections: number;
}

export interface LinksDependencies {
  /** Whom this node speaks for, under its peer id. */
  readonly ownLink: (peerId: Hex) => Promise<SignedLink | null>;
  readonly onFrame: (peer: Peer, frame: Frame) => void;
  readonly onGone: (peer: Peer) => void;
  readonly count: (name: string) => void;
  readonly log: MachLog;
}

const REDIAL_MS = 1_000;
const OPEN_TIMEOUT_MS = 10_000;
const BAN_MS = 60_000;
const MAX_BANS = 1_024;
/** libp2p keeps connections of tagged peers when it has too many. */
const OPERATOR_TAG = "altlayer-mach-operator";

/** Connections to other nodes of a service: libp2p over TCP, encrypted by noise, one stream in each direction. */
export class Links {
  readonly #options: LinksOptions;
  readonly #dependencies: LinksDependencies;
  readonly #protocol: string;
  readonly #peers = new Map<string, Peer>();
  readonly #staticPeers: readonly StaticPeer[];
  readonly #bannedUntil = new Map<string, number>();
  /** By multiaddr, once it was dialled. */
  readonly #dialled = new Map<string, string>();
  #node!: Libp2p;
  #hello: Frame = { type: "hello", link: null };
  #timers: NodeJS.Timeout[] = [];
  #dialling: Promise<void> = Promise.resolve();
  #isDialling = false;
  #closed = false;

  private constructor(options: LinksOptions, dependencies: LinksDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#staticPeers = options.peers.map(staticPeer);
    this.#protocol = `/altlayer/mach/1/${options.domainSeparator}`;
  }

  /** @throws MachError `PEER_INVALID` */
  static async start(options: LinksOptions, dependencies: LinksDependencies): Promise<Links> {
    const links = new Links(options, dependencies);
    await links.#start();
    return links;
  }

  /** Listening multiaddrs, with this node's peer id. */
  get addresses(): readonly string[] {
    return this.#node.getMultiaddrs().map(String);
  }

  get peers(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  /** To all peers, or those that `to` admits. */
  broadcast(frame: Frame, to: (peer: Peer) => boolean = () => true): void {
    const encoded = encodeFrame(frame);
    for (const peer of this.#peers.values()) if (to(peer)) peer.sendEncoded(encoded);
  }

  /** Ends the connection, and takes none of the peer's for a while. */
  ban(peer: Peer, reason: string): void {
    this.#dependencies.count(`peers banned, ${reason}`);
    this.#dependencies.log.warn("peer banned", { peer: peer.id, reason, operator: peer.operator });
    this.#bannedUntil.delete(peer.id);
    this.#bannedUntil.set(peer.id, performance.now() + BAN_MS);
    for (const oldest of this.#bannedUntil.keys()) {
      if (this.#bannedUntil.size <= MAX_BANS) break;
      this.#bannedUntil.delete(oldest);
    }
    this.#gone(peer.id);
    const connected = this.#node.getPeers().find((id) => id.toString() === peer.id);
    // Away already is as good.
    if (connected !== undefined) this.#node.hangUp(connected).catch(() => {});
  }

  /** The peer speaks for an operator: libp2p drops others first. */
  async prefer(peer: Peer): Promise<void> {
    const id = this.#node.getPeers().find((each) => each.toString() === peer.id);
    if (id !== undefined) await this.#node.peerStore.merge(id, { tags: { [OPERATOR_TAG]: { value: 100 } } });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#dialling;
    await this.#node.stop();
  }

  async #start(): Promise<void> {
    const { identityKey, listen, maxConnections } = this.#options;
    const banned = (id: PeerId) => (this.#bannedUntil.get(id.toString()) ?? 0) > performance.now();
    this.#node = await createLibp2p({
      privateKey: privateKeyFromRaw(identityKey),
      addresses: { listen: [...listen] },
      transports: [tcp()],
      connectionEncrypters: [inOnePiece(noise())],
      streamMuxers: [yamux()],
      connectionManager: { maxConnections, inboundConnectionThreshold: 64, maxIncomingPendingConnections: 64 },
      connectionGater: { denyDialPeer: banned, denyInboundEncryptedConnection: banned },
      start: false,
    });
    const own = bytesToHex(this.#node.peerId.toMultihash().bytes);
    this.#hello = { type: "hello", link: await this.#dependencies.ownLink(own) };
    await this.#node.handle(
      this.#protocol,
      (stream, connection) => {
        if (banned(connection.remotePeer)) stream.abort(new MachError("LINK_CLOSED", "the peer is banned"));
        else {
          sparingWindow(stream);
          this.#peerOf(connection.remotePeer).read(stream);
        }
      },
      { maxInboundStreams: 2, maxOutboundStreams: 2 },
    );
    this.#node.addEventListener("peer:connect", ({ detail }) => void this.#open(detail));
    this.#node.addEventListener("peer:disconnect", ({ detail }) => this.#gone(detail.toString()));
    await this.#node.start();
    this.#dialling = this.#dial();
    this.#timers = [
      setInterval(() => {
        if (!this.#isDialling) this.#dialling = this.#dial();
      }, REDIAL_MS),
      setInterval(() => {
        for (const peer of this.#peers.values()) peer.refill();
      }, REFILL_MS),
    ];
  }

  #peerOf(id: PeerId): Peer {
    const known = this.#peers.get(id.toString());
    if (known !== undefined) return known;
    const identity = { id: id.toString(), idBytes: bytesToHex(id.toMultihash().bytes) };
    const peer: Peer = new Peer(identity, {
      onFrame: (frame) => this.#dependencies.onFrame(peer, frame),
      onFault: (error) => {
        this.#dependencies.log.debug("malformed frame", { peer: peer.id, error: String(error) });
        this.ban(peer, "MALFORMED");
      },
      onDropped: () => this.#dependencies.count("frames dropped for slow peers"),
    });
    this.#peers.set(identity.id, peer);
    return peer;
  }

  async #open(id: PeerId): Promise<void> {
    const peer = this.#peerOf(id);
    try {
      const signal = AbortSignal.timeout(OPEN_TIMEOUT_MS);
      const stream = await this.#node.dialProtocol(id, this.#protocol, { signal });
      stream.addEventListener("close", () => this.#reopen(id, peer), { once: true });
      peer.attach(stream, this.#hello);
    } catch (error) {
      this.#dependencies.log.debug("no stream to a peer", { peer: peer.id, error: String(error) });
      this.#reopen(id, peer);
    }
  }

  /** While the connection stands, a stream that ended is opened anew. */
  #reopen(id: PeerId, peer: Peer): void {
    if (this.#closed) return;
    setTimeout(() => {
      if (!this.#closed && this.#peers.get(peer.id) === peer && this.#node.getConnections(id).length > 0)
        void this.#open(id);
    }, REDIAL_MS).unref();
  }

  #gone(id: string): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    this.#peers.delete(id);
    peer.operator = null;
    this.#dependencies.onGone(peer);
  }

  async #dial(): Promise<void> {
    const connected = new Set(this.#node.getPeers().map(String));
    connected.add(this.#node.peerId.toString());
    const missing = this.#staticPeers.filter(({ id, text }) => !connected.has(id ?? this.#dialled.get(text) ?? ""));
    this.#isDialling = true;
    // One that is away is tried again at the next turn.
    await Promise.allSettled(
      missing.map(async ({ address, text }) => {
        const connection = await this.#node.dial(address, { signal: AbortSignal.timeout(OPEN_TIMEOUT_MS) });
        this.#dialled.set(text, connection.remotePeer.toString());
      }),
    );
    this.#isDialling = false;
  }
}

interface StaticPeer {
  readonly text: string;
  readonly address: Multiaddr;
  /** Who it must be; undefined where the address names nobody. */
  readonly id: string | undefined;
}

function staticPeer(text: string): StaticPeer {
  try {
    const address = multiaddr(text);
    return { text, address, id: address.getComponents().findLast(({ name }) => name === "p2p")?.value };
  } catch {
    const example = "/ip4/10.0.0.2/tcp/9333";
    throw new MachError("PEER_INVALID", `the peer ${text} is no multiaddress, such as ${example}`, { peer: text });
  }
}
