import { bn254 } from "@altlayer/engine";
import { type Base, bytesToHex, type Hex, hexToBytes, MachDigests, type Message, rollupId } from "@altlayer/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MachService } from "../src/index.ts";
import { domainOf } from "../src/node/service-domain.ts";
import { Attacker, certify } from "./support/attacker.ts";
import { blockMessage, type ExampleBlock, named } from "./support/chain.ts";
import { Network, until } from "./support/network.ts";
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

describe("certificates", () => {
  const OTHER = {
    "another chain": (domain: ReturnType<typeof domainOf>) => ({ ...domain, l1ChainId: 1 }),
    "another operator set": (domain: ReturnType<typeof domainOf>) => ({ ...domain, operatorSetId: 1 }),
    "another avs": (domain: ReturnType<typeof domainOf>) => ({ ...domain, avs: `0x${"77".repeat(20)}` as Hex }),
    "another rollup": (domain: ReturnType<typeof domainOf>) => ({
      ...domain,
      rollupId: rollupId({ ...network.l1.service, l2ChainId: 902 }, keccak256),
    }),
  };

  test.each(Object.keys(OTHER) as (keyof typeof OTHER)[])("replayed from %s", async (name) => {
    const domain = OTHER[name](domainOf(network.l1.service, keccak256));
    const message = blockMessage(await unseen(name), base);
    const digests = new MachDigests(domain, { keccak256 });
    await refused(certify(network, message, [0, 1, 2, 3], { digests }), "CERTIFICATE_WRONG_SIGNATURE");
  });

  test("replayed for another height, another content or another base", async () => {
    const message = blockMessage(await unseen("heights"), base);
    const signed = certify(network, message, [0, 1, 2, 3]);
    const others: readonly Message[] = [
      { ...message, core: { ...message.core, height: message.core.height + 1 } },
      { ...message, core: { ...message.core, outputRoot: named("another output") } },
      { ...message, base: { ...base, l1Hash: named("another L1") } },
    ];
    for (const other of others) {
      const bytes = Buffer.from(signed);
      // The message in the certificate's place, signature and keys as they were.
      bytes.set(certify(network, other, [0, 1, 2, 3]).subarray(1, 513), 1);
      await refused(bytes, "CERTIFICATE_WRONG_SIGNATURE");
    }
  });

  test("made of signatures for another purpose: an alert, a link, a rewards report", async () => {
    const message = blockMessage(await unseen("purposes"), base);
    const { digests } = network;
    const { height, blockHash } = message.core;
    const operator = network.address(0);
    const purposes = [
      digests.alert({ epoch: 0, height, blockHash, reason: 1, transactionIndex: 0 }),
      digests.link({ peerId: "0x001122334455667788", operator, issuedAt: 1 }),
      digests.report({ firstEpoch: 0, lastEpoch: 0, operators: [operator], points: [1n] }),
    ];
    for (const digest of purposes) {
      const signed = { message: () => digest } as unknown as MachDigests;
      await refused(certify(network, message, [0, 1, 2, 3], { digests: signed }), "CERTIFICATE_WRONG_SIGNATURE");
    }
  });

  test("replayed for another epoch", async () => {
    const message = blockMessage(await unseen("epochs"), { ...base, epoch: 1 });
    // Its table is not known: it waits, and is judged when there is one.
    await ignored(certify(network, message, [0, 1, 2, 3]));
    const shifted: Message = {
      ...message,
      core: { ...message.core, originNumber: network.rollup.inEpoch(1) },
      base,
    };
    await refused(certify(network, shifted, [0, 1, 2, 3]), "CERTIFICATE_MALFORMED_MESSAGE");
  });

  test("forged: by keys of nobody, by too few, by operators who did not sign", async () => {
    const message = blockMessage(await unseen("forged"), base);
    const digest = hexToBytes(network.digests.message(message));
    const secret = bn254.deriveSecret(new Uint8Array(32).fill(9), new Uint8Array(1));
    const own = {
      signature: bytesToHex(bn254.sign(secret, digest)),
      aggregateKey: bytesToHex(bn254.publicKeys(secret).g2),
    };
    await refused(certify(network, message, [0, 1, 2], { certificate: own }), "CERTIFICATE_WRONG_SIGNATURE");
    await refused(certify(network, message, [0, 1]), "CERTIFICATE_BELOW_THRESHOLD");
    // Two signed, three are named.
    const named = { certificate: { signers: [0, 1, 2] } };
    await refused(certify(network, message, [0, 1], named), "CERTIFICATE_WRONG_SIGNATURE");
  });

  test("a signer counted twice", async () => {
    const message = blockMessage(await unseen("twice"), base);
    const twice = certify(network, message, [0, 1, 1], { certificate: { signers: [0, 1, 2] } });
    await refused(twice, "CERTIFICATE_WRONG_SIGNATURE");
    // In a bitmap nobody can be named twice; named once, the doubled signature is wrong and the weight too little.
    await refused(certify(network, message, [0, 1, 1]), "CERTIFICATE_BELOW_THRESHOLD");
    await refused(certify(network, message, [0, 1, 2, 2]), "CERTIFICATE_WRONG_SIGNATURE");
  });

  test("signatures and keys that are no points", async () => {
    const message = blockMessage(await unseen("points"), base);
    const zero = { signature: `0x${"00".repeat(64)}` as Hex };
    const offCurve = { signature: `0x${"01".repeat(64)}` as Hex };
    const above = { aggregateKey: `0x${"ff".repeat(128)}` as Hex };
    for (const certificate of [zero, offCurve, above])
      await refused(certify(network, message, [0, 1, 2], { certificate }), "CERTIFICATE_WRONG_SIGNATURE");
  });

  test("truncated anywhere, lengthened, of another version, or with another table's bitmap", async () => {
    const message = blockMessage(await unseen("truncated"), base);
    const encoded = certify(network, message, [0, 1, 2]);
    for (const length of [0, 1, 500, 600, encoded.length - 1])
      await refused(encoded.subarray(0, length), length < 740 ? "MALFORMED" : "CERTIFICATE_MALFORMED");
    await refused(Buffer.concat([encoded, Buffer.of(0)]), "CERTIFICATE_MALFORMED");
    await refused(Buffer.concat([Buffer.of(2), encoded.subarray(1)]), "CERTIFICATE_MALFORMED");
    await refused(certify(network, message, [0, 1, 2], { depth: 5 }), "CERTIFICATE_MALFORMED");
  });

  test("under a stale table: not believed, and nobody's offence", async () => {
    const message = blockMessage(await unseen("stale"), base);
    const stale = { certificate: { tableCommitment: named("a table that was") } };
    await ignored(certify(network, message, [0, 1, 2], stale));
    expect(counted(observer, "certificates ignored, OTHER_TABLE")).toBeGreaterThan(0);
  });

  test("a right one comes through the same door", async () => {
    const message = blockMessage(await unseen("right"), base);
    const attacker = await Attacker.join(network, observer);
    attacker.send({ type: "certificate", encoded: certify(network, message, [0, 1, 2]) });
    const record = await until("the certificate", () =>
      observer.certificate({ digest: network.digests.message(message) }),
    );
    expect(record.certificate.signers).toEqual([0, 1, 2]);
    expect(record.signedWeight.length).toBe(2);
    // One with more signers takes its place; one with fewer does not.
    attacker.send({ type: "certificate", encoded: certify(network, message, [0, 1, 2, 3]) });
    await until(
      "four signers",
      () => observer.certificate({ digest: record.digest })?.certificate.signers.length === 4,
    );
    attacker.send({ type: "certificate", encoded: certify(network, message, [1, 2, 3]) });
    await until("it is known", () => counted(observer, "certificates ignored, known") > 0);
    expect(observer.certificate({ digest: record.digest })?.certificate.signers).toEqual([0, 1, 2, 3]);
    expect(attacker.gone).toBe(0);
    await attacker.close();
  });

  /** The observer hangs up on who sent it, and does not keep it. */
  async function refused(encoded: Uint8Array, why: string): Promise<void> {
    const reason = `peers banned, ${why}`;
    const before = counted(observer, reason);
    const attacker = await Attacker.join(network, observer);
    attacker.send({ type: "certificate", encoded });
    await until(`${why} is found`, () => counted(observer, reason) > before);
    await until("the link is gone", () => attacker.gone > 0);
    await attacker.close();
    expect(stored(encoded)).toBe(false);
  }

  async function ignored(encoded: Uint8Array): Promise<void> {
    const attacker = await Attacker.join(network, observer);
    attacker.send({ type: "certificate", encoded });
    // What is asked after it is answered after it.
    attacker.send({ type: "request", query: { digest: named("nothing") } });
    await until("it was judged", () => attacker.frames.some(({ type }) => type === "served"));
    expect(attacker.gone).toBe(0);
    await attacker.close();
    expect(stored(encoded)).toBe(false);
  }

  function stored(encoded: Uint8Array): boolean {
    const height = network.rollup.branch.blocks.length + 1;
    return [height, height + 1].some((each) =>
      observer.certificatesAt(each).some((record) => record.encoded === bytesToHex(encoded)),
    );
  }
});
