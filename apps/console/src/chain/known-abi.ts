import { parseAbi } from "viem";

/**
 * Calls and events that the explorer reads without being told: tokens and the OP Stack's system contracts. A match by
 * selector is a likely reading, no proof of what the contract does; the page says "decoded", never "verified".
 */
export const KNOWN_FUNCTIONS = parseAbi([
  "function transfer(address to, uint256 amount)",
  "function approve(address spender, uint256 amount)",
  "function transferFrom(address from, address to, uint256 amount)",
  "function mint(address to, uint256 amount)",
  "function deposit()",
  "function withdraw(uint256 amount)",
  "function safeTransferFrom(address from, address to, uint256 tokenId)",
  "function safeTransferFrom(address from, address to, uint256 tokenId, bytes data)",
  "function safeTransferFrom(address from, address to, uint256 id, uint256 amount, bytes data)",
  "function setApprovalForAll(address operator, bool approved)",
  "function multicall(bytes[] data)",
  "function execute(address to, uint256 value, bytes data)",
  "function aggregate3((address target, bool allowFailure, bytes callData)[] calls)",
  "function initiateWithdrawal(address target, uint256 gasLimit, bytes data)",
  "function bridgeETH(uint32 minGasLimit, bytes extraData)",
  "function bridgeETHTo(address to, uint32 minGasLimit, bytes extraData)",
  "function bridgeERC20(address localToken, address remoteToken, uint256 amount, uint32 minGasLimit, bytes extraData)",
  "function bridgeERC20To(address localToken, address remoteToken, address to, uint256 amount, uint32 minGasLimit, bytes extraData)",
  "function finalizeBridgeETH(address from, address to, uint256 amount, bytes extraData)",
  "function finalizeBridgeERC20(address localToken, address remoteToken, address from, address to, uint256 amount, bytes extraData)",
  "function relayMessage(uint256 nonce, address sender, address target, uint256 value, uint256 minGasLimit, bytes message)",
  "function sendMessage(address target, bytes message, uint32 minGasLimit)",
  "function setL1BlockValuesEcotone()",
  "function setL1BlockValuesIsthmus()",
]);

export const KNOWN_EVENTS = parseAbi([
  "event Transfer(address indexed from, address indexed to, uint256 value)",
  "event Approval(address indexed owner, address indexed spender, uint256 value)",
  "event ApprovalForAll(address indexed owner, address indexed operator, bool approved)",
  "event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value)",
  "event Deposit(address indexed to, uint256 amount)",
  "event Withdrawal(address indexed from, uint256 amount)",
  "event OwnershipTransferred(address indexed previousOwner, address indexed newOwner)",
  "event MessagePassed(uint256 indexed nonce, address indexed sender, address indexed target, uint256 value, uint256 gasLimit, bytes data, bytes32 withdrawalHash)",
  "event SentMessage(address indexed target, address sender, bytes message, uint256 messageNonce, uint256 gasLimit)",
  "event RelayedMessage(bytes32 indexed msgHash)",
  "event FailedRelayedMessage(bytes32 indexed msgHash)",
  "event ETHBridgeInitiated(address indexed from, address indexed to, uint256 amount, bytes extraData)",
  "event ETHBridgeFinalized(address indexed from, address indexed to, uint256 amount, bytes extraData)",
  "event ERC20BridgeInitiated(address indexed localToken, address indexed remoteToken, address indexed from, address to, uint256 amount, bytes extraData)",
  "event ERC20BridgeFinalized(address indexed localToken, address indexed remoteToken, address indexed from, address to, uint256 amount, bytes extraData)",
]);

/** ERC-721 names the same event with an indexed id. */
export const ERC721_TRANSFER = parseAbi([
  "event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)",
]);
