import type { ExecutionPayload, Hex } from "@altlayer/engine";

const word = (byte: string): Hex => `0x${byte.repeat(32)}`;

/** A payload with every field set; its hash is whatever the test says. */
export function payloadFixture(overrides: Partial<ExecutionPayload> = {}): ExecutionPayload {
  return {
    parentBeaconBlockRoot: word("0b"),
    parentHash: word("01"),
    feeRecipient: `0x${"42".repeat(20)}`,
    stateRoot: word("02"),
    receiptsRoot: word("03"),
    logsBloom: `0x${"00".repeat(256)}`,
    prevRandao: word("04"),
    blockNumber: "0x7",
    gasLimit: "0x1c9c380",
    gasUsed: "0x5208",
    timestamp: "0x3e8",
    extraData: "0x000000003200000006",
    baseFeePerGas: "0x3b9aca00",
    blockHash: word("05"),
    transactions: ["0x7e01", "0x02f8"],
    withdrawals: [],
    blobGasUsed: "0x0",
    excessBlobGas: "0x0",
    ...overrides,
  };
}
