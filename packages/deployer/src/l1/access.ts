import type { Account, Client, PublicClient, Transport, WalletClient } from "viem";
import { createPublicClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { DeployerError } from "../errors.ts";
import type { Hex } from "../types.ts";

/** How to reach L1 and who pays: a URL with a key, or viem's clients (the wallet may hold its key elsewhere). */
export type L1Access =
  | { readonly rpcUrl: string; readonly privateKey: Hex }
  | { readonly publicClient: PublicClient; readonly walletClient: WalletClient };

/** L1 reduced to what the deployment needs of it. */
export interface L1 {
  readonly client: Client<Transport>;
  readonly account: Account;
  readonly deployer: Hex;
  readonly chainId: number;
  request<T>(method: string, params?: readonly unknown[]): Promise<T>;
  /** Sends one transaction and returns its hash. The local key signs, if there is one; else the wallet does. */
  send(transaction: L1Transaction): Promise<Hex>;
}

export interface L1Transaction {
  readonly to?: Hex;
  readonly data: Hex;
  readonly nonce: number;
  readonly gas: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** Large enough for all transactions of a deployment, small enough for a request of a few hundred kilobytes. */
const BATCH_SIZE = 60;

export async function openL1(access: L1Access): Promise<L1> {
  const client = "rpcUrl" in access ? clientOf(access.rpcUrl) : access.publicClient;
  const account = "rpcUrl" in access ? privateKeyToAccount(access.privateKey) : access.walletClient.account;
  if (account === undefined) {
    throw new DeployerError(
      "INVALID_PARAMETERS",
      "the wallet client has no account: create it with one that can pay the deployment",
    );
  }
  const request = async <T>(method: string, params: readonly unknown[] = []): Promise<T> => {
    try {
      return (await client.request({ method, params } as never)) as T;
    } catch (error) {
      const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
      throw new DeployerError(
        "L1_REQUEST_FAILED",
        `the L1 did not serve ${method} (${reason}): check its URL and state`,
        {
          method,
          reason,
        },
      );
    }
  };
  const wallet = "rpcUrl" in access ? undefined : access.walletClient;
  const chainId = Number(await request<Hex>("eth_chainId"));
  return {
    client: client as Client<Transport>,
    account,
    deployer: account.address.toLowerCase() as Hex,
    chainId,
    request,
    async send(transaction) {
      if (account.signTransaction !== undefined) {
        const raw = await account.signTransaction({ type: "eip1559", chainId, ...transaction });
        return request<Hex>("eth_sendRawTransaction", [raw]);
      }
      const parameters = {
        from: account.address,
        ...(transaction.to === undefined ? {} : { to: transaction.to }),
        data: transaction.data,
        nonce: quantity(transaction.nonce),
        gas: quantity(transaction.gas),
        maxFeePerGas: quantity(transaction.maxFeePerGas),
        maxPriorityFeePerGas: quantity(transaction.maxPriorityFeePerGas),
      };
      if (wallet !== undefined)
        return (await wallet.request({ method: "eth_sendTransaction", params: [parameters] } as never)) as Hex;
      return request<Hex>("eth_sendTransaction", [parameters]);
    },
  };
}

export function quantity(value: number | bigint): Hex {
  return `0x${value.toString(16)}`;
}

function clientOf(rpcUrl: string): PublicClient {
  return createPublicClient({ transport: http(rpcUrl, { batch: { batchSize: BATCH_SIZE }, timeout: 60_000 }) });
}
