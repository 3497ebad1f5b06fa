import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { contractCertificate, getReceiptProof, machActions, machVerifierAbi, verifyCertificate } from "@altlayer/sdk";
import { createPublicClient, createWalletClient, defineChain, http, webSocket } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SystemClock } from "../../src/clock.ts";
import { silentLogger } from "../../src/log.ts";
import type { RollupNode } from "../../src/node/node.ts";
import { type FinalityProxy, startProxy } from "../../src/proxy/proxy.ts";
import { type Devnet, keyOf, ROLES, sequencing, startDevnet } from "../support/devnet.ts";
import { type MachDevnet, startMachDevnet } from "../support/mach.ts";
import { until } from "../support/until.ts";

const chain = defineChain({
  id: 901,
  name: "devnet",
  nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: { default: { http: [] } },
});
const PROGRAM = fileURLToPath(new URL("../../../../apps/cli/bin/altlayer.mjs", import.meta.url));
const account = privateKeyToAccount(ROLES.owner);

let devnet: Devnet;
let mach: MachDevnet;
let sequencer: RollupNode;
let proxy: FinalityProxy;

beforeAll(async () => {
  devnet = await startDevnet({ blockTime: 1 });
  mach = await startMachDevnet(devnet);
  const config = sequencing();
  const l1 = { ...devnet.l1, finality: { kind: "blocks", safeBlocks: 1, finalizedBlocks: 1 } as const };
  sequencer = await devnet.node("sequencer", {
    ...config,
    l1,
    mach: mach.config,
    sequencer: { ...config.sequencer, signer: keyOf("owner") },
    flashblocks: { port: 0 },
    gossip: {},
  });
  const gossip = { peers: [...(sequencer.gossip?.node.addresses ?? [])] };
  const peers = [...(sequencer.mach?.service.status().addresses ?? [])];
  for (let i = 0; i < 4; i++) {
    const followSlices = `${sequencer.flashblocks?.url}/slices`;
    const own = { l1, gossip, followSlices, mach: { ...mach.config, peers: [...peers] } };
    const node = await devnet.node(`operator-${i}`, own, { machOperator: mach.operator(i) });
    peers.push(...(node.mach?.service.status().addresses ?? []));
  }
  const { registrar, rollupId } = mach.service.suite;
  proxy = await startProxy(
    {
      upstream: sequencer.rpc?.httpUrl ?? "",
      l1: [devnet.anvil.url],
      service: { l1ChainId: mach.service.l1ChainId, avs: registrar, rollupId },
      pollMs: 50,
    },
    { clock: new SystemClock(), log: silentLogger },
  );
}, 120_000);
afterAll(async () => {
  await proxy?.close();
  await mach?.close();
  await devnet?.close();
}, 60_000);

test("a user of a restaked rollup: waits for a certificate, checks it alone, shows it to the L1, reads through the proxy", async () => {
  const l1Client = createPublicClient({ transport: http(devnet.anvil.url) });
  const { registrar, rollupId, verifier } = mach.service.suite;
  const node = createPublicClient({ chain, transport: webSocket(sequencer.rpc?.wsUrl, { reconnect: false }) }).extend(
    machActions(),
  );
  const service = await node.getService();
  expect(service).toMatchObject({ avs: registrar.toLowerCase(), rollupId, verifier: verifier.toLowerCase() });

  // The transaction goes in through the proxy, and is not there for its clients before the certificate is.
  await until(async () => proxy.status().certified !== null, 60_000);
  const client = createPublicClient({ chain, transport: http(proxy.httpUrl), pollingInterval: 20, cacheTime: 0 });
  const wallet = createWalletClient({ account, chain, transport: http(proxy.httpUrl) });
  const hash = await wallet.sendTransaction({ to: account.address, value: 1n });
  const finality = await node.waitForFinality({ hash, level: "blockCertificate", timeout: 60_000 });
  expect(finality.levels.find(({ level }) => level === "blockCertificate")?.by).toMatchObject({
    operators: expect.any(Array),
  });
  const receipt = await client.waitForTransactionReceipt({ hash, timeout: 60_000 });
  expect(receipt.blockNumber).toBeLessThanOrEqual(await client.getBlockNumber());
  expect(proxy.status()).toMatchObject({ tripped: null, problem: null });

  // The block's own certificate, checked by nobody's word but the L1's.
  const certificate = await node.getCertificate({ hash: receipt.blockHash });
  if (certificate === null) throw new TypeError("the block has no certificate");
  const pin = { l1ChainId: service.l1ChainId, avs: registrar, rollupId };
  const verified = await verifyCertificate({ certificate, l1Client, trust: { service: pin, l1: { kind: "rpc" } } });
  expect(verified).toMatchObject({ kind: "block", blockHash: receipt.blockHash, jailed: [] });
  for (const [c, total] of verified.total.entries()) expect((verified.signed[c] ?? 0n) * 3n > total * 2n).toBe(true);
  expect(verified.warnings).not.toContain("not-slashable-in-time");
  const digest = await l1Client.readContract({
    address: verifier,
    abi: machVerifierAbi,
    functionName: "verify",
    args: [contractCertificate(certificate)],
  });
  expect(digest).toBe(verified.digest);

  // The receipt is under what was signed: deposits' and users' receipts hash to the certified root.
  const proof = await getReceiptProof(node, { hash, certificate });
  expect(proof.siblings.length).toBeGreaterThan(0);

  const args = [PROGRAM, "finality", hash, "--rpc", proxy.httpUrl, "--wait", "blockCertificate"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
  expect(stdout).toMatch(/\* slice +\d\d:\d\d:\d\d\.\d{3} +the sequencer 0x/);
  expect(stdout).toMatch(/\* blockCertificate +\+?[\d: .ms]+ +[34] operators with \d+ of \d+ and \d+ of \d+ staked/);
  (await node.transport.getRpcClient()).close();
}, 180_000);
