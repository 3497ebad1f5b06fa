import { bn254 } from "@altlayer/engine";
import { localSigner, type MachOperatorOptions, type ServiceIdentity } from "@altlayer/mach";
import { ensureRestaking, Keeper, type MachServiceFile } from "@altlayer/restaking";
import { createPublicClient, createWalletClient, type Hex, http, keccak256, type PublicClient, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { NodeConfigInput } from "../../src/config/node-config.ts";
import type { Devnet } from "./devnet.ts";

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
  readonly identity: ServiceIdentity;
  /** The i-th operator's signer, for a node of its own. */
  operator(i: number): MachOperatorOptions;
  /** For a node in a process of its own, which reads a keystore: 32 bytes. */
  seed(i: number): Uint8Array;
  close(): Promise<void>;
}

/** Deploys the restaking core and the suite of the devnet's rollup, and keeps its tables from then on. */
export async function startMachDevnet(
  devnet: Pick<Devnet, "directory" | "rollup"> & { readonly anvil: { readonly url: string } },
  operatorCount = 4,
): Promise<MachDevnet> {
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
  const walletClient = createWalletClient({ account: privateKeyToAccount(KEEPER), transport });
  const log = { info: () => {}, warn: () => {} };
  const keeper = new Keeper(service, { clients: { publicClient, walletClient }, log }, { pollMs: 100 });
  keeper.start();
  return {
    config: { avs: identity.avs, table: identity.table, verifier: identity.verifier },
    service,
    identity,
    operator: (i) => {
      const { address, blsSecret } = operators[i] as (typeof operators)[number];
      const secret = Buffer.from(blsSecret.slice(2), "hex");
      const signer = localSigner(
        { operator: lower(address), secret: new Uint8Array(secret), service: identity },
        { bn254, keccak256: keccakBytes },
      );
      return { address: lower(address), signer, createJournal: true };
    },
    seed: (i) => new Uint8Array(Buffer.from((operators[i] as (typeof operators)[number]).blsSeed.slice(2), "hex")),
    close: () => keeper.close(),
  };
}
