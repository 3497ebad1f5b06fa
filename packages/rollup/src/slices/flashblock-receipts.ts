import { bytesToHex, concatHex, hexToBytes, keccak256, numberToHex, toRlp } from "viem/utils";
import { z } from "zod";

type Hex = `0x${string}`;

const hex = z.custom<Hex>((value) => typeof value === "string" && /^0x[0-9a-f]*$/.test(value));
const receiptSchema = z.object({
  status: hex,
  cumulativeGasUsed: hex,
  logs: z.array(z.object({ address: hex, topics: z.array(hex), data: hex })),
  depositNonce: hex.nullish(),
  depositReceiptVersion: hex.nullish(),
});
type Receipt = z.output<typeof receiptSchema>;

/** Types by the names that the Flashblocks stream has for them. */
const TYPES = { Legacy: 0, Eip2930: 1, Eip1559: 2, Eip7702: 4, Deposit: 0x7e } as const;
type TypeName = keyof typeof TYPES;
const namedSchema = z.partialRecord(z.enum(Object.keys(TYPES) as [TypeName, ...TypeName[]]), receiptSchema);
const flashblockSchema = z.object({ metadata: z.object({ receipts: z.record(hex, namedSchema) }) });

/**
 * keccak256 of the EIP-2718 bytes of the receipts that a Flashblock shows, blooms included, as the receipts trie has them.
 * @param hashes of its transactions, in their order
 * @returns `null` where one is missing, or the Flashblock has another shape
 */
export function receiptHashes(flashblock: unknown, hashes: readonly Hex[]): readonly Hex[] | null {
  const parsed = flashblockSchema.safeParse(flashblock);
  if (!parsed.success) return null;
  const { receipts } = parsed.data.metadata;
  const found: Hex[] = [];
  for (const hash of hashes) {
    const [named] = Object.entries(receipts[hash] ?? {}) as [TypeName, Receipt][];
    if (!named) return null;
    found.push(keccak256(receiptBytes(TYPES[named[0]], named[1])));
  }
  return found;
}

/** OP Stack deposits have two fields more since Canyon. */
function receiptBytes(type: number, receipt: Receipt): Hex {
  const { status, cumulativeGasUsed, logs, depositNonce, depositReceiptVersion } = receipt;
  const deposit = depositNonce != null && depositReceiptVersion != null ? [depositNonce, depositReceiptVersion] : [];
  const list = toRlp([
    integer(status),
    integer(cumulativeGasUsed),
    bloomOf(logs),
    logs.map(({ address, topics, data }) => [address, topics, data]),
    ...deposit.map(integer),
  ] as Parameters<typeof toRlp>[0]);
  return type === 0 ? list : concatHex([numberToHex(type, { size: 1 }), list]);
}

/** Three bits for each address and topic: yellow paper, section 4.3.1. */
function bloomOf(logs: Receipt["logs"]): Hex {
  const bloom = new Uint8Array(256);
  for (const { address, topics } of logs) {
    for (const value of [address, ...topics]) {
      const hash = hexToBytes(keccak256(value));
      for (const at of [0, 2, 4]) {
        const bit = (((hash[at] as number) << 8) | (hash[at + 1] as number)) & 0x7ff;
        const byte = 255 - (bit >> 3);
        bloom[byte] = (bloom[byte] as number) | (1 << (bit & 7));
      }
    }
  }
  return bytesToHex(bloom);
}

/** As RLP has numbers: without leading zeros. */
function integer(value: Hex): Hex {
  const number = BigInt(value);
  if (number === 0n) return "0x";
  const digits = number.toString(16);
  return `0x${digits.padStart(digits.length + (digits.length % 2), "0")}`;
}
