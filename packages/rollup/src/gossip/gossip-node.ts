import type { ExecutionPayload, Hex } from "@altlayer/engine";
import { noise } from "@chainsafe/libp2p-noise";
import { privateKeyFromRaw } from "@libp2p/crypto/keys";
import type { GossipSub } from "@libp2p/gossipsub";
import { gossipsub, StrictNoSign, TopicValidatorResult } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import type { Libp2p, PeerId } from "@libp2p/interface";
import { ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { RollupError } from "../errors.ts";
import type { KnownHistory } from "../mach/settled-history.ts";
import type { OpenBlock } from "../slices/open-block.ts";
import type { BlockSigner } from "./block-signature.ts";
import { BlockValidator } from "./block-validator.ts";
import { GossipError } from "./errors.ts";
import { historyProtocol, historyServer, requestHistory } from "./history-request.ts";
import { blocksTopic, encodeBlockMessage, messageId } from "./message.ts";
import { openBlockProtocol, openBlockServer, requestOpenBlock } from "./open-block.ts";
import { payloadByNumberProtocol, payloadServer, requestPayload } from "./payload-by-number.ts";
import { PEER_GUARD_DEFAULTS, PeerGuard } from "./peer-guard.ts";
import { requestTimeoutMs } from "./request-response.ts";
import { maxGossipBytes } from "./snappy.ts";

export interface GossipOptions {
  readonly chainId: number;
  /** secp256k1 key of this node's identity, 32 bytes. */
  readonly identityKey: Uint8Array;
  /** Multiaddrs to listen on; `/ip4/127.0.0.1/tcp/0` takes a free port. */
  readonly listen: readonly string[];
  /** Multiaddrs of peers that this node keeps a connection to. */
  readonly peers: readonly string[];
  readonly maxConnections: number;
}

export interface GossipDependencies {
  /** Signs this node's blocks; absent on a follower. */
  readonly signer?: BlockSigner;
  readonly unsafeBlockSigner: () => Hex;
  /** Whose blocks are still taken, since the change is recent. */
  readonly previousBlockSigner?: () => Hex | null;
  readonly hashOf: (payload: ExecutionPayload) => Hex;
  readonly payloadByNumber: (number: number) => Promise<ExecutionPayload | null>;
  /** What was executed here of the block in the making on that parent. */
  readonly openBlock: (parentHash: Hex) => OpenBlock | null;
  /** The history of MACH's service up to that block; `null` where it is not known, or without MACH. */
  readonly history: (height: number) => Promise<KnownHistory | null>;
  /** Takes validated blocks from the network. */
  readonly onBlock: (payload: ExecutionPayload) => void;
  readonly onRefused?: (reason: string) => void;
  /** Unix time in milliseconds, of the chain's clock. */
  readonly nowMs: () => number;
}

export interface GossipNode {
  readonly peerId: string;
  /** Listening multiaddrs, with this node's peer id. */
  readonly addresses: readonly string[];
  peers(): readonly string[];
  /** Publishes a block of our own; a node without a signer cannot. */
  publish(payload: ExecutionPayload): Promise<void>;
  /** Asks the connected peers in turn for the canonical block of that number; null if none has it. */
  requestPayload(number: number): Promise<ExecutionPayload | null>;
  /** Offers what each connected peer executed of the block on that parent, until one is taken; null if none is. */
  requestOpenBlock<T>(parentHash: Hex, take: (block: OpenBlock) => Promise<T | null>): Promise<T | null>;
  /** What each connected peer says of the history of MACH's service up to that block. */
  requestHistories(height: number): Promise<readonly KnownHistory[]>;
  close(): Promise<void>;
}

const redialIntervalMs = 5_000;

/**
 * Joins the OP Stack's gossip of unsafe blocks (specs/protocol/rollup-node-p2p.md), with static peers.
 * @throws RollupError `CONFIG_INVALID` for a peer that is no multiaddress
 */
export async function startGossip(options: GossipOptions, dependencies: GossipDependencies): Promise<GossipNode> {
  const topic = blocksTopic(options.chainId);
  const staticPeers = options.peers.map(staticPeer);
  const protocol = payloadByNumberProtocol(options.chainId);
  const validator = new BlockValidator(options, {
    unsafeBlockSigner: dependencies.unsafeBlockSigner,
    ...(dependencies.previousBlockSigner === undefined
      ? {}
      : { previousBlockSigner: dependencies.previousBlockSigner }),
    hashOf: dependencies.hashOf,
    now: () => Math.floor(dependencies.nowMs() / 1000),
  });
  const guard = new PeerGuard(PEER_GUARD_DEFAULTS, { now: () => performance.now() });
  const node: Libp2p<{ pubsub: GossipSub }> = await createLibp2p({
    privateKey: privateKeyFromRaw(options.identityKey),
    addresses: { listen: [...options.listen] },
    nodeInfo: { name: "altlayer" },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { maxConnections: options.maxConnections },
    connectionGater: {
      denyDialPeer: (peer) => guard.isBanned(peer.toString()),
      denyInboundEncryptedConnection: (peer) => guard.isBanned(peer.toString()),
    },
    services: {
      identify: identify(),
      ping: ping(),
      pubsub: gossipsub({
        globalSignaturePolicy: StrictNoSign,
        allowedTopics: [topic],
        // The values that op-node runs with, so that both sides keep the same mesh.
        D: 8,
        Dlo: 6,
        Dhi: 12,
        Dlazy: 6,
        heartbeatInterval: 500,
        fanoutTTL: 24_000,
        mcacheLength: 12,
        mcacheGossip: 3,
        seenTTL: 65_000,
        floodPublish: true,
        fallbackToFloodsub: false,
        allowPublishToZeroTopicPeers: true,
        ignoreDuplicatePublishError: true,
        maxInboundDataLength: maxGossipBytes,
        msgIdFn: (message) => messageId(message.topic, message.data),
      }),
    },
  });
  const openBlocks = openBlockProtocol(options.chainId);
  const histories = historyProtocol(options.chainId);
  for (const [name, server] of [
    [protocol, payloadServer(dependencies)],
    [openBlocks, openBlockServer(dependencies)],
    [histories, historyServer(dependencies)],
  ] as const) {
    await node.handle(name, (stream, connection) => server.handle(stream, connection.remotePeer), {
      maxInboundStreams: 16,
    });
  }
  node.services.pubsub.topicValidators.set(topic, (peer, message) => {
    const from = peer.toString();
    if (!guard.admit(from)) {
      dependencies.onRefused?.(`peer ${from} sends too much`);
      return TopicValidatorResult.Ignore;
    }
    const result = validator.validate(message.data);
    if (result.verdict === "accept") {
      dependencies.onBlock(result.payload);
      return TopicValidatorResult.Accept;
    }
    dependencies.onRefused?.(result.reason);
    if (result.verdict === "reject" && result.offence && guard.offend(from)) {
      dependencies.onRefused?.(`peer ${from} is sent away: too many invalid messages`);
      // Away already is as good.
      node.hangUp(peer).catch(() => {});
    }
    return result.verdict === "ignore" ? TopicValidatorResult.Ignore : TopicValidatorResult.Reject;
  });
  node.services.pubsub.subscribe(topic);

  const dialPeers = async () => {
    const connected = new Set(node.getPeers().map(String));
    const missing = staticPeers.filter(({ id }) => !connected.has(id));
    // A static peer that is away is tried again at the next turn.
    await Promise.allSettled(
      missing.map(({ address }) => node.dial(address, { signal: AbortSignal.timeout(redialIntervalMs) })),
    );
  };
  let dialing: Promise<void> = dialPeers();
  const redial = setInterval(() => {
    dialing = dialPeers();
  }, redialIntervalMs);

  const streamTo = (peer: PeerId, name: string) =>
    node.dialProtocol(peer, name, { signal: AbortSignal.timeout(requestTimeoutMs) });
  /** Asks the connected peers in turn, until one gives what is wanted. */
  const askAll = async <T>(ask: (peer: PeerId) => Promise<T | null>): Promise<T | null> => {
    for (const peer of node.getPeers()) {
      try {
        const answer = await ask(peer);
        if (answer !== null) return answer;
      } catch (error) {
        dependencies.onRefused?.(`peer ${peer}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return null;
  };

  return {
    peerId: node.peerId.toString(),
    addresses: node.getMultiaddrs().map(String),
    peers: () => node.getPeers().map(String),
    async publish(payload) {
      if (dependencies.signer === undefined) {
        throw new GossipError("request-failed", "this node has no key to sign blocks with");
      }
      const message = await encodeBlockMessage({ chainId: options.chainId, payload }, { signer: dependencies.signer });
      await node.services.pubsub.publish(topic, message);
    },
    requestPayload: (number) =>
      askAll(async (peer) => {
        const payload = await requestPayload(await streamTo(peer, protocol), number);
        if (dependencies.hashOf(payload) === payload.blockHash) return payload;
        dependencies.onRefused?.(`peer ${peer} answered with a payload that does not hash to its block hash`);
        return null;
      }),
    requestOpenBlock: (parentHash, take) =>
      askAll(async (peer) => take(await requestOpenBlock(await streamTo(peer, openBlocks), parentHash))),
    async requestHistories(height) {
      const answers: KnownHistory[] = [];
      await askAll(async (peer) => {
        answers.push(await requestHistory(await streamTo(peer, histories), height));
        return null;
      });
      return answers;
    },
    async close() {
      clearInterval(redial);
      await dialing;
      await node.stop();
    },
  };
}

/** Where a configured peer is dialled, and who it must be; the id is empty where the address names none. */
function staticPeer(text: string): { readonly address: Multiaddr; readonly id: string } {
  try {
    const address = multiaddr(text);
    return { address, id: address.getComponents().at(-1)?.value ?? "" };
  } catch (cause) {
    const message = `gossip.peers: ${text} is no multiaddress, such as /ip4/10.0.0.1/tcp/9222/p2p/16Uiu2...`;
    throw new RollupError("CONFIG_INVALID", message, { severity: "critical", data: { peer: text }, cause });
  }
}
