import { bn254 } from "@altlayer/engine";
import { localSigner, type MachOperatorOptions } from "@altlayer/mach";
import { epochBlock } from "@altlayer/protocol";
import { commitCall, ensureRestaking, execute, type MachServiceFile, tableState } from "@altlayer/restaking";
import {
  createPublicClient,
  createWalletClient,
  type Hex,
  http,
  keccak256,
  nonceManager,
  type PublicClient,
  toHex,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { NodeConfigInput } from "../../src/config/node-config.ts";
import type { Devnet } from "./devnet.ts";
import { until } from "./until.ts";

const keccakBytes = (bytes: Uint8Array) => keccak256(bytes, "bytes");
const lower = (address: string) => address.toLowerCase() as Hex;
/** Development accounts that no role of the devnet has. */
const DEPLOYER: Hex = "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a";
const KEEPER: Hex = "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba";

/** A MACH service on the devnet's L1, with four operators. */
export interface MachDevnet {
  /** As nodes are told of it. */
  readonly config: NonNullable<NodeConfigInput["mach"]>;
  readonly service: MachServiceFile;
  /** The i-th operator's signer, for a node of its own. */
  operator(i: number): MachOperatorOptions;
  close(): Promise<void>;
}

/** Deploys the restaking core and the suite of the devnet's rollup, and commits its epochs' tables from then on. */
export async function startMachDevnet(devnet: Devnet, operatorCount = 4): Promise<MachDevnet> {
  const transport = http(devnet.anvil.url, { retryCount: 5 });
  const publicClient = createPublicClient({ transport, pollingInterval: 50, cacheTime: 0 }) as PublicClient;
  const { rollup } = devnet;
  const { service, operators } = await ensureRestaking(
    {
      directory: devnet.directory,
      rollup: {
        systemConfig: rollup.l1SystemConfigAddress,
        l2ChainId: BigInt(rollup.l2ChainId),
        l2GenesisHash: rollup.genesis.l2.hash,
      },
      timing: { sequencingWindow: rollup.seqWindowSize, maxSequencerDrift: 1800, l1BlockTime: 1 },
      deployerKey: DEPLOYER,
      operatorKeys: Array.from({ length: operatorCount }, (_, i) => keccak256(toHex(`operator ${i}`))),
    },
    { publicClient, bn254 },
  );
  const { registrar, table, verifier } = service.suite;
  const identity = {
    l1ChainId: rollup.l1ChainId,
    systemConfig: rollup.l1SystemConfigAddress,
    l2ChainId: rollup.l2ChainId,
    l2GenesisHash: rollup.genesis.l2.hash,
    avs: lower(registrar),
    operatorSetId: 0,
    table: lower(table),
    verifier: lower(verifier),
  };
  const account = privateKeyToAccount(KEEPER, { nonceManager });
  const walletClient = createWalletClient({ account, transport });
  const schedule = await readSchedule(service, publicClient);
  const closing = new AbortController();
  const committing = (async () => {
    for (let epoch = 0; !closing.signal.aborted; epoch++) {
      const block = epochBlock(epoch, schedule);
      await until(async () => closing.signal.aborted || (await publicClient.getBlockNumber()) > block, 120_000);
      if (closing.signal.aborted) return;
      const state = await tableState(service, publicClient, BigInt(block));
      await execute(commitCall(service, BigInt(epoch), state), { publicClient, walletClient });
    }
  })().catch((error: unknown) => {
    if (!closing.signal.aborted) throw error;
  });
  return {
    config: { avs: identity.avs, table: identity.table, verifier: identity.verifier },
    service,
    operator: (i) => {
      const { address, blsSecret } = operators[i] as (typeof operators)[number];
      const secret = Buffer.from(blsSecret.slice(2), "hex");
      const signer = localSigner(
        { operator: lower(address), secret: new Uint8Array(secret), service: identity },
        { bn254, keccak256: keccakBytes },
      );
      return { address: lower(address), signer, createJournal: true };
    },
    close: async () => {
      closing.abort();
      await committing;
    },
  };
}

async function readSchedule({ suite }: MachServiceFile, publicClient: PublicClient) {
  const { abiOf } = await import("@altlayer/restaking");
  const read = { address: suite.table, abi: abiOf("OperatorTable") };
  const startBlock = Number(await publicClient.readContract({ ...read, functionName: "startBlock" }));
  const windows = (await publicClient.readContract({ ...read, functionName: "windows" })) as Record<string, number>;
  return { startBlock, depth: windows.k ?? 0, epochLength: windows.epochLength ?? 0 };
}
