import { createBlock } from "@ethereumjs/block";
import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { MerkleStateManager } from "@ethereumjs/statemanager";
import { createTx } from "@ethereumjs/tx";
import { Account, bytesToHex, createAddressFromString, hexToBytes, setLengthLeft } from "@ethereumjs/util";
import { createVM, runTx } from "@ethereumjs/vm";
import type { Hex } from "viem";
import { keccak256, toRlp } from "viem";
import { privateKeyToAddress } from "viem/accounts";
import { ProgramWriter } from "./program.ts";
import { SeededRandom } from "./seeded-random.ts";

const secretKey = `0x${"45".repeat(32)}` as const;
const from = privateKeyToAddress(secretKey).toLowerCase();
const coinbase = "0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba";
const contracts = Array.from({ length: 5 }, (_, index) => `0x${(0x1000 + index).toString(16).padStart(40, "0")}`);

const env = {
  currentCoinbase: coinbase,
  currentDifficulty: "0x20000",
  currentRandom: `0x${"77".repeat(32)}`,
  currentGasLimit: "0x2faf0800",
  currentNumber: "0x1",
  currentTimestamp: "0x3e8",
  currentBaseFee: "0xa",
  currentExcessBlobGas: "0x0",
} as const;

interface PreAccount {
  readonly balance: Hex;
  readonly nonce: Hex;
  readonly code: Hex;
  readonly storage: Readonly<Record<Hex, Hex>>;
}

/** What the independent EVM found; `reverted` and `gasUsed` guard the generator against writing only duds. */
export interface Filled {
  readonly name: string;
  readonly test: unknown;
  readonly failed: boolean;
  readonly gasUsed: bigint;
  readonly logs: number;
}

/** Executes one random world and transaction by `@ethereumjs/vm` and writes it down in the format of GeneralStateTests. */
export async function fillStateTest(seed: number): Promise<Filled> {
  const random = new SeededRandom(seed);
  const targets = [...contracts, from, coinbase, `0x${"de".repeat(20)}`];
  const pre: Record<string, PreAccount> = {
    [from]: { balance: "0xde0b6b3a7640000", nonce: "0x5", code: "0x", storage: {} },
  };
  for (const address of contracts) {
    const code = new ProgramWriter({ targets }, { random }).write(20 + random.below(120)) as Hex;
    const storage: Record<Hex, Hex> = {};
    for (let slot = 0; slot < random.below(4); slot++) storage[`0x0${slot}`] = `0x0${1 + random.below(9)}`;
    pre[address] = { balance: "0x2710", nonce: "0x1", code, storage };
  }
  const data = `0x${random.word().toString(16).padStart(64, "0")}` as Hex;
  const creates = random.below(8) === 0;
  const transaction = {
    data: [creates ? pre[contracts[0] as string]?.code : data] as Hex[],
    gasLimit: ["0x3d0900"],
    gasPrice: "0x10",
    nonce: "0x5",
    secretKey,
    sender: from,
    to: creates ? "" : (contracts[0] as string),
    value: [random.below(2) === 0 ? "0x0" : "0x64"],
  };
  const outcome = await execute(pre, transaction);
  const name = `random-${seed}`;
  const post = { Cancun: [{ hash: outcome.root, logs: outcome.logsHash, indexes: { data: 0, gas: 0, value: 0 } }] };
  return { name, test: { [name]: { env, pre, transaction, post } }, ...outcome };
}

async function execute(
  pre: Readonly<Record<string, PreAccount>>,
  transaction: { readonly data: readonly Hex[]; readonly to: string; readonly value: readonly string[] },
) {
  const common = new Common({ chain: Mainnet, hardfork: Hardfork.Cancun });
  const stateManager = new MerkleStateManager({ common });
  const vm = await createVM({ common, stateManager });
  for (const [address, account] of Object.entries(pre)) {
    const at = createAddressFromString(address);
    await stateManager.putAccount(at, new Account(BigInt(account.nonce), BigInt(account.balance)));
    if (account.code !== "0x") await stateManager.putCode(at, hexToBytes(account.code));
    for (const [slot, value] of Object.entries(account.storage)) {
      await stateManager.putStorage(at, setLengthLeft(hexToBytes(slot as Hex), 32), hexToBytes(value));
    }
  }
  const block = createBlock(
    {
      header: {
        coinbase: env.currentCoinbase,
        mixHash: env.currentRandom,
        gasLimit: env.currentGasLimit,
        number: env.currentNumber,
        timestamp: env.currentTimestamp,
        baseFeePerGas: env.currentBaseFee,
        excessBlobGas: 0n,
      },
    },
    { common, skipConsensusFormatValidation: true },
  );
  const tx = createTx(
    {
      nonce: 5n,
      gasPrice: 16n,
      gasLimit: 4_000_000n,
      ...(transaction.to === "" ? {} : { to: transaction.to as Hex }),
      value: BigInt(transaction.value[0] as string),
      data: transaction.data[0] as Hex,
    },
    { common },
  ).sign(hexToBytes(secretKey));
  const result = await runTx(vm, { tx, block, skipBlockGasLimitValidation: true });
  const logs = (result.execResult.logs ?? []).map(
    ([address, topics, content]) =>
      [bytesToHex(address), topics.map((topic) => bytesToHex(topic)), bytesToHex(content)] as const,
  );
  return {
    root: bytesToHex(await stateManager.getStateRoot()),
    logsHash: keccak256(toRlp(logs as unknown as Parameters<typeof toRlp>[0])),
    failed: result.execResult.exceptionError !== undefined,
    gasUsed: result.totalGasSpent,
    logs: logs.length,
  };
}
