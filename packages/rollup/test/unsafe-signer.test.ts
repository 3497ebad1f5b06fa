import type { RollupConfig } from "@altlayer/protocol";
import { expect, test } from "vitest";
import type { JsonRpcClient } from "../src/l1/rpc-client.ts";
import { silentLogger } from "../src/log.ts";
import { watchUnsafeSigner } from "../src/node/unsafe-signer.ts";
import { until } from "./support/until.ts";

const OLD = `0x${"aa".repeat(20)}`;
const NEW = `0x${"bb".repeat(20)}`;
const word = (address: string) => `0x${"00".repeat(12)}${address.slice(2)}`;
const rollup = { l1SystemConfigAddress: `0x${"11".repeat(20)}` } as RollupConfig;

/** An L1 that names a signer, or is silent. */
function l1Naming(first: string) {
  let named: string | null = first;
  const call = async () => {
    if (named === null) throw new TypeError("silent");
    return word(named);
  };
  return {
    rpc: { call } as unknown as JsonRpcClient,
    name: (address: string | null) => {
      named = address;
    },
  };
}

test("after a change the signer before counts for a while, and not for ever", async () => {
  const l1 = l1Naming(OLD);
  const signer = await watchUnsafeSigner({ rollup, refreshMs: 5, previousMs: 300 }, { l1: l1.rpc, log: silentLogger });
  try {
    expect([signer.address, signer.previous]).toEqual([OLD, null]);
    l1.name(NEW);
    await until(() => signer.address === NEW);
    expect(signer.previous).toBe(OLD);
    await until(() => signer.previous === null);
    expect(signer.address).toBe(NEW);
  } finally {
    signer.close();
  }
});

test("a silent L1 changes nothing, and the first answer makes nobody a predecessor", async () => {
  const l1 = l1Naming(OLD);
  l1.name(null);
  const signer = await watchUnsafeSigner(
    { rollup, refreshMs: 5, previousMs: 60_000 },
    { l1: l1.rpc, log: silentLogger },
  );
  try {
    expect(signer.address).toMatch(/^0x0{40}$/);
    l1.name(OLD);
    await until(() => signer.address === OLD);
    expect(signer.previous).toBeNull();
  } finally {
    signer.close();
  }
});
