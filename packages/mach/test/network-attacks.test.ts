import { bn254 } from "@altlayer/engine";
import { type Base, bytesToHex, type Hex, hexToBytes, MachDigests } from "@altlayer/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MachService } from "../src/index.ts";
import { domainOf } from "../src/node/service-domain.ts";
import { Attacker, bodyOf } from "./support/attacker.ts";
import { blockMessage, type ExampleBlock, sliceMessage } from "./support/chain.ts";
import { Network, until } from "./support/network.ts";
import { at } from "./support/scripted-chain.ts";
import { keccak256 } from "./support/vectors.ts";

/** Four operators of equal weight, so that three are a quorum; what is not told to them is never certified by them. */
let network: Network;
let base: Base;
let observer: MachService;

beforeAll(async () => {
  network = await Network.start(4);
  for (const i of [0, 1, 2, 3]) await network.run(i);
  observer = await network.run(null);
  await network.ready();
  base = await network.rollup.base(0, 0);
  await network.rollup.block("a");
  await until("the first certificate", () => observer.certificate({ height: 1 }));
}, 60_000);
afterAll(() => network.close());

/** A block that nobody was told of, on top of the branch. */
async function unseen(label: string): Promise<ExampleBlock> {
  const branch = network.rollup.branch.fork(network.rollup.branch.blocks.length);
  return network.rollup.add([label], branch);
}

const counted = (service: MachService, name: string) => service.status().counters[name] ?? 0;

describe("shares", () => {
  test("of one who speaks for nobody are not counted", async () => {
    const [target] = network.services.values() as unknown as [MachService];
    const attacker = await Attacker.join(network, target);
    const message = blockMessage(at(network.rollup.branch, 1), base);
    attacker.send({ type: "share", share: { message, signature: await network.signer(1).sign(message) } });
    await until("it is refused", () => counted(target, "shares of nobody") > 0);
    await attacker.close();
  });

  test("signed wrongly, or under another domain: found, and the operator's link dropped", async () => {
    const running = network.services.get("operator 3");
    expect(running).toBeDefined();
    await network.stop("operator 3");
    const target = network.services.get("operator 0") as MachService;
    const attacker = await Attacker.join(network, target, Attacker.speaker(network, 3));
    await until("the link is taken", () =>
      target.status().peers.some(({ operator }) => operator === network.address(3)),
    );
    const block = await network.rollup.add(["wrongly"]);
    const message = blockMessage(block, base);
    const domain = { ...domainOf(network.l1.service, keccak256), l1ChainId: 1 };
    const elsewhere = hexToBytes(new MachDigests(domain, { keccak256 }).message(message));
    const signature = bytesToHex(bn254.sign(network.secret(3), elsewhere));
    attacker.send({ type: "share", share: { message, signature } });
    await until("the share is there", () => attacker.links.peers.length > 0);
    network.rollup.tell({ type: "executed", executed: executed(block) });
    // The other three certify it all the same.
    const record = await until("a certificate", () => target.certificate({ blockHash: block.core.blockHash }));
    expect(record.certificate.signers).toHaveLength(3);
    await until("the liar is found", () => counted(target, "peers banned, SIGNED_WRONGLY") > 0);
    await attacker.close();
    await network.run(3);
  });

  test("malformed: of another epoch than their origin's, of a base above them", async () => {
    const target = network.services.get("operator 0") as MachService;
    const message = blockMessage(at(network.rollup.branch, 1), { ...base, epoch: 3 });
    const attacker = await Attacker.join(network, target, Attacker.speaker(network, 3, { issuedAt: later() }));
    attacker.send({ type: "share", share: { message, signature: `0x${"00".repeat(64)}` } });
    await until("it is found", () => counted(target, "peers banned, MALFORMED_SHARE") > 0);
    await attacker.close();
  });

  test("two blocks of one height, too few for a quorum: both signatures are checked, and told as evidence", async () => {
    const target = network.services.get("operator 0") as MachService;
    await network.stop("operator 3");
    const equivocator = await Attacker.join(network, target, Attacker.speaker(network, 3, { issuedAt: later() + 5 }));
    await until("the link is taken", () =>
      target.status().peers.some(({ operator }) => operator === network.address(3)),
    );
    const seen: string[] = [];
    const stop = target.onShare(({ operator, message }) => {
      if (operator === network.address(3)) seen.push(message.core.blockHash);
    });
    const messages = [blockMessage(await unseen("one"), base), blockMessage(await unseen("other"), base)];
    for (const message of messages) {
      equivocator.send({ type: "share", share: { message, signature: await network.signer(3).sign(message) } });
    }
    await until("both are seen", () => messages.every(({ core }) => seen.includes(core.blockHash)));
    expect(seen).toHaveLength(2);
    stop();
    await equivocator.close();
    await network.run(3);
  });

  test("an aggregator that keeps what it gets, and gives nothing: the others certify without it", async () => {
    const target = network.services.get("operator 2") as MachService;
    await network.stop("operator 3");
    const censor = await Attacker.join(network, target, Attacker.speaker(network, 3, { issuedAt: later() + 10 }));
    await until("the link is taken", () =>
      target.status().peers.some(({ operator }) => operator === network.address(3)),
    );
    const block = await network.rollup.block("censored");
    const record = await until("a certificate", () => target.certificate({ blockHash: block.core.blockHash }));
    expect(record.certificate.signers).toHaveLength(3);
    // It had the shares, and could have.
    await until("it got a share", () => censor.frames.some(({ type }) => type === "share"));
    await censor.close();
    await network.run(3);
  });

  test("by the thousand: the flooder displaces itself, and the others certify", async () => {
    const target = network.services.get("operator 1") as MachService;
    const attacker = await Attacker.join(network, target, Attacker.speaker(network, 3, { issuedAt: later() + 1 }));
    await until("the link is taken", () => {
      const peer = target.status().peers.filter(({ operator }) => operator === network.address(3));
      return peer.length === 1;
    });
    const message = blockMessage(at(network.rollup.branch, network.rollup.branch.blocks.length), base);
    for (let i = 0; i < 3_000; i++) {
      const core = { ...message.core, height: message.core.height + 2 + i };
      attacker.send({ type: "share", share: { message: { ...message, core }, signature: `0x${"01".repeat(64)}` } });
    }
    const block = await network.rollup.block("under flood");
    await until("a certificate", () => target.certificate({ blockHash: block.core.blockHash }));
    await until("it displaces its own", () => counted(target, "shares rejected, DISPLACED") > 100);
    await attacker.close();
  });
});

describe("links and frames", () => {
  test("a statement for another peer, by another key, for another service", async () => {
    const target = network.services.get("operator 2") as MachService;
    const issuedAt = Math.floor(Date.now() / 1000);
    const stolen = await network.signer(0).signLink({ peerId: "0x00112233", operator: network.address(0), issuedAt });
    const links: readonly ((peerId: Hex) => Promise<Hex>)[] = [
      async () => stolen,
      (peerId) => network.signer(1).signLink({ peerId, operator: network.address(0), issuedAt }),
      async (peerId) => {
        const domain = { ...domainOf(network.l1.service, keccak256), operatorSetId: 7 };
        const digest = new MachDigests(domain, { keccak256 }).link({ peerId, operator: network.address(0), issuedAt });
        return bytesToHex(bn254.sign(network.secret(0), hexToBytes(digest)));
      },
    ];
    for (const [i, sign] of links.entries()) {
      const speaker = async (peerId: Hex) => ({
        operator: network.address(0),
        issuedAt,
        signature: await sign(peerId),
      });
      const attacker = await Attacker.join(network, target, speaker, { welcome: false });
      await until("it is found", () => counted(target, "peers banned, WRONG_LINK") === i + 1);
      await until("the link is gone", () => attacker.gone > 0);
      await attacker.close();
    }
    // The operator's own peer still speaks for it.
    expect(target.status().peers.filter(({ operator }) => operator === network.address(0))).toHaveLength(1);
  });

  test("an older statement does not take an operator's place", async () => {
    const target = network.services.get("operator 2") as MachService;
    const before = target.status().peers.find(({ operator }) => operator === network.address(0));
    const attacker = await Attacker.join(network, target, Attacker.speaker(network, 0, { issuedAt: 1 }));
    await until("it is judged", () => counted(target, "links superseded") > 0);
    expect(target.status().peers.find(({ operator }) => operator === network.address(0))).toEqual(before);
    await attacker.close();
  });

  test("frames of no type, no size, no order", async () => {
    const target = network.services.get("operator 2") as MachService;
    const bodies: readonly Uint8Array[] = [
      Buffer.of(0),
      Buffer.of(99),
      Buffer.concat([bodyOf({ type: "ask" }), Buffer.of(1)]),
      bodyOf({ type: "hello", link: null }),
      bodyOf({ type: "share", share: shareOfZeros() }).subarray(0, 100),
      Buffer.alloc(20_000, 1),
      bodyOf({ type: "request", query: { height: 1 } }).subarray(0, 3),
    ];
    for (const [i, body] of bodies.entries()) {
      const attacker = await Attacker.join(network, target);
      attacker.sendBytes(body);
      await until(`frame ${i} is found`, () => attacker.gone > 0);
      await attacker.close();
    }
    expect(counted(target, "peers banned, MALFORMED")).toBe(bodies.length);
  });

  test("certificates are had again by height or digest, not more often than is fair", async () => {
    const attacker = await Attacker.join(network, observer);
    const served = () => attacker.frames.filter(({ type }) => type === "served").length;
    attacker.send({ type: "request", query: { height: 0 } });
    await until("an answer", () => served() === 1);
    const got = attacker.frames.filter(({ type }) => type === "certificate").length;
    expect(got).toBeGreaterThan(0);
    for (let i = 0; i < 20; i++) attacker.send({ type: "request", query: { height: 0 } });
    await until("it is refused", () => counted(observer, "requests refused, too often") >= 20);
    expect(attacker.gone).toBe(0);
    await attacker.close();
  });
});

function shareOfZeros() {
  return { message: sliceMessage(at(network.rollup.branch, 1), 1, base), signature: `0x${"00".repeat(64)}` as Hex };
}

/** Newer than the operators' own statements. */
function later(): number {
  return Math.floor(Date.now() / 1000) + 30;
}

function executed(block: ExampleBlock) {
  return { kind: 2 as const, core: block.core, marks: [], sequenced: true };
}

test("before a table is known nobody can speak for an operator: what waits is judged by its link", async () => {
  const fresh = await Network.start(4);
  try {
    for (const i of [0, 1, 2]) await fresh.run(i);
    const target = fresh.services.get("operator 1") as MachService;
    const issuedAt = Math.floor(Date.now() / 1000);
    const attacker = await Attacker.join(fresh, target, async (peerId) => ({
      operator: fresh.address(0),
      issuedAt,
      signature: await fresh.signer(3).signLink({ peerId, operator: fresh.address(0), issuedAt }),
    }));
    await fresh.rollup.seeL1();
    const block = await fresh.rollup.add(["slandered"]);
    const message = blockMessage(block, await fresh.rollup.base(0, 0));
    attacker.send({ type: "share", share: { message, signature: await fresh.signer(3).sign(message) } });
    await until("it waits", () => counted(target, "shares that waited for a table") > 0);
    await fresh.ready();
    fresh.rollup.tell({ type: "executed", executed: executed(block) });
    // All three are needed: the one in whose name a wrong share came is neither marked nor sent away.
    const record = await until("a certificate", () => target.certificate({ blockHash: block.core.blockHash }));
    expect(record.certificate.signers).toHaveLength(3);
    expect(counted(target, "peers banned, WRONG_LINK")).toBe(1);
    expect(counted(target, "peers banned, SIGNED_WRONGLY")).toBe(0);
    await attacker.close();
  } finally {
    await fresh.close();
  }
}, 30_000);
