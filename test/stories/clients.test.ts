import { afterAll, beforeAll, describe } from "vitest";
import { castStories } from "./clients/cast.ts";
import { ethersStories } from "./clients/ethers.ts";
import { forgeStories } from "./clients/forge.ts";
import { opStackStories } from "./clients/op-stack.ts";
import { tokenBridgeStories } from "./clients/token-bridges.ts";
import { viemStories } from "./clients/viem.ts";
import type { DevChain, DevReady } from "./support/dev-chain.ts";
import { startDevChain, temporaryDataDir } from "./support/dev-chain.ts";

/** One running system, and the clients that people use against it, unchanged. Each has an account of its own. */
const dataDir = temporaryDataDir();
let chain: DevChain;

beforeAll(async () => {
  chain = await startDevChain({ dataDir: dataDir.path });
}, 150_000);
afterAll(async () => {
  await chain?.stop();
  dataDir.remove();
}, 60_000);

const dev = (): DevReady => chain.ready;

viemStories(dev);
// What waits for dispute games waits together.
describe.concurrent("bridges", () => {
  opStackStories(dev);
  tokenBridgeStories(dev);
});
ethersStories(dev);
castStories(dev);
forgeStories(dev);
