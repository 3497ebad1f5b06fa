import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { bytesToHex, hexToBytes, type TransactionSerializable } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import {
  type Engine,
  type EngineOptions,
  type ExecutionPayload,
  type Hex,
  openEngine,
  type PayloadAttributes,
} from "../../src/index.ts";

export const CHAIN_ID = 901;
export const GWEI = 10n ** 9n;
export const ETHER = 10n ** 18n;
export const GENESIS_TIME = 1_700_000_000;

const ZERO_HASH: Hex = `0x${"00".repeat(32)}`;
const FEE_RECIPIENT: Hex = "0x4200000000000000000000000000000000000011";
/** What the L1 costs: L1Block's slots for base fee, scalars and blob base fee. */
const L1_BLOCK = "0x4200000000000000000000000000000000000015";

export function account(index: number): PrivateKeyAccount {
  return privateKeyToAccount(`0x${(index + 1).toString(16).padStart(64, "0")}`);
}

export interface GenesisOptions {
  readonly accounts?: number;
  readonly balanceWei?: bigint;
  readonly gasLimit?: number;
  readonly l1BaseFee?: bigint;
  readonly alloc?: Record<string, object>;
}

/** A Holocene chain with funded accounts. */
export function genesisJson(options: GenesisOptions = {}): string {
  const alloc: Record<string, object> = { ...options.alloc };
  for (let index = 0; index < (options.accounts ?? 20); index++) {
    alloc[account(index).address] = { balance: `0x${(options.balanceWei ?? 1_000n * ETHER).toString(16)}` };
  }
  const word = (value: bigint): Hex => `0x${value.toString(16).padStart(64, "0")}`;
  if (options.l1BaseFee !== undefined) {
    alloc[L1_BLOCK] = {
      balance: "0x0",
      nonce: "0x1",
      storage: {
        [word(1n)]: word(options.l1BaseFee),
        // Base fee scalar 1,000,000 in bytes 12 to 16 of the slot.
        [word(3n)]: word(1_000_000n << 96n),
        [word(7n)]: word(1n),
      },
    };
  }
  return JSON.stringify({
    config: {
      chainId: CHAIN_ID,
      homesteadBlock: 0,
      eip150Block: 0,
      eip155Block: 0,
      eip158Block: 0,
      byzantiumBlock: 0,
      constantinopleBlock: 0,
      petersburgBlock: 0,
      istanbulBlock: 0,
      muirGlacierBlock: 0,
      berlinBlock: 0,
      londonBlock: 0,
      arrowGlacierBlock: 0,
      grayGlacierBlock: 0,
      mergeNetsplitBlock: 0,
      terminalTotalDifficulty: 0,
      terminalTotalDifficultyPassed: true,
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
    },
    nonce: "0x0",
    timestamp: `0x${GENESIS_TIME.toString(16)}`,
    // Holocene's version byte, denominator 250, elasticity 6.
    extraData: "0x00000000fa00000006",
    gasLimit: `0x${(options.gasLimit ?? 60_000_000).toString(16)}`,
    difficulty: "0x0",
    mixHash: ZERO_HASH,
    coinbase: FEE_RECIPIENT,
    baseFeePerGas: `0x${GWEI.toString(16)}`,
    alloc,
  });
}

/** A directory that goes when the test is over. */
export async function temporaryDirectory(): Promise<AsyncDisposable & { readonly dir: string }> {
  const dir = await mkdtemp(path.join(tmpdir(), "altlayer-engine-"));
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

export function engineOptions(dataDir: string, genesis: string, overrides: Partial<EngineOptions> = {}): EngineOptions {
  return { dataDir, genesisJson: genesis, history: 64, pool: {}, limits: {}, ...overrides };
}

/** An engine over a fresh or given directory; closed when the test is over. */
export async function useEngine(
  options: { readonly dir?: string; readonly genesis?: GenesisOptions } & Partial<EngineOptions> = {},
): Promise<AsyncDisposable & { readonly engine: Engine; readonly dir: string }> {
  const { dir: given, genesis, ...overrides } = options;
  const owned = given === undefined ? await temporaryDirectory() : undefined;
  const dir = given ?? owned?.dir ?? "";
  const engine = await openEngine(engineOptions(dir, genesisJson(genesis), overrides));
  return {
    engine,
    dir,
    [Symbol.asyncDispose]: async () => {
      await engine.close();
      await owned?.[Symbol.asyncDispose]();
    },
  };
}

export function attributes(timestamp: number, overrides: Partial<PayloadAttributes> = {}): PayloadAttributes {
  return {
    timestamp,
    prevRandao: ZERO_HASH,
    suggestedFeeRecipient: FEE_RECIPIENT,
    parentBeaconBlockRoot: ZERO_HASH,
    transactions: [],
    noTxPool: false,
    gasLimit: 60_000_000,
    eip1559Params: "0x0000000000000000",
    ...overrides,
  };
}

/** Signed EIP-2718 bytes of a transfer of one wei, unless told otherwise. */
export async function sign(from: PrivateKeyAccount, fields: Partial<TransactionSerializable> = {}): Promise<Hex> {
  return from.signTransaction({
    type: "eip1559",
    chainId: CHAIN_ID,
    to: "0x00000000000000000000000000000000000000aa",
    value: 1n,
    gas: 21_000n,
    maxFeePerGas: 10n * GWEI,
    maxPriorityFeePerGas: GWEI,
    nonce: 0,
    ...fields,
  } as TransactionSerializable & { type: "eip1559" });
}

export const bytes = (hex: Hex): Uint8Array => hexToBytes(hex);
export const hex = (data: Uint8Array): Hex => bytesToHex(data);

/** Opens, extends from the pool, seals, and makes the block the head. */
export async function buildBlock(
  engine: Engine,
  overrides: Partial<PayloadAttributes> = {},
  parent: { readonly hash: Hex; readonly timestamp: number } = engine.heads().unsafe,
): Promise<ExecutionPayload> {
  const payload = await buildSideBlock(engine, parent, overrides);
  await engine.setHeads({ unsafe: payload.blockHash });
  return payload;
}

export async function buildSideBlock(
  engine: Engine,
  parent: { readonly hash: Hex; readonly timestamp: number },
  overrides: Partial<PayloadAttributes> = {},
): Promise<ExecutionPayload> {
  const wanted = attributes(parent.timestamp + 2, overrides);
  const { candidate } = await engine.open(parent.hash, wanted);
  if (!wanted.noTxPool) await engine.extend(candidate, { kind: "pool" });
  return engine.seal(candidate);
}
