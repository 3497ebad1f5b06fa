import type { ForkName, ForkTimes } from "@altlayer/protocol";
import { checkForkSchedule, isForkActive } from "@altlayer/protocol";
import { numberToHex } from "viem";
import { DeployerError } from "../errors.ts";
import type { Hex } from "../types.ts";
import { genesisBlockHash, stateRootOf } from "./header.ts";
import type { GenesisOptions } from "./options.ts";
import type { GenesisAccount } from "./predeploys.ts";
import { predeploy, predeployAccounts } from "./predeploys.ts";
import type { PreinstallName } from "./preinstalls.ts";
import { BEACON_ROOTS_SENDER, PREINSTALLS, preinstallCode } from "./preinstalls.ts";

/** A genesis file in go-ethereum's format. Quantities are hex; accounts are in the order of their addresses. */
export interface GethGenesis {
  readonly config: Readonly<Record<string, unknown>>;
  readonly nonce: Hex;
  readonly timestamp: Hex;
  readonly extraData: Hex;
  readonly gasLimit: Hex;
  readonly difficulty: Hex;
  readonly mixHash: Hex;
  readonly coinbase: Hex;
  readonly number: Hex;
  readonly gasUsed: Hex;
  readonly parentHash: Hex;
  readonly baseFeePerGas: Hex;
  readonly excessBlobGas: Hex;
  readonly blobGasUsed: Hex;
  readonly alloc: Readonly<
    Record<
      Hex,
      {
        readonly balance: Hex;
        readonly nonce?: Hex;
        readonly code?: Hex;
        readonly storage?: Readonly<Record<Hex, Hex>>;
      }
    >
  >;
}

export interface L2Genesis {
  readonly genesis: GethGenesis;
  /** What every node must find as the hash of block 0. */
  readonly hash: Hex;
  readonly stateRoot: Hex;
  /** 8 bytes, denominator and elasticity, of the first blocks; zero before Holocene. */
  readonly eip1559Params: Hex;
}

const BASE_FEE_WEI = 1_000_000_000n;
const SEQUENCER_FEE_VAULT = predeploy(0x11);
const ZERO_HASH: Hex = `0x${"00".repeat(32)}`;
const REQUIRED_AT_GENESIS: readonly ForkName[] = ["regolith", "canyon", "delta", "ecotone", "fjord"];

/**
 * The L2 genesis: predeploys behind proxies with their implementations and storage, the standard preinstalls, funded
 * accounts, and the chain configuration. The same options give the same bytes.
 * @throws DeployerError `INVALID_PARAMETERS`; ProtocolError for a fork schedule that cannot be followed.
 */
export function buildL2Genesis(options: GenesisOptions): L2Genesis {
  const { anchor, forkTimes, l2ChainId, eip1559Defaults } = options;
  checkForkSchedule(forkTimes, anchor.timestamp);
  for (const fork of REQUIRED_AT_GENESIS) {
    if (!isForkActive({ forkTimes }, fork, anchor.timestamp)) {
      throw new DeployerError(
        "INVALID_PARAMETERS",
        `${fork} must be active at genesis: the contracts' state is that of Fjord`,
        { fork },
      );
    }
  }
  const accounts = genesisAccounts(options);
  const stateRoot = stateRootOf(accounts);
  const holocene = isForkActive({ forkTimes }, "holocene", anchor.timestamp);
  const eip1559Params = holocene ? encodeEip1559Params(options) : ("0x0000000000000000" as Hex);
  // Holocene's extra data: a version byte of zero and the parameters (specs/protocol/holocene/exec-engine).
  const extraData: Hex = holocene ? `0x00${eip1559Params.slice(2)}` : "0x";
  const header = {
    stateRoot,
    coinbase: SEQUENCER_FEE_VAULT,
    gasLimit: options.gasLimit,
    timestamp: anchor.timestamp,
    extraData,
    baseFeePerGas: BASE_FEE_WEI,
  };
  const time = (fork: ForkName) => forkTimes[fork];
  const genesis: GethGenesis = {
    config: {
      chainId: l2ChainId,
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
      bedrockBlock: 0,
      terminalTotalDifficulty: 0,
      terminalTotalDifficultyPassed: true,
      regolithTime: time("regolith"),
      shanghaiTime: time("canyon"),
      canyonTime: time("canyon"),
      cancunTime: time("ecotone"),
      ecotoneTime: time("ecotone"),
      fjordTime: time("fjord"),
      ...laterForkFields(forkTimes),
      optimism: {
        eip1559Elasticity: eip1559Defaults.elasticity,
        eip1559Denominator: eip1559Defaults.denominator,
        eip1559DenominatorCanyon: eip1559Defaults.denominatorCanyon,
      },
    },
    nonce: "0x0",
    timestamp: numberToHex(anchor.timestamp),
    extraData,
    gasLimit: numberToHex(options.gasLimit),
    difficulty: "0x0",
    mixHash: ZERO_HASH,
    coinbase: SEQUENCER_FEE_VAULT,
    number: "0x0",
    gasUsed: "0x0",
    parentHash: ZERO_HASH,
    baseFeePerGas: numberToHex(BASE_FEE_WEI),
    excessBlobGas: "0x0",
    blobGasUsed: "0x0",
    alloc: Object.fromEntries([...accounts].map(([address, account]) => [address, toAlloc(account)])),
  };
  return { genesis, hash: genesisBlockHash(header), stateRoot, eip1559Params };
}

/** The forks after Fjord, in go-ethereum's names; one that is not scheduled is absent. */
export function laterForkFields({ granite, holocene }: ForkTimes): Record<string, number> {
  return {
    ...(granite === undefined ? {} : { graniteTime: granite }),
    ...(holocene === undefined ? {} : { holoceneTime: holocene }),
  };
}

function genesisAccounts(options: GenesisOptions): Map<Hex, GenesisAccount> {
  const accounts = predeployAccounts(options);
  for (const [name, address] of Object.entries(PREINSTALLS)) {
    accounts.set(address, { balance: 0n, nonce: 1, code: preinstallCode(name as PreinstallName, options.l2ChainId) });
  }
  accounts.set(BEACON_ROOTS_SENDER, { balance: 0n, nonce: 1 });
  // One wei keeps the precompiles' accounts from being empty, which calls without value would otherwise touch away.
  for (let index = 0; index < 256; index++) {
    accounts.set(`0x${index.toString(16).padStart(40, "0")}`, { balance: 1n, nonce: 0 });
  }
  for (const [key, wei] of Object.entries(options.balances ?? {})) {
    const address = key.toLowerCase() as Hex;
    const account = accounts.get(address) ?? { balance: 0n, nonce: 0 };
    accounts.set(address, { ...account, balance: account.balance + wei });
  }
  for (const [key, { code, storage }] of Object.entries(options.contracts ?? {})) {
    const address = key.toLowerCase() as Hex;
    const account = accounts.get(address);
    if (account?.code !== undefined || BigInt(address) < 0x10000n) {
      throw new DeployerError("INVALID_PARAMETERS", `${address} is an address of the OP Stack's own: choose another`, {
        address,
      });
    }
    // EIP-161: a contract's nonce begins at one.
    accounts.set(address, { balance: account?.balance ?? 0n, nonce: 1, code, storage: nonZero(storage) });
  }
  return new Map([...accounts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A zero is no entry of the trie. */
function nonZero(storage: Readonly<Record<Hex, Hex>>): Record<Hex, Hex> {
  return Object.fromEntries(Object.entries(storage).filter(([, value]) => BigInt(value) !== 0n)) as Record<Hex, Hex>;
}

function toAlloc({ balance, nonce, code, storage = {} }: GenesisAccount): GethGenesis["alloc"][Hex] {
  return {
    balance: numberToHex(balance),
    ...(nonce === 0 ? {} : { nonce: numberToHex(nonce) }),
    ...(code === undefined ? {} : { code }),
    ...(Object.keys(storage).length === 0 ? {} : { storage }),
  };
}

function encodeEip1559Params({ eip1559, eip1559Defaults }: GenesisOptions): Hex {
  const denominator = eip1559?.denominator ?? eip1559Defaults.denominatorCanyon;
  const elasticity = eip1559?.elasticity ?? eip1559Defaults.elasticity;
  return numberToHex((BigInt(denominator) << 32n) | BigInt(elasticity), { size: 8 });
}
