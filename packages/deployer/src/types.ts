/** Lower-case `0x` hex. */
export type Hex = `0x${string}`;

/** The block of L1 after which the rollup starts. The timestamp is in seconds. */
export interface L1Anchor {
  readonly hash: Hex;
  readonly number: number;
  readonly timestamp: number;
}

/** The contracts of one rollup on its L1, by the names that the OP Stack's tools use. */
export interface L1Addresses {
  readonly AddressManager: Hex;
  readonly ProxyAdmin: Hex;
  readonly SuperchainConfigProxy: Hex;
  readonly ProtocolVersionsProxy: Hex;
  readonly SystemConfigProxy: Hex;
  readonly OptimismPortalProxy: Hex;
  readonly L1CrossDomainMessengerProxy: Hex;
  readonly L1StandardBridgeProxy: Hex;
  readonly L1ERC721BridgeProxy: Hex;
  readonly OptimismMintableERC20FactoryProxy: Hex;
  readonly DisputeGameFactoryProxy: Hex;
  readonly AnchorStateRegistryProxy: Hex;
  readonly DelayedWETHProxy: Hex;
  readonly SuperchainConfig: Hex;
  readonly ProtocolVersions: Hex;
  readonly SystemConfig: Hex;
  readonly OptimismPortal2: Hex;
  readonly L1CrossDomainMessenger: Hex;
  readonly L1StandardBridge: Hex;
  readonly L1ERC721Bridge: Hex;
  readonly OptimismMintableERC20Factory: Hex;
  readonly DisputeGameFactory: Hex;
  readonly AnchorStateRegistry: Hex;
  readonly DelayedWETH: Hex;
  readonly PreimageOracle: Hex;
  readonly Mips: Hex;
  readonly PermissionedDisputeGame: Hex;
  readonly FaultDisputeGame?: Hex;
}
