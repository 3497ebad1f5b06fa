import { numberToHex } from "viem";
import { mnemonicToAccount, privateKeyToAddress } from "viem/accounts";
import { DeployerError } from "./errors.ts";
import type { DeploymentParameters } from "./parameters.ts";
import { DEVELOPMENT_PRESTATE } from "./parameters.ts";
import type { Hex } from "./types.ts";

/** Chain ids by which development chains go: hardhat and anvil, geth --dev, the OP Stack's and our own devnets. */
export const DEVELOPMENT_CHAIN_IDS: readonly number[] = [31337, 1337, 900, 901, 902, 2151908, 42069, 42070, 42071];

export interface ChainKind {
  readonly l1ChainId: number;
  /** Further ids that the caller vouches for, for instance its own development L2 below an L3. */
  readonly developmentChainIds?: readonly number[];
}

export function isDevelopmentChain({ l1ChainId, developmentChainIds = [] }: ChainKind): boolean {
  return DEVELOPMENT_CHAIN_IDS.includes(l1ChainId) || developmentChainIds.includes(l1ChainId);
}

/**
 * Refuses, off development chains, what makes a rollup worthless or hands it to strangers: zero delays, a prestate
 * that no program has, and roles whose keys are public knowledge.
 * @throws DeployerError `UNSAFE_PARAMETERS` with one line for each problem.
 */
export function refuseUnsafeParameters(
  parameters: DeploymentParameters,
  { deployer, ...chain }: ChainKind & { deployer: Hex },
): void {
  if (isDevelopmentChain(chain)) return;
  const problems: string[] = [];
  const { delays, game, preimageOracle } = parameters;
  const durations = {
    "delays.proofMaturitySeconds": delays.proofMaturitySeconds,
    "delays.gameFinalitySeconds": delays.gameFinalitySeconds,
    "delays.bondWithdrawalSeconds": delays.bondWithdrawalSeconds,
    "game.clockExtensionSeconds": game.clockExtensionSeconds,
    "game.maxClockSeconds": game.maxClockSeconds,
    "preimageOracle.challengePeriodSeconds": preimageOracle.challengePeriodSeconds,
  };
  for (const [name, value] of Object.entries(durations)) {
    if (value === 0) problems.push(`${name} is zero: nobody could dispute or stop a false withdrawal in time`);
  }
  if (isMadeUpPrestate(game.absolutePrestate)) {
    problems.push(
      `game.absolutePrestate ${game.absolutePrestate} is made up: build op-program for this chain and use its prestate`,
    );
  }
  const { owner, guardian, batcher, proposer, challenger, unsafeBlockSigner } = parameters;
  const known = wellKnownAddresses();
  for (const [role, address] of Object.entries({
    owner,
    guardian,
    batcher,
    proposer,
    challenger,
    unsafeBlockSigner,
    deployer,
  })) {
    const source = known.get(address);
    if (source !== undefined) problems.push(`${role} ${address} belongs to a key that everybody knows (${source})`);
  }
  if (problems.length === 0) return;
  throw new DeployerError(
    "UNSAFE_PARAMETERS",
    `chain ${chain.l1ChainId} is no development chain, and these parameters are only fit for one:\n${problems.join("\n")}`,
    { problems, l1ChainId: chain.l1ChainId },
  );
}

/** A real prestate is a hash whose first byte states that the program has not ended (3). Patterns are no hashes. */
export function isMadeUpPrestate(prestate: Hex): boolean {
  if (prestate === DEVELOPMENT_PRESTATE || !prestate.startsWith("0x03")) return true;
  const bytes = prestate.slice(4).match(/../g) ?? [];
  return new Set(bytes).size < 16;
}

const PUBLIC_MNEMONICS = [
  "test test test test test test test test test test test junk",
  "test test test test test test test test test test test absurd",
  "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
];
const ACCOUNTS_PER_MNEMONIC = 30;
const SMALL_KEYS = 16;

let knownAddresses: ReadonlyMap<string, string> | undefined;

/** Addresses of published keys, lower-case, with what published them. Derived once, on first need. */
function wellKnownAddresses(): ReadonlyMap<string, string> {
  if (knownAddresses !== undefined) return knownAddresses;
  const addresses = new Map<string, string>();
  for (const mnemonic of PUBLIC_MNEMONICS) {
    for (let index = 0; index < ACCOUNTS_PER_MNEMONIC; index++) {
      const { address } = mnemonicToAccount(mnemonic, { addressIndex: index });
      addresses.set(address.toLowerCase(), `account ${index} of the mnemonic "${mnemonic}"`);
    }
  }
  for (let key = 1; key <= SMALL_KEYS; key++) {
    addresses.set(privateKeyToAddress(numberToHex(key, { size: 32 })).toLowerCase(), `the private key ${key}`);
  }
  addresses.set(`0x${"00".repeat(20)}`, "the zero address");
  knownAddresses = addresses;
  return addresses;
}
