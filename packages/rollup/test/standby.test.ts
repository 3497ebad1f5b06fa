import { createPublicClient, createWalletClient, defineChain, http, keccak256 } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, describe, expect, it } from "vitest";
import { call } from "./rpc/support/client.ts";
import { agreeOnSafe, type Devnet, keyOf, ROLES, sequencing, startDevnet } from "./support/devnet.ts";
import { freePort } from "./support/free-port.ts";
import { type NodeProcess, startNodeProcess } from "./support/node-process.ts";
import { until } from "./support/until.ts";

const chain = defineChain({
  id: 901,
  name: "devnet",
  nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: { default: { http: [] } },
});
const account = privateKeyToAccount(ROLES.owner);

describe("a warm standby", () => {
  let devnet: Devnet;
  let primary: NodeProcess | null = null;
  afterEach(async () => {
    await primary?.kill();
    await devnet?.close();
  }, 60_000);

  it("refuses to run beside a live sequencer, and goes on with a dead one's half-built block", async () => {
    devnet = await startDevnet({ blockTime: 8 });
    const stream = await freePort();
    const base = sequencing();
    const sequencer = { ...base.sequencer, signer: keyOf("owner") };
    const live = await startNodeProcess(
      await devnet.configFile("primary", { ...base, sequencer, flashblocks: { port: stream } }),
    );
    primary = live;
    const standby = await devnet.node("standby", {
      ...base,
      sequencer: { ...sequencer, standby: { rpc: live.url, slices: `ws://127.0.0.1:${stream}/slices` } },
      rpc: { port: 0, admin: true },
      forwardTo: live.url,
    });
    const admin = standby.rpc?.httpUrl ?? "";
    const transport = http(live.url);
    const client = createPublicClient({ chain, transport });
    const wallet = createWalletClient({ account, chain, transport });
    // The standby builds along: without gossip, from slices alone.
    await until(
      () => (standby.sliceFollower?.counts.executed ?? 0) > 0 || standby.engine.heads().unsafe.number >= 2,
      40_000,
    );

    expect(await call(admin, "admin_sequencerActive")).toMatchObject({ result: false });
    expect(await call(admin, "admin_startSequencer")).toMatchObject({ error: { code: -32000 } });
    expect(standby.sequencer?.active).toBe(false);

    // Early in a block, so that it is half built when the sequencer dies.
    const before = await client.getBlockNumber();
    await until(async () => (await client.getBlockNumber()) > before, 40_000);
    await until(() => BigInt(standby.engine.heads().unsafe.number) >= before + 1n, 20_000);
    const receipts: { hash: `0x${string}`; index: string }[] = [];
    for (let nonce = 0; nonce < 4; nonce++) {
      const request = { account, to: account.address, value: 1n, nonce, gas: 21_000n } as const;
      const raw = await wallet.signTransaction(await wallet.prepareTransactionRequest(request));
      const receipt = (await client.request({ method: "eth_sendRawTransactionSync", params: [raw] } as never)) as {
        transactionIndex: string;
        blockNumber: string;
      };
      expect(BigInt(receipt.blockNumber)).toBe(before + 2n);
      receipts.push({ hash: keccak256(raw), index: receipt.transactionIndex });
    }
    await until(() => (standby.sliceFollower?.counts.executed ?? 0) >= 4, 10_000);
    await live.kill();

    expect(await call(admin, "admin_startSequencer")).toMatchObject({ result: null });
    expect(await call(admin, "admin_sequencerActive")).toMatchObject({ result: true });
    const elsewhere = createPublicClient({ chain, transport: http(admin) });
    for (const { hash, index } of receipts) {
      const receipt = await elsewhere.waitForTransactionReceipt({ hash, timeout: 30_000 });
      expect(receipt).toMatchObject({ blockNumber: before + 2n, transactionIndex: Number(index), status: "success" });
    }
    expect(standby.sliceFollower?.counts).toMatchObject({ diverged: 0, refused: 0 });

    // What it forwarded to the dead one before, it keeps now.
    const request = { account, to: account.address, value: 1n, nonce: 4, gas: 21_000n } as const;
    const own = createWalletClient({ account, chain, transport: http(admin) });
    const hash = await own.sendTransaction(request);
    expect(await elsewhere.waitForTransactionReceipt({ hash, timeout: 30_000 })).toMatchObject({ status: "success" });

    // It batches, too: a follower of the L1 comes to the same chain.
    const follower = await devnet.node("follower");
    await agreeOnSafe(standby, follower, Number(before) + 2, 90_000);

    // The dead one comes back and sees that it is not alone.
    const head = await call(admin, "admin_stopSequencer");
    expect(head).toMatchObject({ result: standby.engine.heads().unsafe.hash });
    expect(standby.sequencer?.active).toBe(false);
  }, 240_000);
});
