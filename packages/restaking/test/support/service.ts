import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bn254 } from "@altlayer/engine";
import { BLOCK, type Certificate, MachDigests, type Message, tableCommitment } from "@altlayer/protocol";
import {
  bytesToHex,
  createPublicClient,
  createTestClient,
  createWalletClient,
  type Hex,
  hexToBytes,
  http,
  keccak256,
  type PublicClient,
  toHex,
} from "viem";
import { mnemonicToAccount, privateKeyToAccount } from "viem/accounts";
import { anvil as chain } from "viem/chains";
import { startAnvil } from "../../../deployer/test/anvil.ts";
import { type Clients, type EpochTable, ensureRestaking, type Restaking } from "../../src/index.ts";

const MNEMONIC = "test test test test test test test test test test test junk";
export const keyOf = (addressIndex: number): Hex =>
  toHex(mnemonicToAccount(MNEMONIC, { addressIndex }).getHdKey().privateKey!);

/** A service with four operators on an anvil of its own, which mines when it is told to, and short delays. */
export interface TestService extends Restaking {
  readonly publicClient: PublicClient;
  readonly clientsOf: (privateKey: Hex) => Clients;
  /** Mines so many blocks. */
  mine(blocks: number): Promise<number>;
  readonly digests: MachDigests;
  stop(): Promise<void>;
}

export async function startService(
  delays: { readonly weightLife: number } = { weightLife: 24 },
  operators = 4,
): Promise<TestService> {
  const l1 = await startAnvil(["--gas-limit", "1000000000"]);
  const directory = await mkdtemp(join(tmpdir(), "restaking-"));
  const transport = http(l1.url);
  const publicClient = createPublicClient({ chain, transport, pollingInterval: 20, cacheTime: 0 });
  const miner = createTestClient({ mode: "anvil", chain, transport });
  await miner.setAutomine(false);
  const work = ensureRestaking(
    {
      directory,
      rollup: {
        systemConfig: "0x00000000000000000000000000000000000000c5",
        l2ChainId: 901n,
        l2GenesisHash: keccak256("0x01"),
      },
      timing: { sequencingWindow: 30, maxSequencerDrift: 0, l1BlockTime: 1 },
      deployerKey: keyOf(0),
      operatorKeys: Array.from({ length: operators }, (_, i) => keyOf(1 + i)),
      delays,
    },
    { publicClient, bn254 },
  );
  let done = false;
  const settle = () => {
    done = true;
  };
  work.then(settle, settle);
  // One block for the whole deployment: mined once nothing more arrives.
  for (let before = -1; !done; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { pending } = await miner.getTxpoolStatus();
    if (pending > 0 && pending === before) await miner.mine({ blocks: 1 });
    before = pending;
  }
  const restaking = await work;
  await miner.setAutomine(true);
  const { suite, l1ChainId } = restaking.service;
  return {
    ...restaking,
    publicClient,
    clientsOf: (privateKey) => ({
      publicClient,
      walletClient: createWalletClient({ chain, transport, account: privateKeyToAccount(privateKey) }),
    }),
    mine: async (blocks) => {
      // Anvil repeats timestamps within a second.
      await miner.mine({ blocks, interval: 1 });
      return Number(await publicClient.getBlockNumber({ cacheTime: 0 }));
    },
    digests: new MachDigests(
      { l1ChainId, avs: suite.registrar, operatorSetId: 0, rollupId: suite.rollupId },
      { keccak256: (bytes) => keccak256(bytes, "bytes") },
    ),
    stop: async () => {
      await l1.stop();
      await rm(directory, { recursive: true });
    },
  };
}

/** A block above base height 8; `tag` tells branches apart. */
export function blockMessage({ height = 10, epoch = 0, origin = 2, tag = "a" }): Message {
  const named = (name: string) => keccak256(toHex(`${name} ${height} ${tag}`));
  return {
    kind: BLOCK,
    core: {
      height,
      timestamp: 1_700_000_000 + 2 * height,
      originNumber: origin,
      originHash: keccak256(toHex("origin")),
      parentHash: keccak256(toHex(`block ${height - 1} ${tag}`)),
      attributesHash: keccak256(toHex(`attributes ${height}`)),
      historyRoot: named("history"),
      transactionCount: 3,
      transactionRoot: named("transactions"),
      blockHash: named("block"),
      outputRoot: named("output"),
    },
    base: { epoch, l1Hash: keccak256(toHex(`l1 ${epoch}`)), height: 8, blockHash: keccak256(toHex("block 8")) },
  };
}

export function signBy(secret: Hex, message: Message, digests: MachDigests): Hex {
  return bytesToHex(bn254.sign(hexToBytes(secret), hexToBytes(digests.message(message))));
}

/** The certificate of the operators with these indices, which are those of their creation. */
export function certify(
  message: Message,
  signers: readonly number[],
  { operators, digests }: TestService,
  { header }: EpochTable,
): Certificate {
  const secrets = signers.map((index) => operators[index]!.blsSecret);
  const shares = secrets.map((secret) => hexToBytes(signBy(secret, message, digests)));
  const keys = secrets.map((secret) => bn254.publicKeys(hexToBytes(secret)).g2);
  const aggregateKey = `0x${[header.aggregateX, header.aggregateY].map((x) => x.toString(16).padStart(64, "0")).join("")}`;
  const { epoch, depth, root, active, total } = header;
  return {
    message,
    tableCommitment: tableCommitment(
      { epoch: Number(epoch), depth, root, aggregateKey: aggregateKey as Hex, active, total },
      (bytes) => keccak256(bytes, "bytes"),
    ),
    signature: bytesToHex(bn254.sumG1(shares)!),
    aggregateKey: bytesToHex(bn254.sumG2(keys)!),
    signers,
    depth,
  };
}
