import { bytesToHex } from "viem";
import { mnemonicToAccount } from "viem/accounts";

/** The mnemonic of every Ethereum development chain. Its keys are public: for development only. */
export const MNEMONIC = "test test test test test test test test test test test junk";

type Hex = `0x${string}`;

export interface TestAccount {
  readonly address: Hex;
  readonly privateKey: Hex;
}

/** Accounts for the user, the first ten as wallets and tools expect them; the rollup's own roles come after them. */
const USERS = 10;
const ROLES = ["owner", "batcher", "proposer", "challenger", "unsafeBlockSigner"] as const;
export type Role = (typeof ROLES)[number];

export const ACCOUNT_COUNT = USERS + ROLES.length;

export const userAccounts = (): readonly TestAccount[] => Array.from({ length: USERS }, (_, index) => account(index));

export function roleAccounts(): Readonly<Record<Role, TestAccount>> {
  return Object.fromEntries(ROLES.map((role, index) => [role, account(USERS + index)])) as Record<Role, TestAccount>;
}

function account(addressIndex: number): TestAccount {
  const derived = mnemonicToAccount(MNEMONIC, { addressIndex });
  const key = derived.getHdKey().privateKey ?? new Uint8Array(32);
  return { address: derived.address.toLowerCase() as Hex, privateKey: bytesToHex(key) };
}
