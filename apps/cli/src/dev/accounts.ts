import { pbkdf2Sync } from "node:crypto";
import { HDKey, privateKeyToAccount } from "viem/accounts";
import { bytesToHex } from "viem/utils";
import type { Role } from "./mnemonic.ts";
import { MACH_OPERATORS, MNEMONIC, ROLES, USERS } from "./mnemonic.ts";

type Hex = `0x${string}`;

export interface TestAccount {
  readonly address: Hex;
  readonly privateKey: Hex;
}

const PARENT = "m/44'/60'/0'/0";
const known = new Map<number, TestAccount>();
let parent: HDKey | undefined;

export const userAccounts = (): readonly TestAccount[] => Array.from({ length: USERS }, (_, index) => account(index));

export function roleAccounts(): Readonly<Record<Role, TestAccount>> {
  return Object.fromEntries(ROLES.map((role, index) => [role, account(USERS + index)])) as Record<Role, TestAccount>;
}

/** Who keeps MACH's tables, and the L1 keys of its operators. */
export function machAccounts(): { readonly keeper: Hex; readonly operators: readonly Hex[] } {
  const first = USERS + ROLES.length;
  const operators = Array.from({ length: MACH_OPERATORS }, (_, i) => account(first + 1 + i).privateKey);
  return { keeper: account(first).privateKey, operators };
}

function account(index: number): TestAccount {
  let found = known.get(index);
  if (found === undefined) {
    // The path's parent is derived once, its children from there.
    parent ??= HDKey.fromMasterSeed(seedOf(MNEMONIC)).derive(PARENT);
    const privateKey = bytesToHex(parent.deriveChild(index).privateKey ?? new Uint8Array(32));
    found = { address: privateKeyToAccount(privateKey).address.toLowerCase() as Hex, privateKey };
    known.set(index, found);
  }
  return found;
}

/** BIP-39, without a passphrase: thousands of hashes by design, which take JavaScript sixty milliseconds. */
function seedOf(mnemonic: string): Uint8Array {
  return new Uint8Array(pbkdf2Sync(mnemonic, "mnemonic", 2_048, 64, "sha512"));
}
