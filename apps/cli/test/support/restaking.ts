import { type Hex, keccak256 } from "viem";
import { expect, vi } from "vitest";
import { main } from "../../src/cli.ts";

// biome-ignore lint/suspicious/noExplicitAny: what each command answers is what the assertions say.
export type Answer = any;

const SYSTEM_CONFIG: Hex = "0x00000000000000000000000000000000000000c6";
const BATCHER: Hex = "0x14dc79964da2c08b23698b3d3cc7ca32193d9955";
export const SEQUENCING_WINDOW = 40;

/** Runs command lines with `--json`; the answer is the only line of standard output. `more` names signer and L1. */
export function runner(more: (signer: number | null) => readonly string[]) {
  const altlayer = async (signer: number | null, line: string): Promise<{ exitCode: number; answer: Answer }> => {
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    try {
      const exitCode = await main([...line.split(" "), ...more(signer), "--json"]);
      return { exitCode, answer: JSON.parse(String(write.mock.calls.at(-1)?.[0])) };
    } finally {
      write.mockRestore();
    }
  };
  const succeeds = async (signer: number | null, line: string): Promise<Answer> => {
    const { exitCode, answer } = await altlayer(signer, line);
    expect({ exitCode, error: answer.error }, line).toEqual({ exitCode: 0, error: undefined });
    return answer;
  };
  return { altlayer, succeeds };
}

/** A rollup of the OP Stack on the development L1, as its rollup.json describes it. */
export function rollupJson(overrides: Readonly<Record<string, unknown>>) {
  return {
    genesis: {
      l1: { hash: keccak256("0x02"), number: 1 },
      l2: { hash: keccak256("0x03"), number: 0 },
      l2_time: 1_700_000_000,
      system_config: {
        batcherAddr: BATCHER,
        overhead: `0x${"00".repeat(32)}`,
        scalar: `0x01${"00".repeat(31)}`,
        gasLimit: 30_000_000,
      },
    },
    block_time: 2,
    max_sequencer_drift: 600,
    seq_window_size: SEQUENCING_WINDOW,
    channel_timeout: 50,
    l1_chain_id: 31337,
    l2_chain_id: 902,
    regolith_time: 0,
    canyon_time: 0,
    delta_time: 0,
    ecotone_time: 0,
    fjord_time: 0,
    granite_time: 0,
    holocene_time: 0,
    batch_inbox_address: "0xff00000000000000000000000000000000000902",
    deposit_contract_address: "0x0000000000000000000000000000000000000d02",
    l1_system_config_address: SYSTEM_CONFIG,
    ...overrides,
  };
}
