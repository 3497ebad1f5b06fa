import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { openEngine } from "@altlayer/engine";
import { parseRollupConfig } from "@altlayer/protocol";
import { writeDurably } from "@altlayer/rollup";
import { z } from "zod";
import { problemOf, RaasError } from "../errors.ts";
import type { Networks } from "../networks.ts";
import type { Outbound } from "../outbound/outbound.ts";
import { GENESIS_FILE, ROLLUP_FILE } from "../runtime/chain-files.ts";
import type { Hex } from "../spec/primitives.ts";
import { contractsResult } from "../steps/results.ts";
import type { AttachmentStore } from "../store/attachments.ts";
import type { RollupRecord } from "../store/rollup-records.ts";
import type { RollupStore } from "../store/rollups.ts";
import { ForeignRpc } from "./foreign-rpc.ts";

/** A peer by its IP address: a name could lead elsewhere at each connection, and is refused. */
export const PEER =
  /^\/ip(?:4\/(\d{1,3}(?:\.\d{1,3}){3})|6\/([0-9a-f:]{2,45}))\/tcp\/(\d{1,5})\/p2p\/[1-9A-HJ-NP-Za-km-z]{40,64}$/;
export const PEERS_MAX = 8;
/** Of genesis.json, unpacked. OP mainnet's own is about ten million bytes. */
const GENESIS_MAX_BYTES = 64 * 1024 * 1024;
const unzip = promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip as never);

export interface MachOrder {
  readonly rollup: RollupRecord;
  readonly authorId: string;
  /** genesis.json, gzipped: no RPC serves the state that a chain begins with. */
  readonly genesis: Buffer;
  /** Multiaddresses of nodes that gossip the chain's unsafe blocks: operators sign what its sequencer signed. */
  readonly peers: readonly string[];
  readonly operators: number;
}

export interface MachOrderDependencies {
  readonly networks: Networks;
  readonly outbound: Outbound;
  readonly rollups: RollupStore;
  readonly attachments: AttachmentStore;
  readonly directoryOf: (rollupId: string) => string;
}

/**
 * Gives an attached chain MACH with operators of the platform's own: its genesis and configuration are checked and kept,
 * and its spec says from now on that it is restaked, so that the reconciler makes the service and starts the operators.
 * Asked again, it replaces peers and files, for the next start.
 * @throws RaasError `MACH_REFUSED` with `details.reason` (network, state, genesis, configuration), `ADDRESS_REFUSED`,
 * `CONFLICT`, `UPSTREAM`
 */
export async function orderMach(order: MachOrder, dependencies: MachOrderDependencies): Promise<RollupRecord> {
  const { rollup, authorId, peers, operators } = order;
  const { networks, outbound, rollups, attachments, directoryOf } = dependencies;
  const attachment = await attachments.find(rollup.id);
  if (attachment === null) {
    throw new RaasError("CONFLICT", `${rollup.name} runs here: its spec says whether it is restaked`);
  }
  if (rollup.desired !== "running" && rollup.desired !== "stopped") {
    throw new RaasError("CONFLICT", `${rollup.name} is ${rollup.desired}`);
  }
  const network = await networks.check(rollup.networkId);
  if (!network.development) {
    throw refused(
      "network",
      `the platform's operators hold keys and stake that are its own, which is for development networks: on ${network.name} make the service by \`altlayer restake create --rollup <RPC>\`, and let operators with stake join it by \`altlayer operator run\``,
    );
  }
  if (attachment.findings.find(({ name }) => name === "MACH")?.ok !== true) {
    throw refused("state", `no operator could hold the state of ${rollup.name}: see the finding MACH`);
  }
  for (const peer of peers) {
    const [, ip4, ip6, port] = PEER.exec(peer) ?? [];
    outbound.check(`https://${ip6 === undefined ? ip4 : `[${ip6}]`}:${port}`);
  }
  const rpc = new ForeignRpc({ url: await attachments.rpcUrl(rollup.id) }, { outbound });
  const rollupJson = await configOf(rpc, { rollup, attachment, network, rollups });
  const genesisJson = await genesisOf(order.genesis, attachment.genesisHash);
  await writeDurably(join(directoryOf(rollup.id), GENESIS_FILE), genesisJson);
  await writeDurably(join(directoryOf(rollup.id), ROLLUP_FILE), rollupJson);
  const spec = await rollups.spec(rollup);
  if (attachment.mach !== null) {
    if (operators !== spec.services.mach.operators) {
      throw new RaasError("CONFLICT", `${rollup.name} has ${spec.services.mach.operators} operators already`);
    }
    await attachments.setPeers(rollup.id, peers);
    return rollup;
  }
  return await rollups.revise({
    id: rollup.id,
    base: rollup.revision,
    spec: { ...spec, services: { ...spec.services, mach: { restaking: "on", operators } } },
    authorId,
    note: "given MACH",
    also: (db) => attachments.giveMach(db, rollup.id, peers),
  });
}

/** The RPC's rollup configuration, as far as it is that of the attached chain. */
async function configOf(
  rpc: ForeignRpc,
  {
    rollup,
    attachment,
    network,
    rollups,
  }: Pick<MachOrder, "rollup"> &
    Pick<MachOrderDependencies, "rollups"> & {
      readonly attachment: { readonly systemConfig: Hex; readonly genesisHash: Hex };
      readonly network: { readonly chainId: number };
    },
): Promise<string> {
  const text = JSON.stringify(await rpc.ask("optimism_rollupConfig", [], z.record(z.string(), z.unknown())));
  const contracts = (await rollups.steps(rollup.id)).find(({ name }) => name === "contracts")?.result;
  const { OptimismPortalProxy: portal } = contractsResult.parse(contracts).addresses;
  let config: ReturnType<typeof parseRollupConfig>;
  try {
    config = parseRollupConfig(text);
  } catch (cause) {
    throw refused("configuration", `operators could not execute this chain: ${problemOf(cause).message}`, cause);
  }
  const compared: readonly (readonly [name: string, said: unknown, known: unknown])[] = [
    ["genesis", config.genesis.l2.hash, attachment.genesisHash],
    ["chain id", config.l2ChainId, rollup.chainId],
    ["settlement chain", config.l1ChainId, network.chainId],
    ["SystemConfig", config.l1SystemConfigAddress.toLowerCase(), attachment.systemConfig],
    ["portal", config.depositContractAddress.toLowerCase(), portal],
  ];
  const other = compared.find(([, said, known]) => said !== known);
  if (other === undefined) return text;
  const [name, said, known] = other;
  throw refused("configuration", `the RPC's rollup configuration names the ${name} ${said}, and not ${known}`);
}

/** genesis.json, if it makes that block 0: which it alone decides, since the hash covers the state's root. */
async function genesisOf(packed: Buffer, hash: Hex): Promise<string> {
  const text = await unzip(packed, { maxOutputLength: GENESIS_MAX_BYTES }).then(String, (cause: unknown) => {
    throw refused("genesis", `the genesis is no gzip of at most ${GENESIS_MAX_BYTES} bytes`, cause);
  });
  const directory = await mkdtemp(join(tmpdir(), "altlayer-genesis-"));
  try {
    const options = { dataDir: directory, genesisJson: text, history: 1, pool: {}, limits: {} };
    const engine = await openEngine(options).catch((cause: unknown) => {
      throw refused("genesis", `this is no genesis.json that the engine reads: ${problemOf(cause).message}`, cause);
    });
    const { genesis } = engine;
    await engine.close();
    if (genesis.hash === hash) return text;
    throw refused("genesis", `this genesis.json makes block ${genesis.hash}, and the chain's is ${hash}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const refused = (reason: string, message: string, cause?: unknown): RaasError =>
  new RaasError("MACH_REFUSED", message, { details: { reason }, cause });
