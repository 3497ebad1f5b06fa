import fc from "fast-check";
import { privateKeyToAccount } from "viem/accounts";
import { bytesToHex, hexToBytes } from "viem/utils";
import { expect, test } from "vitest";
import { secp256k1 } from "../src/index.ts";

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

test("signatures are those that viem makes, and recover to the key's address", async () => {
  await fc.assert(
    fc.asyncProperty(fc.bigInt({ min: 1n, max: (1n << 255n) - 1n }), bytes32, async (key, digest) => {
      const secret = `0x${key.toString(16).padStart(64, "0")}` as const;
      const account = privateKeyToAccount(secret);
      const signature = secp256k1.sign(hexToBytes(secret), digest);
      const ofViem = hexToBytes(await account.sign({ hash: bytesToHex(digest) }));
      expect([...signature.subarray(0, 64), (signature[64] ?? 0) + 27]).toEqual([...ofViem]);
      expect(bytesToHex(secp256k1.recover(digest, signature))).toBe(account.address.toLowerCase());
    }),
  );
});

test("what is no key, digest or signature is a typed error", () => {
  const digest = new Uint8Array(32).fill(1);
  const code = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      return (error as { code?: string }).code;
    }
    return undefined;
  };
  expect(code(() => secp256k1.sign(new Uint8Array(32), digest))).toBe("SECP256K1_SECRET");
  expect(code(() => secp256k1.sign(new Uint8Array(31).fill(1), digest))).toBe("SECP256K1_LENGTH");
  expect(code(() => secp256k1.recover(digest, new Uint8Array(64)))).toBe("SECP256K1_LENGTH");
  expect(code(() => secp256k1.recover(digest, new Uint8Array(65)))).toBe("SECP256K1_SIGNATURE");
  const signature = secp256k1.sign(new Uint8Array(32).fill(1), digest);
  signature[64] = 27;
  expect(code(() => secp256k1.recover(digest, signature))).toBe("SECP256K1_SIGNATURE");
});
