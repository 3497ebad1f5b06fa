import { keccak_256 } from "@noble/hashes/sha3.js";
import { expect, test } from "vitest";
import { bytesToHex, CONFIG_UPDATE_TOPIC, TRANSACTION_DEPOSITED_TOPIC } from "../src/index.ts";

const topic = (signature: string) => bytesToHex(keccak_256(new TextEncoder().encode(signature)));

test("event topics and selectors are the hashes of their signatures", () => {
  expect(topic("TransactionDeposited(address,address,uint256,bytes)")).toBe(TRANSACTION_DEPOSITED_TOPIC);
  expect(topic("ConfigUpdate(uint256,uint8,bytes)")).toBe(CONFIG_UPDATE_TOPIC);
  expect(topic("setL1BlockValues(uint64,uint64,uint256,bytes32,uint64,bytes32,uint256,uint256)").slice(0, 10)).toBe(
    "0x015d8eb9",
  );
  expect(topic("setL1BlockValuesEcotone()").slice(0, 10)).toBe("0x440a5e20");
});
