import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Engine, ExecutionPayload, Hex, PayloadStatus } from "@altlayer/engine";
import type { RollupConfig } from "@altlayer/protocol";
import { hexToBytes } from "viem/utils";
import type { Clock } from "../clock.ts";
import type { NodeConfig } from "../config/node-config.ts";
import { readIfThere, writeDurably } from "../durable-file.ts";
import { RollupError } from "../errors.ts";
import type { BlockSigner } from "../gossip/block-signature.ts";
import { type GossipNode, startGossip } from "../gossip/gossip-node.ts";
import { payloadHash } from "../gossip/payload-hash.ts";
import { UnsafeSync } from "../gossip/unsafe-sync.ts";
import type { Logger } from "../log.ts";
import type { KnownHistory } from "../mach/settled-history.ts";
import type { OpenBlock } from "../slices/open-block.ts";
import type { RotatingSigner } from "./rotating-signer.ts";

export interface GossipService {
  readonly node: GossipNode;
  /** Blocks since the start, by what happened to them. */
  readonly counts: Readonly<Record<"received" | "refused" | "published", number>>;
  close(): Promise<void>;
}

/** Joins the network of unsafe blocks: publishes as the sequencer, imports as a follower. */
export async function startGossipService(
  options: {
    readonly config: NonNullable<NodeConfig["gossip"]>;
    readonly dataDir: string;
    readonly rollup: RollupConfig;
  },
  dependencies: {
    readonly engine: Engine;
    readonly insert: (payload: ExecutionPayload) => Promise<PayloadStatus>;
    /** The sequencer's signature on that block is good. */
    readonly signed: (payload: ExecutionPayload) => void;
    readonly unsafeBlockSigner: () => Hex;
    /** What was executed here of the block in the making on that parent. */
    readonly openBlock: (parentHash: Hex) => OpenBlock | null;
    /** The history of MACH's service up to that block. */
    readonly history: (height: number) => Promise<KnownHistory | null>;
    readonly previousBlockSigner: () => Hex | null;
    readonly signer: RotatingSigner | null;
    readonly clock: Clock;
    readonly log: Logger;
  },
): Promise<GossipService> {
  const { engine, insert, unsafeBlockSigner, previousBlockSigner, clock, log } = dependencies;
  const { rollup } = options;
  const counts = { received: 0, refused: 0, published: 0 };
  let node: GossipNode | null = null;
  const sync = new UnsafeSync({
    heads: () => engine.heads(),
    insert,
    request: async (number) => (await node?.requestPayload(number)) ?? null,
    onProblem: (problem) => log.debug("unsafe sync", { problem }),
  });
  const joined = await startGossip(
    {
      chainId: rollup.l2ChainId,
      identityKey: await identityKey(options.dataDir),
      listen: options.config.listen,
      peers: options.config.peers,
      maxConnections: options.config.maxConnections,
    },
    {
      ...(dependencies.signer ? { signer: accountSigner(dependencies.signer) } : {}),
      unsafeBlockSigner,
      previousBlockSigner,
      hashOf: payloadHash,
      payloadByNumber: (number) => engine.payloadByNumber(number),
      openBlock: dependencies.openBlock,
      history: dependencies.history,
      onBlock: (payload) => {
        counts.received++;
        dependencies.signed(payload);
        sync.add(payload);
      },
      onRefused: (reason) => {
        counts.refused++;
        log.debug("gossip refused", { reason });
      },
      nowMs: () => clock.nowMs(),
    },
  );
  const started: GossipNode = {
    ...joined,
    publish: async (payload) => {
      await joined.publish(payload);
      counts.published++;
    },
  };
  log.info("gossip", { peerId: started.peerId, addresses: started.addresses.join(" ") });
  node = started;
  return {
    node: started,
    counts,
    close: async () => {
      await sync.close();
      await started.close();
    },
  };
}

function accountSigner(account: RotatingSigner): BlockSigner {
  return {
    sign: async (digest) => {
      const signature = hexToBytes(await account.sign({ hash: `0x${Buffer.from(digest).toString("hex")}` }));
      // viem ends a signature with v (27 or 28), gossip with the recovery id.
      const out = Uint8Array.from(signature);
      out[64] = (signature[64] ?? 27) - 27;
      return out;
    },
  };
}

/** The network identity, made once and kept: peers know this node by it. @throws RollupError `KEY_INVALID` */
async function identityKey(dataDir: string): Promise<Uint8Array> {
  const path = join(dataDir, "gossip-identity");
  const known = await readIfThere(path);
  if (known?.length === 32) return known;
  if (known) {
    const message = `${path} holds no key of 32 bytes: restore it, or remove it and give the peers this node's new address`;
    throw new RollupError("KEY_INVALID", message, { severity: "critical", data: { path } });
  }
  const key = randomBytes(32);
  await writeDurably(path, key);
  return key;
}
