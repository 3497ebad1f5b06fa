import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bn254 } from "@altlayer/engine";
import { type Address, createPublicClient, createTestClient, http, keccak256, parseEther, toHex } from "viem";
import { mnemonicToAccount, privateKeyToAccount } from "viem/accounts";
import { anvil as chain } from "viem/chains";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Anvil, startAnvil } from "../../deployer/test/anvil.ts";
import { abiOf, type EnsureRestakingOptions, ensureRestaking, parseServiceFile } from "../src/index.ts";

const MNEMONIC = "test test test test test test test test test test test junk";
const key = (addressIndex: number) => toHex(mnemonicToAccount(MNEMONIC, { addressIndex }).getHdKey().privateKey!);
const TIMING = { sequencingWindow: 3_600, maxSequencerDrift: 1_800, l1BlockTime: 2 };
const GENESIS_HASH = keccak256(toHex("genesis"));

let node: Anvil;
let directory: string;

beforeEach(async () => {
  node = await startAnvil(["--no-mining", "--gas-limit", "1000000000", "--mnemonic", MNEMONIC, "--accounts", "10"]);
  directory = await mkdtemp(join(tmpdir(), "restaking-"));
});
afterEach(async () => {
  await node.stop();
  await rm(directory, { recursive: true });
});

const clients = () => ({
  publicClient: createPublicClient({ chain, transport: http(node.url), pollingInterval: 20, cacheTime: 0 }),
  miner: createTestClient({ mode: "anvil", chain, transport: http(node.url) }),
});

function options(overrides: Partial<EnsureRestakingOptions> = {}): EnsureRestakingOptions {
  return {
    directory,
    rollup: {
      systemConfig: "0x00000000000000000000000000000000000000c5",
      l2ChainId: 901n,
      l2GenesisHash: GENESIS_HASH,
    },
    timing: TIMING,
    deployerKey: key(0),
    operatorKeys: [1, 2, 3, 4].map(key),
    ...overrides,
  };
}

test("a whole restaked service in one L1 block, with four operators of equal weight", async () => {
  const { publicClient, miner } = clients();
  const holder: Address = "0x00000000000000000000000000000000000000d1";
  const work = ensureRestaking(options({ holders: [holder] }), { publicClient, bn254 });
  await minedWith(work, miner);
  const { service, operators, resumed, file } = await work;
  expect(resumed).toBe(false);
  expect(await publicClient.getBlockNumber({ cacheTime: 0 })).toBe(1n);

  const { suite, core } = service;
  const table = { address: suite.table, abi: abiOf("OperatorTable") };
  expect(await publicClient.readContract({ ...table, functionName: "startBlock" })).toBe(1n);
  const [active, total] = (await publicClient.readContract({ ...table, functionName: "weights" })) as [
    bigint[],
    bigint[],
  ];
  expect(active).toEqual([parseEther("400"), parseEther("400000")]);
  expect(total).toEqual(active);
  expect(operators).toHaveLength(4);
  for (const { address, blsSecret } of operators) {
    const entry = (await publicClient.readContract({
      ...table,
      functionName: "entryOf",
      args: [address],
    })) as unknown[];
    expect(entry[0]).toBe(true);
    expect(entry[3]).toEqual([parseEther("100"), parseEther("100000")]);
    const { g1 } = bn254.publicKeys(Buffer.from(blsSecret.slice(2), "hex"));
    const { X, Y } = entry[2] as { X: bigint; Y: bigint };
    expect(toHex(g1)).toBe(`0x${X.toString(16).padStart(64, "0")}${Y.toString(16).padStart(64, "0")}`);
  }
  // The delay of the core covers the horizon, so what operators sign is slashable in time.
  expect(
    await publicClient.readContract({
      address: suite.registrar,
      abi: abiOf("MachRegistrar"),
      functionName: "slashableInTime",
    }),
  ).toBe(true);
  const slasher = await publicClient.readContract({
    address: core.allocationManager,
    abi: abiOf("IAllocationManager"),
    functionName: "getSlasher",
    args: [{ avs: suite.registrar, id: 0 }],
  });
  expect(slasher).toBe(suite.slasher);
  const alt = { address: service.services!.alt, abi: abiOf("ALT"), functionName: "balanceOf" } as const;
  expect(await publicClient.readContract({ ...alt, args: [holder] })).toBe(parseEther("1000000"));
  expect(await publicClient.readContract({ ...alt, args: [suite.rewards] })).toBe(parseEther("1000000"));

  // The file says the same, and a second call sends nothing.
  expect(parseServiceFile(await readFile(file, "utf8"))).toEqual(service);
  const again = await ensureRestaking(options({ holders: [holder] }), { publicClient, bn254 });
  expect(again).toMatchObject({ service, operators, resumed: true });
  expect(await publicClient.getBlockNumber({ cacheTime: 0 })).toBe(1n);
}, 60_000);

test("operators without ether get it, one block earlier", async () => {
  const { publicClient, miner } = clients();
  const operatorKeys = [keccak256(toHex("a")), keccak256(toHex("b")), keccak256(toHex("c"))];
  const work = ensureRestaking(options({ operatorKeys }), { publicClient, bn254 });
  await minedWith(work, miner);
  const { operators } = await work;
  expect(operators.map(({ address }) => address)).toEqual(operatorKeys.map((k) => privateKeyToAccount(k).address));
  expect(await publicClient.getBlockNumber({ cacheTime: 0 })).toBe(2n);
}, 60_000);

test.each([12, 40])(
  "a deployment interrupted after %i transactions goes on where it stood",
  async (limit) => {
    const { publicClient, miner } = clients();
    let sends = 0;
    const failing = createPublicClient({ chain, transport: http(node.url), pollingInterval: 20, cacheTime: 0 }).extend(
      (client) => ({
        sendRawTransaction: (args: Parameters<typeof client.sendRawTransaction>[0]) => {
          if (++sends > limit) throw new TypeError("the process dies here");
          return client.sendRawTransaction(args);
        },
      }),
    );
    await expect(ensureRestaking(options(), { publicClient: failing, bn254 })).rejects.toThrow("dies here");
    await miner.mine({ blocks: 1 });
    const accounts = [0, 1, 2, 3, 4].map((index) => privateKeyToAccount(key(index)).address);
    const nonces = await Promise.all(accounts.map((address) => publicClient.getTransactionCount({ address })));
    expect(nonces.reduce((sum, nonce) => sum + nonce)).toBe(limit);

    const work = ensureRestaking(options(), { publicClient, bn254 });
    await minedWith(work, miner);
    const { service, resumed } = await work;
    expect(resumed).toBe(false);
    const members = await publicClient.readContract({
      address: service.suite.table,
      abi: abiOf("OperatorTable"),
      functionName: "memberCount",
    });
    expect(members).toBe(4n);
  },
  60_000,
);

test("a record of other accounts, or a damaged one, is refused", async () => {
  const { publicClient, miner } = clients();
  const work = ensureRestaking(options(), { publicClient, bn254 });
  await minedWith(work, miner);
  await work;
  const other = ensureRestaking(options({ deployerKey: key(9) }), { publicClient, bn254 });
  await expect(other).rejects.toMatchObject({ code: "RECORD_MISMATCH" });
  await writeFile(join(directory, "restaking.json"), "{");
  await expect(ensureRestaking(options(), { publicClient, bn254 })).rejects.toMatchObject({ code: "RECORD_MISMATCH" });
}, 60_000);

/** Mines a block whenever all that was sent has arrived: after 200 ms without more. */
async function minedWith(work: Promise<unknown>, miner: ReturnType<typeof clients>["miner"]): Promise<void> {
  let settled = false;
  const done = () => {
    settled = true;
  };
  work.then(done, done);
  for (let waiting = 0, quiet = 0; !settled; ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { pending } = await miner.getTxpoolStatus();
    quiet = pending > 0 && pending === waiting ? quiet + 1 : 0;
    waiting = pending;
    if (quiet === 4) await miner.mine({ blocks: 1 });
  }
}
