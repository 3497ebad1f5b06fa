import type { Abi } from "viem";
import { encodeDeployData, encodeFunctionData, getContractAddress, pad, size } from "viem";
import { contractOf } from "../contracts.ts";
import type { DeploymentParameters } from "../parameters.ts";
import type { Hex, L1Addresses } from "../types.ts";

/** One transaction of the deployment. Its nonce is the plan's first nonce plus its index. */
export interface DeploymentStep {
  readonly label: string;
  /** Absent: a creation. */
  readonly to?: Hex;
  readonly data: Hex;
  /** What a creation creates. */
  readonly creates?: Hex;
  /** Generous upper bound, for chains where nothing is awaited between transactions. */
  readonly gas: number;
}

export interface DeploymentPlan {
  readonly deployer: Hex;
  readonly startNonce: number;
  readonly steps: readonly DeploymentStep[];
  readonly addresses: L1Addresses;
}

/** Game types of the OP Stack: 1 is played by proposer and challenger only, 0 by anybody. */
const GAME_TYPE_PERMISSIONED = 1;
const GAME_TYPE_PERMISSIONLESS = 0;
const PROXY_TYPE_CHUGSPLASH = 1;
const PROXY_TYPE_RESOLVED = 2;
const MESSENGER_NAME = "OVM_L1CrossDomainMessenger";
/** The bound within the package's own initializer; above it the extension's setter takes over. */
const INITIAL_GAS_LIMIT_MAX = 200_000_000;
const CALL_GAS = 1_000_000;
const ZERO_ADDRESS: Hex = `0x${"00".repeat(20)}`;

const EIP1967_PROXIES = [
  "SuperchainConfig",
  "ProtocolVersions",
  "SystemConfig",
  "OptimismPortal",
  "L1ERC721Bridge",
  "OptimismMintableERC20Factory",
  "DisputeGameFactory",
  "AnchorStateRegistry",
  "DelayedWETH",
] as const;

/**
 * The whole deployment as transactions of one account. Every address follows from the account and its first nonce, so
 * later steps name contracts of earlier ones without a receipt between them.
 */
export function planDeployment(
  parameters: DeploymentParameters,
  { deployer, startNonce }: { deployer: Hex; startNonce: number },
): DeploymentPlan {
  const { owner, game, delays, preimageOracle } = parameters;
  const steps: DeploymentStep[] = [];
  const created: Record<string, Hex> = {};

  const create = (label: string, contract: string, args: readonly unknown[] = []): Hex => {
    const { abi, bytecode } = contractOf(contract);
    const creates = getContractAddress({
      from: deployer,
      nonce: BigInt(startNonce + steps.length),
    }).toLowerCase() as Hex;
    const data = encodeDeployData({ abi: abi as Abi, bytecode, args });
    steps.push({ label, data, creates, gas: creationGas(data) });
    created[label] = creates;
    return creates;
  };
  const call = (label: string, contract: string, to: Hex, functionName: string, args: readonly unknown[]): void => {
    steps.push({ label, to, data: encode(contract, functionName, args), gas: CALL_GAS });
  };

  const addressManager = create("AddressManager", "AddressManager");
  const admin = create("ProxyAdmin", "ProxyAdmin", [deployer]);
  call("ProxyAdmin.setAddressManager", "ProxyAdmin", admin, "setAddressManager", [addressManager]);

  const proxy = Object.fromEntries(
    EIP1967_PROXIES.map((name) => [name, create(`${name}Proxy`, "Proxy", [admin])]),
  ) as Record<(typeof EIP1967_PROXIES)[number], Hex>;
  const bridge = create("L1StandardBridgeProxy", "L1ChugSplashProxy", [admin]);
  call("ProxyAdmin.setProxyType(L1StandardBridge)", "ProxyAdmin", admin, "setProxyType", [
    bridge,
    PROXY_TYPE_CHUGSPLASH,
  ]);
  const messenger = create("L1CrossDomainMessengerProxy", "ResolvedDelegateProxy", [addressManager, MESSENGER_NAME]);
  call("ProxyAdmin.setProxyType(L1CrossDomainMessenger)", "ProxyAdmin", admin, "setProxyType", [
    messenger,
    PROXY_TYPE_RESOLVED,
  ]);
  call("ProxyAdmin.setImplementationName", "ProxyAdmin", admin, "setImplementationName", [messenger, MESSENGER_NAME]);
  call("AddressManager.transferOwnership", "AddressManager", addressManager, "transferOwnership", [admin]);

  create("SuperchainConfig", "SuperchainConfig");
  create("ProtocolVersions", "ProtocolVersions");
  create("SystemConfig", "SystemConfig");
  create("OptimismPortal2", "OptimismPortal2", [
    BigInt(delays.proofMaturitySeconds),
    BigInt(delays.gameFinalitySeconds),
  ]);
  create("L1CrossDomainMessenger", "L1CrossDomainMessenger");
  create("L1StandardBridge", "L1StandardBridge");
  create("L1ERC721Bridge", "L1ERC721Bridge");
  create("OptimismMintableERC20Factory", "OptimismMintableERC20Factory");
  create("DisputeGameFactory", "DisputeGameFactory");
  create("AnchorStateRegistry", "AnchorStateRegistry", [proxy.DisputeGameFactory]);
  create("DelayedWETH", "DelayedWETH", [BigInt(delays.bondWithdrawalSeconds)]);
  const oracle = create("PreimageOracle", "PreimageOracle", [
    BigInt(preimageOracle.minProposalBytes),
    BigInt(preimageOracle.challengePeriodSeconds),
  ]);
  const mips = create("Mips", "MIPS", [oracle]);

  const gameArguments = (gameType: number) => [
    gameType,
    game.absolutePrestate,
    BigInt(game.maxDepth),
    BigInt(game.splitDepth),
    BigInt(game.clockExtensionSeconds),
    BigInt(game.maxClockSeconds),
    mips,
    proxy.DelayedWETH,
    proxy.AnchorStateRegistry,
    BigInt(parameters.l2ChainId),
  ];
  const games: { type: number; implementation: Hex }[] = [
    {
      type: GAME_TYPE_PERMISSIONED,
      implementation: create("PermissionedDisputeGame", "PermissionedDisputeGame", [
        ...gameArguments(GAME_TYPE_PERMISSIONED),
        parameters.proposer,
        parameters.challenger,
      ]),
    },
  ];
  if (game.permissionless) {
    const implementation = create("FaultDisputeGame", "FaultDisputeGame", gameArguments(GAME_TYPE_PERMISSIONLESS));
    games.push({ type: GAME_TYPE_PERMISSIONLESS, implementation });
  }

  const upgrade = (contract: string, target: Hex, args: readonly unknown[]): void => {
    call(`${contract}.initialize`, "ProxyAdmin", admin, "upgradeAndCall", [
      target,
      created[contract],
      encode(contract, "initialize", args),
    ]);
  };
  upgrade("SuperchainConfig", proxy.SuperchainConfig, [parameters.guardian, false]);
  upgrade("ProtocolVersions", proxy.ProtocolVersions, [owner, 0n, 0n]);
  upgrade("SystemConfig", proxy.SystemConfig, [
    // The deployer owns it until the setters below have run.
    deployer,
    parameters.basefeeScalar,
    parameters.blobbasefeeScalar,
    pad(parameters.batcher, { size: 32 }),
    BigInt(Math.min(parameters.gasLimit, INITIAL_GAS_LIMIT_MAX)),
    parameters.unsafeBlockSigner,
    parameters.resourceConfig,
    parameters.batchInbox,
    {
      l1CrossDomainMessenger: messenger,
      l1ERC721Bridge: proxy.L1ERC721Bridge,
      l1StandardBridge: bridge,
      disputeGameFactory: proxy.DisputeGameFactory,
      optimismPortal: proxy.OptimismPortal,
      optimismMintableERC20Factory: proxy.OptimismMintableERC20Factory,
      // Portal 3.10.0 refuses custom gas tokens: the rollup pays in the L1's own currency.
      gasPayingToken: ZERO_ADDRESS,
    },
  ]);
  if (parameters.gasLimit > INITIAL_GAS_LIMIT_MAX) {
    call("SystemConfig.setBlockGasLimit", "SystemConfig", proxy.SystemConfig, "setBlockGasLimit", [
      BigInt(parameters.gasLimit),
    ]);
  }
  if (parameters.eip1559 !== undefined) {
    const { denominator, elasticity } = parameters.eip1559;
    call("SystemConfig.setEIP1559Params", "SystemConfig", proxy.SystemConfig, "setEIP1559Params", [
      denominator,
      elasticity,
    ]);
  }
  upgrade("OptimismPortal2", proxy.OptimismPortal, [
    proxy.DisputeGameFactory,
    proxy.SystemConfig,
    proxy.SuperchainConfig,
    GAME_TYPE_PERMISSIONED,
  ]);
  upgrade("L1CrossDomainMessenger", messenger, [proxy.SuperchainConfig, proxy.OptimismPortal, proxy.SystemConfig]);
  upgrade("L1StandardBridge", bridge, [messenger, proxy.SuperchainConfig, proxy.SystemConfig]);
  upgrade("L1ERC721Bridge", proxy.L1ERC721Bridge, [messenger, proxy.SuperchainConfig]);
  upgrade("OptimismMintableERC20Factory", proxy.OptimismMintableERC20Factory, [bridge]);
  upgrade("DisputeGameFactory", proxy.DisputeGameFactory, [deployer]);
  const outputRoot = { root: game.startingAnchorRoot, l2BlockNumber: 0n };
  upgrade("AnchorStateRegistry", proxy.AnchorStateRegistry, [
    [GAME_TYPE_PERMISSIONED, GAME_TYPE_PERMISSIONLESS].map((gameType) => ({ gameType, outputRoot })),
  ]);
  upgrade("DelayedWETH", proxy.DelayedWETH, [owner, proxy.SuperchainConfig]);

  for (const { type, implementation } of games) {
    const factory = proxy.DisputeGameFactory;
    call(`DisputeGameFactory.setImplementation(${type})`, "DisputeGameFactory", factory, "setImplementation", [
      type,
      implementation,
    ]);
    call(`DisputeGameFactory.setInitBond(${type})`, "DisputeGameFactory", factory, "setInitBond", [type, game.bondWei]);
  }
  call("SystemConfig.transferOwnership", "SystemConfig", proxy.SystemConfig, "transferOwnership", [owner]);
  call("DisputeGameFactory.transferOwnership", "DisputeGameFactory", proxy.DisputeGameFactory, "transferOwnership", [
    owner,
  ]);
  call("ProxyAdmin.transferOwnership", "ProxyAdmin", admin, "transferOwnership", [owner]);

  return { deployer, startNonce, steps, addresses: created as unknown as L1Addresses };
}

function encode(contract: string, functionName: string, args: readonly unknown[]): Hex {
  return encodeFunctionData({ abi: contractOf(contract).abi as Abi, functionName, args });
}

/** Base cost, calldata, EIP-3860 words, code deposit as if all of it were runtime code, and room for a constructor. */
function creationGas(data: Hex): number {
  const bytes = size(data);
  return 53_000 + bytes * 16 + Math.ceil(bytes / 32) * 2 + bytes * 200 + 500_000;
}
