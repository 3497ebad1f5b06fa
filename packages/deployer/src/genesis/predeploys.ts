import { numberToHex, pad } from "viem";
import { contractOf } from "../contracts.ts";
import type { Hex } from "../types.ts";
import { eip712Immutables, shortString, storedShortString, withImmutables } from "./immutables.ts";
import type { FeeVaultOptions, GenesisOptions } from "./options.ts";

export interface GenesisAccount {
  readonly balance: bigint;
  readonly nonce: number;
  readonly code?: Hex;
  readonly storage?: Readonly<Record<Hex, Hex>>;
}

/** The namespace of predeploys: 0x42...0000 to 0x42...07ff. */
const PREDEPLOY_COUNT = 2048;
const EIP1967_ADMIN: Hex = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";
const EIP1967_IMPLEMENTATION: Hex = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
/** What the messenger's "current sender" holds outside of a message. */
const NO_SENDER: Hex = "0x000000000000000000000000000000000000dead";

const MESSENGER = 0x07;
const STANDARD_BRIDGE = 0x10;
const ERC721_BRIDGE = 0x14;
const PROXY_ADMIN = 0x18;
const WETH = 0x06;
const GOVERNANCE_TOKEN = 0x42;

export function predeploy(index: number): Hex {
  return `0x42${index.toString(16).padStart(38, "0")}`;
}

/** Implementations stand beside the namespace, at the same last two bytes. */
export function implementation(index: number): Hex {
  return `0xc0d3c0d3c0d3c0d3c0d3c0d3c0d3c0d3c0d3${index.toString(16).padStart(4, "0")}`;
}

interface PredeployEntry {
  readonly index: number;
  readonly contract: string;
  readonly immutables?: readonly Hex[];
  /** Storage of the proxy, and, where it differs from empty, of the implementation: initialized with zeros and locked. */
  readonly storage?: Readonly<Record<number, Hex | bigint>>;
  readonly implementationStorage?: Readonly<Record<number, Hex | bigint>>;
}

/** The predeploys with an implementation, and all storage they have at genesis besides the proxies' own two slots. */
function predeployTable(options: GenesisOptions): readonly PredeployEntry[] {
  const { addresses, owner, l1ChainId, l2ChainId, feeVaults } = options;
  const messenger = predeploy(MESSENGER);
  const bridge = predeploy(STANDARD_BRIDGE);
  return [
    { index: 0x00, contract: "LegacyMessagePasser" },
    { index: 0x02, contract: "DeployerWhitelist" },
    {
      index: MESSENGER,
      contract: "L2CrossDomainMessenger",
      // The initializer's mark stands behind 20 bytes of a variable of old.
      storage: { 0: 1n << 160n, 204: NO_SENDER, 207: addresses.L1CrossDomainMessengerProxy },
      implementationStorage: { 0: 1n << 160n, 204: NO_SENDER },
    },
    // Both flags, of Ecotone and of Fjord: these forks are active from genesis on.
    { index: 0x0f, contract: "GasPriceOracle", storage: { 0: 0x101n } },
    {
      index: STANDARD_BRIDGE,
      contract: "L2StandardBridge",
      storage: { 0: 1n, 3: messenger, 4: addresses.L1StandardBridgeProxy },
      implementationStorage: { 0: 1n, 3: messenger },
    },
    { index: 0x11, contract: "SequencerFeeVault", immutables: vaultImmutables(feeVaults.sequencer) },
    {
      index: 0x12,
      contract: "OptimismMintableERC20Factory",
      storage: { 0: 1n, 1: bridge },
      implementationStorage: { 0: 1n },
    },
    { index: 0x13, contract: "L1BlockNumber" },
    {
      index: ERC721_BRIDGE,
      contract: "L2ERC721Bridge",
      storage: { 0: 1n, 1: messenger, 2: addresses.L1ERC721BridgeProxy },
      implementationStorage: { 0: 1n, 1: messenger },
    },
    { index: 0x15, contract: "L1Block" },
    { index: 0x16, contract: "L2ToL1MessagePasser" },
    {
      index: 0x17,
      contract: "OptimismMintableERC721Factory",
      immutables: [predeploy(ERC721_BRIDGE), numberToHex(l1ChainId)],
    },
    { index: PROXY_ADMIN, contract: "ProxyAdmin", storage: { 0: owner }, implementationStorage: { 0: owner } },
    { index: 0x19, contract: "BaseFeeVault", immutables: vaultImmutables(feeVaults.baseFee) },
    { index: 0x1a, contract: "L1FeeVault", immutables: vaultImmutables(feeVaults.l1Fee) },
    { index: 0x20, contract: "SchemaRegistry" },
    {
      index: 0x21,
      contract: "EAS",
      // The proxy is where the code runs, so its cached domain is the proxy's.
      immutables: [
        ...eip712Immutables({ name: "EAS", version: "1.3.0", chainId: l2ChainId, address: predeploy(0x21) }),
        shortString("EAS"),
      ],
    },
  ];
}

/** All accounts of the predeploys' namespace and of their implementations. */
export function predeployAccounts(options: GenesisOptions): Map<Hex, GenesisAccount> {
  const accounts = new Map<Hex, GenesisAccount>();
  const table = predeployTable(options);
  const proxyCode = contractOf("Proxy").deployedBytecode;
  const admin = word(predeploy(PROXY_ADMIN));
  const entries = new Map(table.map((entry) => [entry.index, entry]));
  for (let index = 0; index < PREDEPLOY_COUNT; index++) {
    if (index === WETH || index === GOVERNANCE_TOKEN) continue;
    const entry = entries.get(index);
    accounts.set(predeploy(index), {
      balance: 0n,
      nonce: 0,
      code: proxyCode,
      storage: {
        [EIP1967_ADMIN]: admin,
        ...(entry === undefined
          ? {}
          : { [EIP1967_IMPLEMENTATION]: word(implementation(index)), ...slots(entry.storage) }),
      },
    });
  }
  for (const { index, contract, immutables, implementationStorage } of table) {
    accounts.set(implementation(index), {
      balance: 0n,
      nonce: 0,
      code: withImmutables(contractOf(contract), immutables ?? []),
      storage: slots(implementationStorage),
    });
  }
  accounts.set(predeploy(WETH), { balance: 0n, nonce: 0, code: contractOf("WETH").deployedBytecode });
  if (options.governanceTokenOwner !== undefined) {
    const domain = { name: "Optimism", version: "1", chainId: options.l2ChainId, address: predeploy(GOVERNANCE_TOKEN) };
    accounts.set(predeploy(GOVERNANCE_TOKEN), {
      balance: 0n,
      nonce: 0,
      code: withImmutables(contractOf("GovernanceToken"), eip712Immutables(domain)),
      storage: slots({
        3: storedShortString("Optimism"),
        4: storedShortString("OP"),
        10: options.governanceTokenOwner,
      }),
    });
  }
  return accounts;
}

/** In the order of declaration: minimum, recipient, network. The constructor takes them in another. */
function vaultImmutables({ minimumWithdrawalWei, recipient, network }: FeeVaultOptions): readonly Hex[] {
  return [numberToHex(minimumWithdrawalWei), recipient, network === "L1" ? "0x00" : "0x01"];
}

function slots(storage: Readonly<Record<number, Hex | bigint>> = {}): Record<Hex, Hex> {
  return Object.fromEntries(
    Object.entries(storage).map(([slot, value]) => [
      numberToHex(BigInt(slot), { size: 32 }),
      typeof value === "bigint" ? numberToHex(value, { size: 32 }) : word(value),
    ]),
  );
}

function word(value: Hex): Hex {
  return pad(value.toLowerCase() as Hex, { size: 32 });
}
