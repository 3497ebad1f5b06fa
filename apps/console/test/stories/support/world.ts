import type { Browser } from "playwright-core";
import type { Hex, PublicClient, WalletClient } from "viem";
import { createPublicClient, createWalletClient, http } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { mnemonicToAccount, privateKeyToAccount } from "viem/accounts";
import type { Actor } from "./actor.ts";
import { actor, startBrowser } from "./actor.ts";
import type { TestPlatform } from "./platform.ts";
import { startPlatform } from "./platform.ts";
import type { TestWallet } from "./wallet.ts";
import { testWallet } from "./wallet.ts";

const MNEMONIC = "test test test test test test test test test test test junk";
const L1_CHAIN_ID = 31337;

/** One running platform, the browser, and its first owner, signed in by the printed link. */
export interface World {
  readonly platform: TestPlatform;
  readonly browser: Browser;
  readonly owner: Actor;
  readonly wallet: TestWallet;
  readonly account: PrivateKeyAccount;
  /** The first rollup, straight: what other users of it do. */
  readonly l2: PublicClient;
  readonly user: WalletClient;
  /** Path of the first rollup's page. */
  rollupPath: string;
  close(): Promise<void>;
}

export const rich = (index: number): PrivateKeyAccount => {
  const key = mnemonicToAccount(MNEMONIC, { addressIndex: index }).getHdKey().privateKey ?? new Uint8Array();
  return privateKeyToAccount(`0x${Buffer.from(key).toString("hex")}` as Hex);
};

export async function createWorld(): Promise<World> {
  const [platform, browser] = await Promise.all([startPlatform(), startBrowser()]);
  // The first development account holds ether on both chains.
  const account = rich(0);
  const wallet = testWallet(account, new Map([[L1_CHAIN_ID, platform.l1]]));
  return {
    platform,
    browser,
    owner: await actor(browser, { wallet }),
    wallet,
    account,
    l2: createPublicClient({ transport: http(platform.rollup), pollingInterval: 100 }) as PublicClient,
    user: createWalletClient({ account, transport: http(platform.rollup) }),
    rollupPath: "",
    close: async () => {
      await browser.close();
      await platform.stop();
    },
  };
}
