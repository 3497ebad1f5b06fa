import { expect } from "vitest";
import {
  type Batch,
  CONFIG_UPDATE_TOPIC,
  type Hex,
  type L1Block,
  type L1Receipt,
  makeSpanBatch,
  type RollupConfig,
  TRANSACTION_DEPOSITED_TOPIC,
} from "../../src/index.ts";
import { type Driver, PORTAL, SimulatedL1, SimulatedL2, SYSTEM_CONFIG } from "./simulation.ts";

/** An L1 with that many blocks after genesis, and a sequencer's chain whose last block has the last of them as origin. */
export function chain(config: RollupConfig, origins: number, receipts: Record<number, readonly L1Receipt[]> = {}) {
  const l1 = new SimulatedL1();
  while (l1.head.number < origins) l1.mine({ receipts: receipts[l1.head.number + 1] ?? [] });
  const l2 = new SimulatedL2(config, l1);
  l2.buildTo(origins);
  return { l1, l2 };
}

export function span(config: RollupConfig, l2: SimulatedL2, from = 0, to = l2.blocks.length): Batch {
  const part = l2.blocks.slice(from, to);
  return makeSpanBatch(
    part.map((block) => block.batch),
    part[0]?.ref.sequenceNumber === 0,
    { l2ChainId: config.l2ChainId, genesisTime: config.genesis.l2Time, blockTime: config.blockTime },
  );
}

export function singular(l2: SimulatedL2, from = 0, to = l2.blocks.length): Batch[] {
  return l2.blocks.slice(from, to).map((block) => block.batch);
}

/** The derived chain is the sequencer's up to `count` blocks, and no more was derived. */
export function expectSame(driver: Driver, l2: SimulatedL2, count = l2.blocks.length): void {
  expect(driver.derived.length).toBe(count);
  for (const [i, derived] of driver.derived.entries()) expect(derived.attributes).toEqual(l2.blocks[i]?.attributes);
  if (count > 0) expect(driver.safeHead).toEqual(l2.blocks[count - 1]?.ref);
}

const word = (value: bigint | number): string => value.toString(16).padStart(64, "0");

export function depositReceipt(logIndex = 0, value = 5): L1Receipt {
  const opaque = `${word(0)}${word(value)}${(21000).toString(16).padStart(16, "0")}00`;
  const data: Hex = `0x${word(32)}${word(opaque.length / 2)}${opaque.padEnd(192, "0")}`;
  const topics: Hex[] = [TRANSACTION_DEPOSITED_TOPIC, `0x${word(0xaan)}`, `0x${word(0xbbn)}`, `0x${word(0)}`];
  return { success: true, logs: [{ address: PORTAL, topics, data, logIndex }] };
}

export function configReceipt(type: number, value: bigint): L1Receipt {
  const data: Hex = `0x${word(32)}${word(32)}${word(value)}`;
  const topics: Hex[] = [CONFIG_UPDATE_TOPIC, `0x${word(0)}`, `0x${word(type)}`];
  return { success: true, logs: [{ address: SYSTEM_CONFIG, topics, data, logIndex: 9 }] };
}

export function block(l1: SimulatedL1, number: number): L1Block {
  return l1.blocks[number] as L1Block;
}
