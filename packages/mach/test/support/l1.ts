import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { bn254 } from "@altlayer/engine";
import type { Hex } from "@altlayer/protocol";
import { abiOf, type DevOperator, ensureRestaking, type MachServiceFile } from "@altlayer/restaking";
import { createPublicClient, createTestClient, createWalletClient, http, toHex } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { anvil as chain } from "viem/chains";
import { type Anvil, startAnvil } from "../../../deployer/test/anvil.ts";
import type { L1Reader, ServiceIdentity } from "../../src/index.ts";
import { named } from "./chain.ts";

const MNEMONIC = "test test test test test test test test test test test junk";
const account = (addressIndex: number) => mnemonicToAccount(MNEMONIC, { addressIndex });
const key = (addressIndex: number) => toHex(account(addressIndex).getHdKey().privateKey as Uint8Array);
const MINE_EVERY_MS = 50;
/** The machine may be busy with other tests. */
const TIMEOUT_MS = 60_000;

/** A development L1 with a restaked service of so many operators of equal weight, started in some block. */
export class TestL1 {
  readonly anvil: Anvil;
  readonly file: MachServiceFile;
  readonly operators: readonly DevOperator[];
  readonly service: ServiceIdentity;
  readonly reader: L1Reader;
  readonly #folder: string;

  private constructor(
    anvil: Anvil,
    folder: string,
    made: { file: MachServiceFile; operators: readonly DevOperator[] },
  ) {
    this.anvil = anvil;
    this.#folder = folder;
    this.file = made.file;
    this.operators = made.operators;
    const { suite, l1ChainId, rollup } = made.file;
    this.service = {
      l1ChainId,
      systemConfig: rollup.systemConfig,
      l2ChainId: Number(rollup.l2ChainId),
      l2GenesisHash: rollup.l2GenesisHash,
      avs: suite.registrar,
      operatorSetId: 0,
      table: suite.table,
      verifier: suite.verifier,
    };
    this.reader = readerOf(anvil.url);
  }

  static async start(operators: number): Promise<TestL1> {
    const flags = ["--no-mining", "--gas-limit", "1000000000", "--mnemonic", MNEMONIC, "--accounts", "20"];
    const anvil = await startAnvil(flags);
    const folder = await mkdtemp(path.join(tmpdir(), "altlayer-mach-l1-"));
    const publicClient = createPublicClient({
      chain,
      transport: http(anvil.url, { timeout: TIMEOUT_MS }),
      pollingInterval: 20,
      cacheTime: 0,
    });
    const miner = createTestClient({ mode: "anvil", chain, transport: http(anvil.url, { timeout: TIMEOUT_MS }) });
    let done = false;
    const work = ensureRestaking(
      {
        directory: folder,
        rollup: {
          systemConfig: "0x00000000000000000000000000000000000000c5",
          l2ChainId: 901n,
          l2GenesisHash: named("genesis"),
        },
        timing: { sequencingWindow: 3_600, maxSequencerDrift: 1_800, l1BlockTime: 2 },
        deployerKey: key(0),
        operatorKeys: Array.from({ length: operators }, (_, i) => key(i + 1)),
      },
      { publicClient, bn254 },
    ).finally(() => {
      done = true;
    });
    // All transactions are in the pool before the first is mined.
    while (!done) {
      const { pending } = await miner.getTxpoolStatus();
      if (pending > 0) {
        await new Promise((resolve) => setTimeout(resolve, 4 * MINE_EVERY_MS));
        await miner.mine({ blocks: 1 });
      }
      await new Promise((resolve) => setTimeout(resolve, MINE_EVERY_MS));
    }
    const { service: file, operators: made } = await work;
    return new TestL1(anvil, folder, { file, operators: made });
  }

  get #public() {
    return createPublicClient({
      chain,
      transport: http(this.anvil.url, { timeout: TIMEOUT_MS }),
      pollingInterval: 20,
      cacheTime: 0,
    });
  }

  async head(): Promise<{ number: number; hash: Hex }> {
    const { number, hash } = await this.#public.getBlock({ blockTag: "latest" });
    return { number: Number(number), hash };
  }

  async hashOf(number: number): Promise<Hex> {
    return (await this.#public.getBlock({ blockNumber: BigInt(number) })).hash;
  }

  async startBlock(): Promise<number> {
    return Number(await this.read("startBlock", []));
  }

  read<Result>(
    functionName: string,
    args: readonly unknown[],
    contract = "OperatorTable",
    address = this.service.table,
  ) {
    const abi = abiOf(contract as Parameters<typeof abiOf>[0]);
    return this.#public.readContract({ address, abi, functionName, args }) as Promise<Result>;
  }

  async mine(blocks = 1): Promise<void> {
    await createTestClient({ mode: "anvil", chain, transport: http(this.anvil.url, { timeout: TIMEOUT_MS }) }).mine({
      blocks,
    });
  }

  /** Sends a transaction of an operator (or, with 0, the deployer), and mines it. */
  async send(from: number, to: { address: Hex; contract: string; functionName: string; args: readonly unknown[] }) {
    const wallet = createWalletClient({
      chain,
      transport: http(this.anvil.url, { timeout: TIMEOUT_MS }),
      account: account(from),
    });
    const abi = abiOf(to.contract as Parameters<typeof abiOf>[0]);
    const { address, functionName, args } = to;
    const hash = await wallet.writeContract({ address, abi, functionName, args, gas: 3_000_000n });
    await this.mine();
    const { status } = await this.#public.waitForTransactionReceipt({ hash });
    if (status !== "success") throw new TypeError(`${functionName} reverted`);
  }

  /** Commits an epoch of which the table as it stands is the table. */
  async commit(epoch: number): Promise<void> {
    const [depth, root, aggregate, oldestExpiry] = await this.read<[number, Hex, unknown, number]>("state", []);
    const args = [BigInt(epoch), depth, root, aggregate, oldestExpiry];
    await this.send(0, { address: this.service.table, contract: "OperatorTable", functionName: "commit", args });
  }

  async stop(): Promise<void> {
    await this.anvil.stop();
    await rm(this.#folder, { recursive: true });
  }
}

export function readerOf(url: string): L1Reader {
  let id = 0;
  return {
    async request(method, params) {
      const body = JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params });
      const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
      const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
      if (error !== undefined) throw new TypeError(error.message);
      return result;
    },
  };
}
