import { packageContract } from "@altlayer/contracts";
import { type Abi, type Address, encodeDeployData, parseAbi, parseEventLogs } from "viem";
import { getL2TransactionHashes } from "viem/op-stack";
import { describe, expect, test } from "vitest";
import { type BridgeParties, bridgeParties, type L2Receipt, payOut } from "../support/bridge.ts";
import type { DevReady } from "../support/dev-chain.ts";

const ERC20_FACTORY: Address = "0x4200000000000000000000000000000000000012";
const ERC721_FACTORY: Address = "0x4200000000000000000000000000000000000017";
const L2_STANDARD_BRIDGE: Address = "0x4200000000000000000000000000000000000010";
const L2_ERC721_BRIDGE: Address = "0x4200000000000000000000000000000000000014";
const L2_GAS = 400_000;

const factories = parseAbi([
  "function createOptimismMintableERC20(address remoteToken, string name, string symbol) returns (address)",
  "function createOptimismMintableERC721(address remoteToken, string name, string symbol) returns (address)",
  "event OptimismMintableERC20Created(address indexed localToken, address indexed remoteToken, address deployer)",
  "event OptimismMintableERC721Created(address indexed localToken, address indexed remoteToken, address deployer)",
]);
const bridges = parseAbi([
  "function bridgeERC20(address localToken, address remoteToken, uint256 amount, uint32 gas, bytes data)",
  "function bridgeERC721(address localToken, address remoteToken, uint256 tokenId, uint32 gas, bytes data)",
]);
const tokens = parseAbi([
  "function mint(address to, uint256 amountOrId)",
  "function approve(address spender, uint256 amountOrId)",
  "function balanceOf(address owner) view returns (uint256)",
  "function ownerOf(uint256 tokenId) view returns (address)",
]);

/** Reads one event's token out of the factory's transaction. */
const tokenOf = ({ logs }: L2Receipt): Address => {
  const [created] = parseEventLogs({ abi: factories, logs });
  return created?.args.localToken ?? "0x";
};

export function tokenBridgeStories(dev: () => DevReady): void {
  const onL1 = async ({ l1 }: BridgeParties, hash: Promise<`0x${string}`>) => {
    const receipt = await l1.waitForTransactionReceipt({ hash: await hash });
    expect(receipt.status).toBe("success");
    return receipt;
  };
  const onL2 = async ({ l2 }: BridgeParties, hash: Promise<`0x${string}`>) => {
    const receipt = await l2.waitForTransactionReceipt({ hash: await hash });
    expect(receipt.status).toBe("success");
    return receipt;
  };
  /** A token of the contracts' package on the L1, that anybody may mint. */
  const createToken = async (parties: BridgeParties, name: "TestERC20" | "TestERC721") => {
    const { abi, bytecode } = packageContract(name);
    const data = encodeDeployData({ abi: abi as Abi, bytecode });
    return (await onL1(parties, parties.wallet1.sendTransaction({ data }))).contractAddress ?? "0x";
  };
  const arrival = async (parties: BridgeParties, deposit: Promise<`0x${string}`>) => {
    const [hash] = getL2TransactionHashes(await onL1(parties, deposit));
    await onL2(parties, Promise.resolve(hash ?? "0x"));
  };

  describe("tokens over the standard bridges", () => {
    test("an ERC-20 token goes to L2 and comes back", async () => {
      const parties = bridgeParties(dev(), 5);
      const { account, l1, l2, wallet1, wallet2 } = parties;
      const bridge = dev().addresses.L1StandardBridgeProxy ?? "0x";
      const here = await createToken(parties, "TestERC20");
      const there = tokenOf(
        await onL2(
          parties,
          wallet2.writeContract({
            address: ERC20_FACTORY,
            abi: factories,
            functionName: "createOptimismMintableERC20",
            args: [here, "Token", "TKN"],
          }),
        ),
      );
      const token = { address: here, abi: tokens } as const;
      await onL1(parties, wallet1.writeContract({ ...token, functionName: "mint", args: [account.address, 100n] }));
      await onL1(parties, wallet1.writeContract({ ...token, functionName: "approve", args: [bridge, 60n] }));
      await arrival(
        parties,
        wallet1.writeContract({
          address: bridge,
          abi: bridges,
          functionName: "bridgeERC20",
          args: [here, there, 60n, L2_GAS, "0x"],
        }),
      );
      const balance = (client: typeof l1 | typeof l2, address: Address) =>
        client.readContract({ address, abi: tokens, functionName: "balanceOf", args: [account.address] });
      expect(await balance(l2, there)).toBe(60n);
      expect(await balance(l1, here)).toBe(40n);

      const withdrawal = await onL2(
        parties,
        wallet2.writeContract({
          address: L2_STANDARD_BRIDGE,
          abi: bridges,
          functionName: "bridgeERC20",
          args: [there, here, 25n, L2_GAS, "0x"],
        }),
      );
      expect(await balance(l2, there)).toBe(35n);
      const { finalize } = await payOut(parties, withdrawal);
      await onL1(parties, finalize());
      expect(await balance(l1, here)).toBe(65n);
    }, 180_000);

    test("an ERC-721 token goes to L2 and comes back", async () => {
      const parties = bridgeParties(dev(), 6);
      const { account, l1, l2, wallet1, wallet2 } = parties;
      const bridge = dev().addresses.L1ERC721BridgeProxy ?? "0x";
      const tokenId = 77n;
      const here = await createToken(parties, "TestERC721");
      const there = tokenOf(
        await onL2(
          parties,
          wallet2.writeContract({
            address: ERC721_FACTORY,
            abi: factories,
            functionName: "createOptimismMintableERC721",
            args: [here, "Picture", "PIC"],
          }),
        ),
      );
      const token = { address: here, abi: tokens } as const;
      await onL1(parties, wallet1.writeContract({ ...token, functionName: "mint", args: [account.address, tokenId] }));
      await onL1(parties, wallet1.writeContract({ ...token, functionName: "approve", args: [bridge, tokenId] }));
      await arrival(
        parties,
        wallet1.writeContract({
          address: bridge,
          abi: bridges,
          functionName: "bridgeERC721",
          args: [here, there, tokenId, L2_GAS, "0x"],
        }),
      );
      const owner = async (client: typeof l1 | typeof l2, address: Address) =>
        (await client.readContract({ address, abi: tokens, functionName: "ownerOf", args: [tokenId] })).toLowerCase();
      expect(await owner(l2, there)).toBe(account.address.toLowerCase());
      expect(await owner(l1, here)).toBe(bridge);

      const withdrawal = await onL2(
        parties,
        wallet2.writeContract({
          address: L2_ERC721_BRIDGE,
          abi: bridges,
          functionName: "bridgeERC721",
          args: [there, here, tokenId, L2_GAS, "0x"],
        }),
      );
      await expect(owner(l2, there)).rejects.toThrow("ERC721");
      const { finalize } = await payOut(parties, withdrawal);
      await onL1(parties, finalize());
      expect(await owner(l1, here)).toBe(account.address.toLowerCase());
    }, 180_000);
  });
}
