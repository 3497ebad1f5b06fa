import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Engine, type EngineOptions, type ExecutionPayload, type Hex, openEngine } from "@altlayer/engine";
import { privateKeyToAccount } from "viem/accounts";

export const CHAIN_ID = 901;
export const wallet = privateKeyToAccount("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
export const RECEIVER: Hex = "0x00000000000000000000000000000000000000aa";
export const CONTRACT: Hex = "0x00000000000000000000000000000000000000cc";
export const word = (value: bigint | number): Hex => `0x${value.toString(16).padStart(64, "0")}`;

/** One word n > 0: stores it in slot 0, logs it as topic and data, returns it. Zero: reverts with "nope". Nothing: loops. */
const CONTRACT_CODE: Hex =
  "0x36156020576000358015603057806000558060005260206000a160206000f3005b6020560000000000000000000000005b6064603d60003960646000fd08c379a0000000000000000000000000000000000000000000000000000000000000002000000000000000000000000000000000000000000000000000000000000000046e6f706500000000000000000000000000000000000000000000000000000000";
const MESSAGE_PASSER = "0x4200000000000000000000000000000000000016";

export const chainConfig = {
  chainId: CHAIN_ID,
  homesteadBlock: 0,
  eip150Block: 0,
  eip155Block: 0,
  eip158Block: 0,
  byzantiumBlock: 0,
  constantinopleBlock: 0,
  petersburgBlock: 0,
  istanbulBlock: 0,
  berlinBlock: 0,
  londonBlock: 0,
  mergeNetsplitBlock: 0,
  terminalTotalDifficulty: 0,
  bedrockBlock: 0,
  regolithTime: 0,
  canyonTime: 0,
  shanghaiTime: 0,
  ecotoneTime: 0,
  cancunTime: 0,
  fjordTime: 0,
  graniteTime: 0,
  holoceneTime: 0,
  optimism: { eip1559Elasticity: 6, eip1559Denominator: 50, eip1559DenominatorCanyon: 250 },
};

const genesis = {
  config: chainConfig,
  timestamp: "0x3e8",
  gasLimit: "0x1c9c380",
  difficulty: "0x0",
  nonce: "0x0",
  extraData: "0x000000000800000002",
  baseFeePerGas: "0x3b9aca00",
  alloc: {
    [wallet.address]: { balance: "0x56bc75e2d63100000" },
    [CONTRACT]: { balance: "0x0", nonce: "0x1", code: CONTRACT_CODE },
    [MESSAGE_PASSER]: { balance: "0x0", nonce: "0x1", code: "0x00" },
  },
};

/** setL1BlockValuesEcotone with base fee 10 gwei, blob base fee 1 gwei, scalars 1000 and 2000, as a deposit. */
export const L1_ATTRIBUTES: Hex = `0x7ef8f8a0${"01".repeat(32)}94deaddeaddeaddeaddeaddeaddeaddeaddead000194420000000000000000000000000000000000001580808307a12080b8a4440a5e20${"000003e8000007d0"}${"00".repeat(24)}${word(10_000_000_000).slice(2)}${word(1_000_000_000).slice(2)}${"00".repeat(64)}`;

/** A real engine in a temporary folder, with means to make blocks. */
export class TestChain {
  readonly engine: Engine;
  readonly #dir: string;
  #timestamp = 1_000;
  nonce = 0;

  private constructor(engine: Engine, dir: string) {
    this.engine = engine;
    this.#dir = dir;
  }

  static async open(limits: EngineOptions["limits"] = {}): Promise<TestChain> {
    const dataDir = await mkdtemp(join(tmpdir(), "altlayer-rpc-"));
    const engine = await openEngine({ dataDir, genesisJson: JSON.stringify(genesis), history: 128, pool: {}, limits });
    return new TestChain(engine, dataDir);
  }

  /** A signed transaction of the test wallet, with the next nonce. */
  async sign(fields: {
    readonly to?: Hex;
    readonly value?: bigint;
    readonly data?: Hex;
    readonly nonce?: number;
  }): Promise<Hex> {
    return wallet.signTransaction({
      type: "eip1559",
      chainId: CHAIN_ID,
      nonce: fields.nonce ?? this.nonce++,
      gas: 200_000n,
      maxFeePerGas: 3_000_000_000n,
      maxPriorityFeePerGas: 1_000_000n,
      ...fields,
    });
  }

  /** Builds and adopts a block on a parent (the head by default): L1 attributes, the given transactions, then the pool's. */
  async mine(
    transactions: readonly Hex[] = [],
    options: { readonly parent?: Hex; readonly pool?: boolean } = {},
  ): Promise<ExecutionPayload> {
    this.#timestamp += 2;
    const { candidate } = await this.engine.open(options.parent ?? this.engine.heads().unsafe.hash, {
      timestamp: this.#timestamp,
      prevRandao: word(7),
      suggestedFeeRecipient: "0x4200000000000000000000000000000000000011",
      parentBeaconBlockRoot: word(0),
      transactions: [L1_ATTRIBUTES, ...transactions],
      noTxPool: options.pool !== true,
      gasLimit: 30_000_000,
      eip1559Params: "0x0000000000000000",
    });
    if (options.pool === true) await this.engine.extend(candidate, { kind: "pool" });
    const payload = await this.engine.seal(candidate);
    await this.engine.setHeads({ unsafe: payload.blockHash });
    return payload;
  }

  async close(): Promise<void> {
    await this.engine.close();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
