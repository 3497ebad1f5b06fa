import { setTimeout as sleep } from "node:timers/promises";
import type { TransactionSerializableLegacy } from "viem";
import { concatHex, keccak256, serializeTransaction } from "viem";
import { DeployerError } from "../errors.ts";
import { preinstallCode } from "../genesis/preinstalls.ts";
import type { Hex } from "../types.ts";
import type { L1 } from "./access.ts";
import { quantity } from "./access.ts";

export const MULTICALL3_ADDRESS: Hex = "0xca11bde05977b3631167028862be2a173976ca11";

/** The one-time account of Multicall3's presigned creation, valid on every chain that takes unprotected transactions. */
const PRESIGNER: Hex = "0x05f32b3cc3888453ff71b01135b34ff8e41263f2";
const GAS_PRICE_WEI = 100_000_000_000n;
const GAS = 1_000_000n;
const SIGNATURE = {
  r: "0xedce47092c0f398cebf3ffc267f05c8e7076e3b89445e0fe50f6332273d4569b",
  s: "0x1b0b9d000e19b24c5869b0fc3b22b0d6fa47cd63316875cbbd577d76e6fde086",
  v: 28n,
} as const;
/** Copies the runtime code that follows it (0x0ee0 bytes) to memory and returns it. */
const CREATION_PREFIX: Hex = "0x608060405234801561001057600080fd5b50610ee0806100206000396000f3fe";
const RECEIPT_TIMEOUT_MS = 60_000;

/** The raw creation transaction, as its author published it. */
export function multicall3Transaction(): Hex {
  const transaction: TransactionSerializableLegacy = {
    type: "legacy",
    nonce: 0,
    gasPrice: GAS_PRICE_WEI,
    gas: GAS,
    data: concatHex([CREATION_PREFIX, preinstallCode("MultiCall3", 0)]),
  };
  return serializeTransaction(transaction, SIGNATURE);
}

/**
 * Puts Multicall3 at its canonical address, unless it is there: on anvil by setting its code, elsewhere by funding and
 * sending the presigned creation. Takes the deployer's next nonce for the funding.
 * @returns whether it was put there; false also where the chain refuses unprotected transactions.
 */
export async function ensureMulticall3(l1: L1): Promise<boolean> {
  if ((await l1.request<Hex>("eth_getCode", [MULTICALL3_ADDRESS, "latest"])) !== "0x") return false;
  const version = await l1.request<string>("web3_clientVersion").catch(() => "");
  if (version.toLowerCase().startsWith("anvil")) {
    await l1.request("anvil_setCode", [MULTICALL3_ADDRESS, preinstallCode("MultiCall3", 0)]);
    return true;
  }
  const raw = multicall3Transaction();
  const [nonce, block] = await Promise.all([
    l1.request<Hex>("eth_getTransactionCount", [l1.deployer, "pending"]),
    l1.request<{ baseFeePerGas?: Hex }>("eth_getBlockByNumber", ["latest", false]),
  ]);
  const tip = 1_000_000_000n;
  const account = l1.account;
  if (account.signTransaction === undefined) return false;
  const funding = await account.signTransaction({
    type: "eip1559",
    chainId: l1.chainId,
    to: PRESIGNER,
    value: GAS_PRICE_WEI * GAS,
    nonce: Number(nonce),
    gas: 21_000n,
    maxFeePerGas: BigInt(block.baseFeePerGas ?? "0x0") * 4n + tip,
    maxPriorityFeePerGas: tip,
  });
  await awaitReceipt(await l1.request<Hex>("eth_sendRawTransaction", [funding]), l1);
  try {
    await l1.request<Hex>("eth_sendRawTransaction", [raw]);
  } catch (error) {
    if (error instanceof DeployerError) return false;
    throw error;
  }
  await awaitReceipt(keccak256(raw), l1);
  return true;
}

async function awaitReceipt(hash: Hex, l1: L1): Promise<void> {
  const deadline = Date.now() + RECEIPT_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const receipt = await l1.request<{ status: Hex } | null>("eth_getTransactionReceipt", [hash]);
    if (receipt?.status === quantity(1)) return;
    if (receipt !== null)
      throw new DeployerError("TRANSACTION_REVERTED", `Multicall3's transaction ${hash} reverted`, { hash });
    await sleep(100);
  }
  throw new DeployerError("TRANSACTION_TIMEOUT", `Multicall3's transaction ${hash} has no receipt`, { hash });
}
