import { createServer } from "node:net";
import { join } from "node:path";
import { bn254 } from "@altlayer/engine";
import { localSigner, type ServiceIdentity } from "@altlayer/mach";
import type { MachServiceFile } from "@altlayer/restaking";
import {
  type Clock,
  type Logger,
  type NodeConfigInput,
  parseNodeConfig,
  RollupNode,
  type RollupNodeDependencies,
  type RollupNodeOptions,
} from "@altlayer/rollup";
import { keccak256 } from "viem/utils";

type Hex = `0x${string}`;

export interface Operator {
  /** Of its L1 account. */
  readonly address: Hex;
  /** BLS secret for this service, 32 bytes. */
  readonly secret: Uint8Array;
}

export interface OperatorsOptions {
  /** Each operator's data lie in a directory below it. */
  readonly directory: string;
  readonly service: MachServiceFile;
  readonly operators: readonly Operator[];
  /** They have run before: one whose signing journal is gone is a restored backup, and signs nothing until the L1 has settled what it may have signed. */
  readonly startedBefore?: boolean;
  readonly rollup: RollupNodeOptions["rollup"];
  readonly genesisJson: RollupNodeOptions["genesisJson"];
  readonly clientVersion: string;
  readonly l1: NodeConfigInput["l1"];
}

/** A service's contracts as a node's configuration names them. */
export function serviceNames({ suite }: MachServiceFile) {
  const lower = (address: string) => address.toLowerCase() as Hex;
  return { avs: lower(suite.registrar), table: lower(suite.table), verifier: lower(suite.verifier) };
}

/**
 * Runs operators in this process, each a follower with an engine of its own, beside a node that sequences.
 * @returns their nodes, for the caller to close; none runs when one of them did not start.
 */
export async function startOperators(
  options: OperatorsOptions,
  dependencies: { readonly node: RollupNode; readonly clock: Clock; readonly log: Logger } & Pick<
    RollupNodeDependencies,
    "openEngine" | "kzg" | "sharedL1"
  >,
): Promise<readonly RollupNode[]> {
  const { rollup, genesisJson, clientVersion, operators, startedBefore = false } = options;
  const { node, log, ...parts } = dependencies;
  const names = serviceNames(options.service);
  const service: ServiceIdentity = {
    systemConfig: rollup.l1SystemConfigAddress,
    l2ChainId: rollup.l2ChainId,
    l2GenesisHash: rollup.genesis.l2.hash,
    l1ChainId: rollup.l1ChainId,
    operatorSetId: 0,
    ...names,
  };
  // Each knows the others before any runs: an operator signs only once it has heard most of them.
  const addresses = (await freePorts(operators.length)).map((port) => `/ip4/127.0.0.1/tcp/${port}`);
  const gossip = { peers: [...(node.gossip?.node.addresses ?? [])] };
  const slices = node.flashblocks === null ? {} : { followSlices: `${node.flashblocks.url}/slices` };
  const keys = { bn254, keccak256: (bytes: Uint8Array) => keccak256(bytes, "bytes") };
  const starts = await Promise.allSettled(
    operators.map(({ address, secret }, i) => {
      const others = addresses.filter((_, other) => other !== i);
      const config: NodeConfigInput = {
        dataDir: join(options.directory, String(i)),
        genesisFile: "-",
        rollupFile: "-",
        l1: options.l1,
        rpc: null,
        gossip,
        ...slices,
        mach: {
          ...names,
          listen: [addresses[i] as string],
          peers: [...(node.mach?.service.status().addresses ?? []), ...others],
        },
      };
      const signer = localSigner({ operator: address, secret, service }, keys);
      return RollupNode.start(
        { config: parseNodeConfig(config), rollup, genesisJson, clientVersion },
        {
          ...parts,
          log: log.child(`operator-${i}`),
          machOperator: { address, signer, createJournal: !startedBefore, quarantineIfLost: startedBefore },
        },
      );
    }),
  );
  const started = starts.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const failed = starts.find((each) => each.status === "rejected");
  if (failed) {
    await Promise.all(started.map((operator) => operator.close()));
    throw failed.reason;
  }
  return started;
}

/** All held at once, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once("error", reject);
          server.listen({ port: 0, host: "127.0.0.1", exclusive: true }, () => {
            const address = server.address();
            resolve(typeof address === "object" && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
