import type { TransactionReceipt } from "viem";
import { parseAbi, parseEventLogs } from "viem";
import { readContract, waitForTransactionReceipt, writeContract } from "viem/actions";
import { getL2TransactionHashes } from "viem/op-stack";
import type { Hex } from "../api/types.ts";
import type { Provider } from "../wallet/provider.ts";
import type { Asset } from "./asset.ts";
import type { Sides } from "./clients.ts";
import { walletOn } from "./clients.ts";
import type { DepositStage } from "./deposit.ts";
import { BridgeError } from "./errors.ts";

type TokenAsset = Extract<Asset, { readonly kind: "token" }>;

interface Parties {
  readonly sides: Sides;
  readonly provider: Provider;
  readonly account: Hex;
}

/** The same contract on both chains, so to speak: each side's bridge has these (OP Stack specification, bridges). */
const BRIDGE_ABI = parseAbi([
  "function bridgeERC20To(address localToken, address remoteToken, address to, uint256 amount, uint32 minGasLimit, bytes extraData)",
  "event ERC20BridgeInitiated(address indexed localToken, address indexed remoteToken, address indexed from, address to, uint256 amount, bytes extraData)",
]);
const TOKEN_ABI = parseAbi([
  "function allowance(address owner, address spender) view returns (uint256)",
  "function approve(address spender, uint256 amount) returns (bool)",
]);
const MESSENGER_ABI = parseAbi(["event FailedRelayedMessage(bytes32 indexed msgHash)"]);
export const L2_BRIDGE: Hex = "0x4200000000000000000000000000000000000010";
/** Gas for minting or paying out on the other side; what the bridges of the field take. */
const OTHER_SIDE_GAS = 200_000;
const WAIT_MS = 20 * 60_000;

async function succeeded(client: Sides["l1"], hash: Hex, message: string): Promise<TransactionReceipt> {
  const receipt = await waitForTransactionReceipt(client, { hash, timeout: WAIT_MS });
  if (receipt.status !== "success") throw new BridgeError({ code: "REVERTED", message });
  return receipt;
}

/**
 * Moves tokens from the settlement chain to the same address on the rollup, telling each stage as it is reached. The
 * bridge is allowed to take just this amount.
 * @throws BridgeError, WalletError, viem's errors
 */
export async function depositToken(
  options: {
    readonly asset: TokenAsset & { readonly l2: Hex };
    readonly amount: bigint;
    readonly onStage: (stage: DepositStage) => void;
  },
  { sides, provider, account }: Parties,
): Promise<void> {
  const { asset, amount, onStage } = options;
  const bridge = l1BridgeOf(sides);
  const wallet = walletOn(sides.l1, provider, account);
  const token = { address: asset.l1, abi: TOKEN_ABI } as const;
  const allowed = await readContract(sides.l1, { ...token, functionName: "allowance", args: [account, bridge] });
  if (allowed < amount) {
    onStage({ stage: "allowing" });
    const hash = await writeContract(wallet, { ...token, functionName: "approve", args: [bridge, amount] });
    await succeeded(sides.l1, hash, "The token did not allow the bridge to take the amount. Nothing was moved.");
  }
  onStage({ stage: "signing" });
  const l1Hash = await writeContract(wallet, {
    address: bridge,
    abi: BRIDGE_ABI,
    functionName: "bridgeERC20To",
    args: [asset.l1, asset.l2, account, amount, OTHER_SIDE_GAS, "0x"],
  });
  onStage({ stage: "mining", l1Hash });
  const receipt = await succeeded(sides.l1, l1Hash, "The deposit failed on the settlement chain. Nothing was moved.");
  const [l2Hash] = getL2TransactionHashes(receipt);
  if (l2Hash === undefined)
    throw new BridgeError({ code: "NO_DEPOSIT", message: "The transaction was mined, and holds no deposit." });
  onStage({ stage: "arriving", l1Hash, l2Hash });
  const arrived = await waitForTransactionReceipt(sides.l2, { hash: l2Hash, timeout: WAIT_MS });
  if (parseEventLogs({ abi: MESSENGER_ABI, logs: arrived.logs }).length > 0 || arrived.status !== "success") {
    throw new BridgeError({
      code: "REVERTED",
      message:
        "The tokens are held by the bridge, but the rollup could not give them out. They can be relayed again, below.",
    });
  }
  onStage({ stage: "arrived", l1Hash, l2Hash });
}

/** Starts a token's withdrawal on the rollup. @returns its transaction's hash, once in a block */
export async function startTokenWithdrawal(
  { asset, amount }: { readonly asset: TokenAsset & { readonly l2: Hex }; readonly amount: bigint },
  { sides, provider, account }: Parties,
): Promise<Hex> {
  const hash = await writeContract(walletOn(sides.l2, provider, account), {
    address: L2_BRIDGE,
    abi: BRIDGE_ABI,
    functionName: "bridgeERC20To",
    args: [asset.l2, asset.l1, account, amount, OTHER_SIDE_GAS, "0x"],
  });
  await succeeded(sides.l2, hash, "The withdrawal failed on the rollup. Nothing was moved.");
  return hash;
}

/** What a withdrawal's transaction takes out besides ether: a token of the rollup, and how much of it. */
export function withdrawnToken(receipt: TransactionReceipt): { readonly token: Hex; readonly amount: bigint } | null {
  const own = receipt.logs.filter(({ address }) => address.toLowerCase() === L2_BRIDGE);
  const [log] = parseEventLogs({ abi: BRIDGE_ABI, eventName: "ERC20BridgeInitiated", logs: own });
  return log === undefined ? null : { token: log.args.localToken.toLowerCase() as Hex, amount: log.args.amount };
}

function l1BridgeOf({ l1, l2 }: Sides): Hex {
  const known = l2.chain.contracts?.l1StandardBridge as Readonly<Record<number, { readonly address: Hex }>> | undefined;
  return known?.[l1.chain.id]?.address ?? "0x";
}
