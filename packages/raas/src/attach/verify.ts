import { parseRollupConfig } from "@altlayer/protocol";
import { concat, decodeFunctionResult, encodeFunctionData, type Hex, keccak256, pad, parseAbi } from "viem";
import { z } from "zod";
import { problemOf, RaasError } from "../errors.ts";
import type { Network, Networks } from "../networks.ts";
import type { Finding } from "../store/attachments.ts";
import type { ForeignRpc } from "./foreign-rpc.ts";

const ABI = parseAbi([
  "function owner() view returns (address)",
  "function gasLimit() view returns (uint64)",
  "function batcherHash() view returns (bytes32)",
  "function optimismPortal() view returns (address)",
  "function l1StandardBridge() view returns (address)",
  "function l1CrossDomainMessenger() view returns (address)",
  "function disputeGameFactory() view returns (address)",
  "function respectedGameType() view returns (uint32)",
  "function gameImpls(uint32) view returns (address)",
  "function gameCount() view returns (uint256)",
  "function gameAtIndex(uint256) view returns (uint32, uint64, address)",
  "function l2ChainId() view returns (uint256)",
  "function anchorStateRegistry() view returns (address)",
  "function rootClaim() view returns (bytes32)",
  "function l2BlockNumber() view returns (uint256)",
  "function number() view returns (uint64)",
  "function hash() view returns (bytes32)",
  "function otherBridge() view returns (address)",
  "function otherMessenger() view returns (address)",
]);

const L2_MESSENGER = "0x4200000000000000000000000000000000000007";
const L2_BRIDGE = "0x4200000000000000000000000000000000000010";
const L1_BLOCK = "0x4200000000000000000000000000000000000015";
const MESSAGE_PASSER = "0x4200000000000000000000000000000000000016";
/** Claims are looked through from the newest on: one above the RPC's chain says nothing yet. */
const GAMES_MAX = 20;

const hash32 = z.string().regex(/^0x[0-9a-f]{64}$/) as unknown as z.ZodType<Hex>;
const bytes = z.string().regex(/^0x([0-9a-f]{2})*$/) as unknown as z.ZodType<Hex>;
const quantity = z
  .string()
  .regex(/^0x[0-9a-f]{1,13}$/)
  .transform(Number);
const blockSchema = z.object({ number: quantity, hash: hash32, stateRoot: hash32, timestamp: quantity });
const proofSchema = z.object({ storageHash: hash32 });

/** What the L1 and the RPC say of a chain, and how far they agree. */
export interface Verified {
  readonly chainId: number;
  readonly genesisHash: Hex;
  readonly blockTimeSeconds: number;
  readonly gasLimit: number;
  readonly owner: Hex;
  readonly addresses: Readonly<Record<string, Hex>>;
  /** The L1 block that the chain's head was made from. */
  readonly origin: { readonly number: number; readonly hash: Hex };
  readonly findings: readonly Finding[];
}

export interface VerifyDependencies {
  readonly networks: Networks;
  readonly rpc: ForeignRpc;
}

/**
 * Reads a chain's contracts from its SystemConfig, and compares the RPC's chain with what they say: chain id, bridge and
 * messenger on the other side, the L1 block that its head was made from, batcher, genesis, and the newest output root
 * that was claimed. That root binds the RPC's state and block hash at its height to what the L1 holds.
 * @throws RaasError `ATTACH_REFUSED` with the finding that does not fit; `UPSTREAM`, `NETWORK_UNREACHABLE`
 */
export async function verifyAttachment(
  { network, systemConfig }: { readonly network: Network; readonly systemConfig: Hex },
  { networks, rpc }: VerifyDependencies,
): Promise<Verified> {
  const l1 = reader(
    async (to, data) => await networks.request<string>(network.id, "eth_call", [{ to, data }, "latest"]),
  );
  const findings: Finding[] = [];
  const compare = (name: string, detail: string, ok: boolean | null) => {
    findings.push({ name, ok, detail });
    if (ok === false) {
      throw new RaasError("ATTACH_REFUSED", `the RPC's chain is not the one of ${systemConfig} (${name}): ${detail}`, {
        details: { finding: name },
      });
    }
  };
  const config = await readConfig(systemConfig, l1).catch((cause: unknown) => {
    if (problemOf(cause).code === "NETWORK_UNREACHABLE") throw cause;
    const message = `${systemConfig} on ${network.name} is no SystemConfig of an OP-Stack chain with dispute games`;
    throw new RaasError("ATTACH_REFUSED", message, { details: { finding: "contracts" }, cause });
  });
  compare("contracts", `${Object.keys(config.addresses).length} contracts were found through the SystemConfig`, true);

  const chainId = await rpc.ask("eth_chainId", [], quantity);
  compare(
    "chain id",
    `the L1's games are for chain ${config.chainId}, the RPC serves ${chainId}`,
    chainId === config.chainId,
  );
  // All at one block: between two calls the chain goes on, and may have another L1 origin.
  const head = await rpc.ask("eth_getBlockByNumber", ["latest", false], blockSchema);
  const tag = `0x${head.number.toString(16)}`;
  const l2 = reader(async (to, data) => await rpc.ask("eth_call", [{ to, data }, tag], bytes));
  const [bridge, messenger] = [await l2(L2_BRIDGE, "otherBridge"), await l2(L2_MESSENGER, "otherMessenger")];
  compare("bridge", `the rollup's bridge trusts ${bridge}`, same(bridge, config.addresses.L1StandardBridgeProxy));
  compare(
    "messenger",
    `its messenger trusts ${messenger}`,
    same(messenger, config.addresses.L1CrossDomainMessengerProxy),
  );

  const number = Number(await l2(L1_BLOCK, "number"));
  const hash = String(await l2(L1_BLOCK, "hash")) as Hex;
  const l1Block = await networks.request<{ hash: Hex } | null>(network.id, "eth_getBlockByNumber", [
    `0x${number.toString(16)}`,
    false,
  ]);
  compare("L1 origin", `its head was made from block ${number} of the settlement network`, same(l1Block?.hash, hash));
  const batcher = await l2(L1_BLOCK, "batcherHash");
  compare("batcher", "it takes batches from the SystemConfig's batcher", same(batcher, config.batcherHash));

  const genesis = await rpc.ask("eth_getBlockByNumber", ["0x0", false], blockSchema);
  const served = await rollupConfigOf(rpc);
  const expected = served?.genesis.l2.hash ?? null;
  const ok = served === null ? null : same(expected, genesis.hash) && same(served.l1SystemConfigAddress, systemConfig);
  compare(
    "genesis",
    `block 0 is ${genesis.hash}${served === null ? "; the RPC serves no rollup configuration" : ""}`,
    ok,
  );
  compare(
    "output root",
    ...(await outputRoot(head.number, { factory: config.addresses.DisputeGameFactoryProxy, l1, rpc })),
  );
  const parent = await rpc.ask(
    "eth_getBlockByNumber",
    [`0x${Math.max(0, head.number - 1).toString(16)}`, false],
    blockSchema,
  );
  compare("blocks", `block ${head.number} is the newest`, head.number > 0);
  return {
    chainId,
    genesisHash: genesis.hash,
    blockTimeSeconds: head.timestamp - parent.timestamp,
    gasLimit: config.gasLimit,
    owner: config.owner,
    addresses: config.addresses,
    origin: { number, hash },
    findings: [...findings, served === null ? unknownForks() : forks()],
  };
}

type Read = (to: Hex, functionName: string, args?: readonly unknown[]) => Promise<unknown>;

const reader =
  (call: (to: Hex, data: Hex) => Promise<string>): Read =>
  async (to, functionName, args = []) => {
    const data = encodeFunctionData({ abi: ABI, functionName, args } as never);
    return decodeFunctionResult({ abi: ABI, functionName, data: (await call(to, data)) as Hex } as never);
  };

async function readConfig(systemConfig: Hex, l1: Read) {
  const at = async (of: Hex, name: string, args: readonly unknown[] = []) =>
    String(await l1(of, name, args)).toLowerCase() as Hex;
  const portal = await at(systemConfig, "optimismPortal");
  const factory = await at(systemConfig, "disputeGameFactory");
  const game = await at(factory, "gameImpls", [Number(await l1(portal, "respectedGameType"))]);
  return {
    batcherHash: await at(systemConfig, "batcherHash"),
    gasLimit: Number(await l1(systemConfig, "gasLimit")),
    owner: await at(systemConfig, "owner"),
    chainId: Number(await l1(game, "l2ChainId")),
    addresses: {
      SystemConfigProxy: systemConfig,
      OptimismPortalProxy: portal,
      L1StandardBridgeProxy: await at(systemConfig, "l1StandardBridge"),
      L1CrossDomainMessengerProxy: await at(systemConfig, "l1CrossDomainMessenger"),
      DisputeGameFactoryProxy: factory,
      AnchorStateRegistryProxy: await at(game, "anchorStateRegistry"),
    },
  };
}

/** Detail and verdict of the newest claim that the RPC's chain reaches. */
async function outputRoot(
  head: number,
  { factory, l1, rpc }: { readonly factory: Hex; readonly l1: Read; readonly rpc: ForeignRpc },
): Promise<readonly [string, boolean | null]> {
  const count = Number(await l1(factory, "gameCount"));
  for (let index = count - 1; index >= Math.max(0, count - GAMES_MAX); index--) {
    const [, , game] = (await l1(factory, "gameAtIndex", [BigInt(index)])) as readonly [number, bigint, Hex];
    const number = Number(await l1(game, "l2BlockNumber"));
    if (number > head) continue;
    const tag = `0x${number.toString(16)}`;
    const block = await rpc.ask("eth_getBlockByNumber", [tag, false], blockSchema);
    const { storageHash } = await rpc.ask("eth_getProof", [MESSAGE_PASSER, [], tag], proofSchema);
    // Version 0 (OP Stack specification, withdrawals, "L2 output root proposals").
    const root = keccak256(concat([pad("0x", { size: 32 }), block.stateRoot, storageHash, block.hash]));
    return [`the claim of block ${number} in ${game}`, same(root, String(await l1(game, "rootClaim")))];
  }
  return ["nothing was claimed on the settlement network yet", null];
}

/** Null where it is not served. @throws RaasError `ATTACH_REFUSED` never: forks that are not known here are no refusal */
async function rollupConfigOf(rpc: ForeignRpc) {
  const config = await rpc.ask("optimism_rollupConfig", [], z.record(z.string(), z.unknown())).catch(() => null);
  if (config === null) return null;
  try {
    return parseRollupConfig(config);
  } catch {
    return null;
  }
}

const forks = (): Finding => ({
  name: "MACH",
  ok: true,
  detail:
    "the engine executes its forks, so operators can hold its state: on a development network the platform can run them, elsewhere `altlayer restake create --rollup <RPC>` makes its service and operators run by `altlayer operator run`",
});
const unknownForks = (): Finding => ({
  name: "MACH",
  ok: null,
  detail:
    "the RPC serves no rollup configuration of forks that the engine executes, so no operator could hold its state: no service",
});

const same = (a: unknown, b: unknown): boolean => String(a).toLowerCase() === String(b).toLowerCase();
