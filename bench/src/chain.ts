import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compileOwnContracts } from "@altlayer/contracts";
import {
  buildL2Genesis,
  buildRollupConfig,
  deployL1Contracts,
  developmentParameters,
  EIP1559_DEFAULTS,
  feeVaultsTo,
  forkTimesAtGenesis,
} from "@altlayer/deployer";
import { openEngine } from "@altlayer/engine";
import { type RollupConfig, serializeRollupConfig } from "@altlayer/protocol";
import { privateKeyToAddress } from "viem/accounts";
import { CHAIN_ID } from "./workload.ts";

/** Anvil's first accounts: public keys of development chains. */
const KEYS = {
  owner: "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  batcher: "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
} as const;
const addressOf = (role: keyof typeof KEYS) => privateKeyToAddress(KEYS[role]).toLowerCase() as `0x${string}`;

export interface BenchChain {
  readonly rollup: RollupConfig;
  readonly genesisFile: string;
  readonly rollupFile: string;
  readonly batcherKeyFile: string;
  /** Signs unsafe blocks and slices. */
  readonly signerKeyFile: string;
  /** An engine's directory that already holds the genesis state. */
  readonly engineDirectory: string;
}

export interface BenchChainOptions {
  readonly directory: string;
  readonly l1Url: string;
  /** Entries of `alloc` that join the genesis, as text. */
  readonly alloc: string;
  readonly gasLimit: number;
  readonly blockTime?: number;
}

/**
 * A rollup of the benches: real contracts on the L1, and a genesis with as many accounts as wanted. The gas target is half
 * the limit, so that the sustained load does not raise the base fee.
 */
export async function createChain(options: BenchChainOptions): Promise<BenchChain> {
  const { directory, l1Url, alloc, gasLimit } = options;
  compileOwnContracts();
  await mkdir(directory, { recursive: true });
  const eip1559 = { denominator: 250, elasticity: 2 };
  const [owner, batcher] = [addressOf("owner"), addressOf("batcher")];
  const parameters = developmentParameters({
    ...{ l2ChainId: CHAIN_ID, owner, batcher, proposer: owner, challenger: owner, unsafeBlockSigner: owner },
    ...{ gasLimit, eip1559 },
  });
  const deployment = await deployL1Contracts({ parameters }, { l1: { rpcUrl: l1Url, privateKey: KEYS.owner } });
  const base = {
    l1ChainId: deployment.l1ChainId,
    l2ChainId: CHAIN_ID,
    anchor: deployment.anchor,
    addresses: deployment.addresses,
    forkTimes: forkTimesAtGenesis("holocene"),
    eip1559Defaults: EIP1559_DEFAULTS,
  };
  const small = buildL2Genesis({ ...base, owner, gasLimit, eip1559, feeVaults: feeVaultsTo(owner) });
  const json = JSON.stringify(small.genesis);
  const genesisJson = alloc === "" ? json : json.replace('"alloc":{', `"alloc":{${alloc},`);
  const genesisFile = join(directory, "genesis.json");
  await writeFile(genesisFile, genesisJson);

  // The engine's own answer to what block 0 is: a million accounts are quicker hashed there.
  const engineDirectory = join(directory, "engine-at-genesis");
  const engine = await openEngine({ dataDir: engineDirectory, genesisJson, history: 90_000, pool: {}, limits: {} });
  const hash = engine.genesis.hash;
  await engine.close();
  const timing = {
    blockTime: options.blockTime ?? 1,
    seqWindowSize: 3600,
    maxSequencerDrift: 1800,
    channelTimeout: 50,
  };
  const rollup = buildRollupConfig({ ...base, parameters, genesis: { ...small, hash }, timing });
  const rollupFile = join(directory, "rollup.json");
  await writeFile(rollupFile, serializeRollupConfig(rollup));
  const batcherKeyFile = join(directory, "batcher.key");
  await writeFile(batcherKeyFile, KEYS.batcher, { mode: 0o600 });
  const signerKeyFile = join(directory, "signer.key");
  await writeFile(signerKeyFile, KEYS.owner, { mode: 0o600 });
  return { rollup, genesisFile, rollupFile, batcherKeyFile, signerKeyFile, engineDirectory };
}
