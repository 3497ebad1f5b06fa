import { type ProtocolContractName, protocolContract } from "@altlayer/contracts";
import { receiptOf } from "@altlayer/sdk";
import {
  type Abi,
  type Account,
  type Address,
  encodeDeployData,
  getContractAddress,
  type Hash,
  type PublicClient,
  type WalletClient,
} from "viem";
import { RestakingError } from "./errors.ts";

export interface Clients {
  readonly publicClient: PublicClient;
  /** With an account that pays, used by nobody else meanwhile. */
  readonly walletClient: WalletClient;
}

interface Step {
  readonly name: ProtocolContractName;
  readonly args: readonly unknown[];
}

const abis = new Map<ProtocolContractName, Abi>();

export function abiOf(name: ProtocolContractName): Abi {
  let abi = abis.get(name);
  if (abi === undefined) {
    abi = protocolContract(name).abi as Abi;
    abis.set(name, abi);
  }
  return abi;
}

export function accountOf({ walletClient }: Clients): Account {
  if (walletClient.account === undefined) {
    throw new RestakingError("NO_ACCOUNT", "the wallet client has no account: create it with one that can pay");
  }
  return walletClient.account;
}

/**
 * Deploys contracts that may know each other from their construction: `steps` gets the address of each before the
 * first is sent.
 * @returns the address of each.
 * @throws RestakingError `TRANSACTION_REVERTED`.
 */
export async function deployAll(
  names: readonly ProtocolContractName[],
  argsOf: (addressOf: (name: ProtocolContractName) => Address) => Readonly<Record<string, readonly unknown[]>>,
  clients: Clients,
): Promise<(name: ProtocolContractName) => Address> {
  const account = accountOf(clients);
  const first = await clients.publicClient.getTransactionCount({ address: account.address, blockTag: "pending" });
  const at = addressesOf(names, account.address, first);
  const args = argsOf(at);
  const steps: Step[] = names.map((name) => ({ name, args: args[name] ?? [] }));
  const hashes: Hash[] = [];
  for (const [i, step] of steps.entries()) {
    const { abi, bytecode } = protocolContract(step.name);
    hashes.push(
      await clients.walletClient.sendTransaction({
        account,
        chain: null,
        nonce: first + i,
        data: encodeDeployData({ abi: abi as Abi, bytecode, args: step.args }),
      }),
    );
  }
  for (const [i, hash] of hashes.entries()) await succeed(hash, `deploying ${names[i]}`, clients);
  return at;
}

/** The addresses of contracts that an account creates one after the other, from a nonce on. */
export function addressesOf(
  names: readonly ProtocolContractName[],
  from: Address,
  firstNonce: number,
): (name: ProtocolContractName) => Address {
  return (name) => {
    const position = names.indexOf(name);
    if (position < 0) throw new RestakingError("EVENT_MISSING", `${name} is not part of this deployment`);
    return getContractAddress({ from, nonce: BigInt(firstNonce + position) });
  };
}

/**
 * Waits for a transaction.
 * @throws RestakingError `TRANSACTION_REVERTED`.
 */
export async function succeed(hash: Hash, what: string, { publicClient }: Clients) {
  const receipt = await receiptOf(hash, publicClient);
  if (receipt.status !== "success") {
    throw new RestakingError("TRANSACTION_REVERTED", `${what} reverted`, { hash, gasUsed: receipt.gasUsed });
  }
  return receipt;
}
