import { randomBytes } from "node:crypto";
import type { ExecutionPayload, Heads, Hex } from "@altlayer/engine";
import { privateKeyToAddress } from "viem/accounts";
import { afterEach, expect, test } from "vitest";
import { localBlockSigner } from "../../src/gossip/block-signature.ts";
import { BlockValidator } from "../../src/gossip/block-validator.ts";
import type { GossipNode } from "../../src/gossip/gossip-node.ts";
import { startGossip } from "../../src/gossip/gossip-node.ts";
import { encodeBlockMessage } from "../../src/gossip/message.ts";
import { PEER_GUARD_DEFAULTS, PeerGuard } from "../../src/gossip/peer-guard.ts";
import { UnsafeSync } from "../../src/gossip/unsafe-sync.ts";
import type { OpenBlock } from "../../src/slices/open-block.ts";
import { until } from "../support/until.ts";
import { payloadFixture } from "./fixtures.ts";

const key = Buffer.alloc(32, 0x11);
const signerAddress = privateKeyToAddress(`0x${key.toString("hex")}`).toLowerCase() as Hex;
const nowMs = () => 1_000_000;

const running: GossipNode[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.close()));
});

async function join(options: {
  readonly peers?: readonly string[];
  readonly chain?: ReadonlyMap<number, ExecutionPayload>;
  readonly open?: ReadonlyMap<Hex, OpenBlock>;
  readonly onBlock?: (payload: ExecutionPayload) => void;
  readonly onRefused?: (reason: string) => void;
  readonly signs?: boolean;
  readonly key?: Uint8Array;
}): Promise<GossipNode> {
  const node = await startGossip(
    {
      chainId: 901,
      identityKey: randomBytes(32),
      listen: ["/ip4/127.0.0.1/tcp/0"],
      peers: options.peers ?? [],
      maxConnections: 10,
    },
    {
      ...(options.signs ? { signer: localBlockSigner(options.key ?? key) } : {}),
      unsafeBlockSigner: () => signerAddress,
      hashOf: (payload) => payload.blockHash,
      payloadByNumber: async (number) => options.chain?.get(number) ?? null,
      history: async () => null,
      openBlock: (parentHash) => options.open?.get(parentHash) ?? null,
      onBlock: options.onBlock ?? (() => {}),
      ...(options.onRefused ? { onRefused: options.onRefused } : {}),
      nowMs,
    },
  );
  running.push(node);
  return node;
}

function chainOf(length: number): Map<number, ExecutionPayload> {
  const hash = (number: number): Hex => `0x${number.toString(16).padStart(64, "0")}`;
  return new Map(
    Array.from({ length }, (_, index) => {
      const number = index + 1;
      return [
        number,
        payloadFixture({
          blockNumber: `0x${number.toString(16)}`,
          blockHash: hash(number),
          parentHash: hash(number - 1),
          transactions: [`0x${randomBytes(70_000).toString("hex")}`],
        }),
      ];
    }),
  );
}

test("a block in the making is had from whoever executed it, and another peer is asked where it will not do", async () => {
  const parent: Hex = `0x${"0a".repeat(32)}`;
  const attributes = {
    timestamp: 1_700_000_000,
    prevRandao: parent,
    suggestedFeeRecipient: `0x${"0b".repeat(20)}`,
    parentBeaconBlockRoot: parent,
    transactions: ["0x7e00"],
    noTxPool: false,
    gasLimit: 30_000_000,
    eip1559Params: "0x0000000000000000",
  } as const;
  const blockOf = (...transactions: readonly Hex[]): OpenBlock => ({ attributes, transactions });
  const long = `0x${randomBytes(300_000).toString("hex")}` as const;
  const wrong = await join({ open: new Map([[parent, blockOf("0x02ff")]]) });
  const right = await join({ open: new Map([[parent, blockOf("0x0201", long)]]) });
  const malformed = await join({ open: new Map([[parent, blockOf("no hex" as Hex)]]) });
  const nothing = await join({});
  const refused: string[] = [];
  const sequencer = await join({
    peers: [nothing, malformed, wrong, right].flatMap(({ addresses }) => addresses),
    onRefused: (reason) => refused.push(reason),
  });
  await until(() => sequencer.peers().length === 4);
  const take = async (block: OpenBlock) => (block.transactions.length === 2 ? block : null);
  expect(await sequencer.requestOpenBlock(parent, take)).toEqual(blockOf("0x0201", long));
  expect(await sequencer.requestOpenBlock(`0x${"0c".repeat(32)}`, take)).toBeNull();
  expect(refused.some((reason) => reason.includes("not found"))).toBe(true);
}, 30_000);

test("a published block reaches a follower two hops away", async () => {
  const received: ExecutionPayload[] = [];
  const sequencer = await join({ signs: true });
  const middle = await join({ peers: sequencer.addresses });
  const follower = await join({ peers: middle.addresses, onBlock: (payload) => received.push(payload) });
  await until(() => follower.peers().length > 0 && middle.peers().length > 1);
  const payload = payloadFixture();
  // The mesh forms with the heartbeat: publishing again is what a sequencer's next block does.
  for (let attempt = 0; attempt < 50 && received.length === 0; attempt++) {
    await sequencer.publish({ ...payload, blockHash: `0x${String(attempt).padStart(64, "0")}` });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(received[0]).toMatchObject({ parentHash: payload.parentHash, transactions: payload.transactions });
}, 30_000);

test("a follower closes a gap by requests and ends on the sequencer's head", async () => {
  const chain = chainOf(30);
  const sequencer = await join({ signs: true, chain });
  const follower = await join({ peers: sequencer.addresses });
  await until(() => follower.peers().length > 0);
  expect(await follower.requestPayload(31)).toBeNull();

  const genesis = {
    number: 0,
    hash: `0x${"0".repeat(64)}` as Hex,
    parentHash: `0x${"0".repeat(64)}` as Hex,
    timestamp: 0,
  };
  let heads: Heads = { unsafe: genesis, safe: genesis, finalized: genesis };
  const sync = new UnsafeSync({
    heads: () => heads,
    request: (number) => follower.requestPayload(number),
    insert: async (payload) => {
      if (payload.parentHash !== heads.unsafe.hash) return { status: "SYNCING" };
      const unsafe = {
        number: Number(payload.blockNumber),
        hash: payload.blockHash,
        parentHash: payload.parentHash,
        timestamp: 0,
      };
      heads = { ...heads, unsafe };
      return { status: "VALID", latestValidHash: payload.blockHash };
    },
  });
  sync.add(chain.get(30) as ExecutionPayload);
  await until(() => heads.unsafe.number === 30, 20_000);
  await sync.close();
}, 40_000);

test("a peer that floods with blocks of a wrong key is sent away and kept out; others are heard", async () => {
  const received: ExecutionPayload[] = [];
  const refused: string[] = [];
  const follower = await join({
    onBlock: (payload) => received.push(payload),
    onRefused: (reason) => refused.push(reason),
  });
  const sequencer = await join({ signs: true, peers: follower.addresses });
  const flooder = await join({ signs: true, key: Buffer.alloc(32, 0x22), peers: follower.addresses });
  await until(() => follower.peers().length === 2);
  const block = (at: number) => payloadFixture({ blockHash: `0x${String(at).padStart(64, "0")}` });
  for (let at = 0; at < 400 && follower.peers().includes(flooder.peerId); at++) {
    await flooder.publish(block(at));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await until(() => !follower.peers().includes(flooder.peerId));
  // Each look cost a signature recovery: there were no more of them than allowed.
  expect(refused.filter((reason) => reason.startsWith("signed by")).length).toBeLessThanOrEqual(101);
  for (let at = 1_000; at < 1_100 && received.length === 0; at++) {
    await sequencer.publish(block(at));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(received.length).toBeGreaterThan(0);
  // The flooder dials again at its next turn, and is refused.
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  expect(follower.peers()).toEqual([sequencer.peerId]);
}, 60_000);

test("old blocks, well signed, are refused before their signature is looked at, and blame nobody", async () => {
  const guard = new PeerGuard({ ...PEER_GUARD_DEFAULTS, maxOffences: 2 }, { now: () => 0 });
  const validator = new BlockValidator(
    { chainId: 901 },
    { unsafeBlockSigner: () => signerAddress, hashOf: (payload) => payload.blockHash, now: () => 1_000 },
  );
  const old = await encodeBlockMessage(
    { chainId: 901, payload: payloadFixture({ timestamp: "0x1" }) },
    { signer: { sign: async () => new Uint8Array(65).fill(0xff) } },
  );
  expect(validator.validate(old)).toEqual({ verdict: "reject", reason: "payload is 999 s old", offence: false });
  expect(validator.validate(randomBytes(100))).toMatchObject({ verdict: "reject", offence: true });
  expect([guard.offend("a"), guard.isBanned("a"), guard.offend("a"), guard.isBanned("a"), guard.admit("a")]).toEqual([
    false,
    false,
    true,
    true,
    false,
  ]);
});

test("while the signer is not known nobody is judged", () => {
  const validator = new BlockValidator(
    { chainId: 901 },
    { unsafeBlockSigner: () => `0x${"00".repeat(20)}`, hashOf: (payload) => payload.blockHash, now: () => 1_000 },
  );
  expect(validator.validate(randomBytes(100)).verdict).toBe("ignore");
});

test("a configured peer that is no multiaddress is named, not tried for ever", async () => {
  const named = { code: "CONFIG_INVALID", data: { peer: "10.0.0.1:9222" } };
  await expect(join({ peers: ["/ip4/127.0.0.1/tcp/9", "10.0.0.1:9222"] })).rejects.toMatchObject(named);
});
