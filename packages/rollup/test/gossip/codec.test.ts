import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { privateKeyToAddress } from "viem/accounts";
import { describe, expect, test } from "vitest";
import { blockSigningDigest, localBlockSigner, recoverBlockSigner } from "../../src/gossip/block-signature.ts";
import { BlockValidator } from "../../src/gossip/block-validator.ts";
import { crc32c } from "../../src/gossip/crc32c.ts";
import { GossipError } from "../../src/gossip/errors.ts";
import { decodeBlockMessage, encodeBlockMessage } from "../../src/gossip/message.ts";
import { decodePayloadEnvelope, encodePayloadEnvelope } from "../../src/gossip/payload-ssz.ts";
import { compressBlock, compressFramed, decompressBlock, decompressFramed } from "../../src/gossip/snappy.ts";
import { payloadFixture } from "./fixtures.ts";

const key = Buffer.from("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80", "hex");
const address = privateKeyToAddress(`0x${key.toString("hex")}`).toLowerCase() as `0x${string}`;

describe("snappy", () => {
  test("CRC-32C matches RFC 3720's vectors", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  });

  test("both formats round-trip any content", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200_000, size: "max" }), (data) => {
        expect(Buffer.compare(decompressBlock(compressBlock(data)), data)).toBe(0);
        expect(Buffer.compare(decompressFramed(compressFramed(data)), data)).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test("a bomb is refused by its claim, and the frames by their sum", () => {
    const bomb = compressBlock(new Uint8Array(11 * 1024 * 1024));
    expect(() => decompressBlock(bomb)).toThrow(expect.objectContaining({ code: "message-too-large" }));
    const frames = compressFramed(new Uint8Array(200_000));
    expect(() => decompressFramed(frames, 100_000)).toThrow(expect.objectContaining({ code: "message-too-large" }));
  });

  test("any damage to a frame is found", () => {
    const data = randomBytes(5_000);
    const frames = compressFramed(data);
    fc.assert(
      fc.property(fc.nat(frames.length - 1), fc.integer({ min: 1, max: 255 }), (index, flip) => {
        const damaged = Uint8Array.from(frames);
        damaged[index] = (damaged[index] as number) ^ flip;
        // A flipped type byte may turn the chunk into a skippable one: then its content is missing.
        try {
          expect(Buffer.compare(decompressFramed(damaged), data)).not.toBe(0);
        } catch (error) {
          expect(error).toBeInstanceOf(GossipError);
        }
      }),
    );
  });
});

describe("block message", () => {
  test("payload, signature and signer survive the way", async () => {
    const payload = payloadFixture();
    expect(decodePayloadEnvelope(encodePayloadEnvelope(payload))).toEqual(payload);
    const message = await encodeBlockMessage({ chainId: 901, payload }, { signer: localBlockSigner(key) });
    expect(decodeBlockMessage(901, message)).toEqual({ signer: address, payload });
    // Another chain's id is another digest, hence another signer.
    expect(decodeBlockMessage(902, message).signer).not.toBe(address);
  });

  test("the digest is the specification's", async () => {
    const digest = blockSigningDigest(10, Buffer.from("payload"));
    const signature = await localBlockSigner(key).sign(digest);
    expect(signature).toHaveLength(65);
    expect(recoverBlockSigner(digest, signature)).toBe(address);
  });

  test("garbage is a typed error, never another", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (data) => {
        for (const input of [data, compressBlock(data)]) {
          try {
            decodeBlockMessage(901, input);
          } catch (error) {
            expect(error).toBeInstanceOf(GossipError);
          }
        }
      }),
    );
  });
});

describe("validator", () => {
  const timestamp = 1_000;
  const hash = payloadFixture().blockHash;
  const validator = (now: number, hashOf = () => hash) =>
    new BlockValidator({ chainId: 901 }, { unsafeBlockSigner: () => address, hashOf, now: () => now });
  const message = (payload = payloadFixture()) =>
    encodeBlockMessage({ chainId: 901, payload }, { signer: localBlockSigner(key) });

  test("accepts once, then ignores", async () => {
    const subject = validator(timestamp);
    expect(subject.validate(await message()).verdict).toBe("accept");
    expect(subject.validate(await message()).verdict).toBe("ignore");
  });

  test.each([
    [timestamp + 60, "accept"],
    [timestamp + 61, "reject"],
    [timestamp - 5, "accept"],
    [timestamp - 6, "reject"],
  ])("at clock %i the payload of 1000 gets %s", async (now, verdict) => {
    expect(validator(now).validate(await message()).verdict).toBe(verdict);
  });

  test("rejects another signer and a wrong hash", async () => {
    const other = localBlockSigner(Buffer.alloc(32, 7));
    const forged = await encodeBlockMessage({ chainId: 901, payload: payloadFixture() }, { signer: other });
    expect(validator(timestamp).validate(forged).verdict).toBe("reject");
    expect(validator(timestamp, () => `0x${"99".repeat(32)}`).validate(await message()).verdict).toBe("reject");
  });

  test("accepts the signer before as long as it counts", async () => {
    const before = Buffer.alloc(32, 7);
    const previous = privateKeyToAddress(`0x${before.toString("hex")}`);
    const signed = await encodeBlockMessage(
      { chainId: 901, payload: payloadFixture() },
      { signer: localBlockSigner(before) },
    );
    let counts = true;
    const subject = () =>
      new BlockValidator(
        { chainId: 901 },
        {
          unsafeBlockSigner: () => address,
          previousBlockSigner: () => (counts ? previous : null),
          hashOf: () => hash,
          now: () => timestamp,
        },
      );
    expect(subject().validate(signed).verdict).toBe("accept");
    expect(subject().validate(await message()).verdict).toBe("accept");
    counts = false;
    expect(subject().validate(signed).verdict).toBe("reject");
  });

  test("rejects the sixth block of a height", async () => {
    const subject = new BlockValidator(
      { chainId: 901 },
      { unsafeBlockSigner: () => address, hashOf: (payload) => payload.blockHash, now: () => timestamp },
    );
    const verdicts: string[] = [];
    for (let index = 0; index < 6; index++) {
      const payload = payloadFixture({ blockHash: `0x${String(index).repeat(64)}` });
      verdicts.push(subject.validate(await message(payload)).verdict);
    }
    expect(verdicts).toEqual(["accept", "accept", "accept", "accept", "accept", "reject"]);
  });
});
