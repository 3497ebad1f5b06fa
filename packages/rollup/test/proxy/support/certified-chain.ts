import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  type Hash,
  type Hex,
  http,
  keccak256,
  numberToHex,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { anvil as chain } from "viem/chains";
import { type Anvil, startAnvil } from "../../../../deployer/test/anvil.ts";
import { type ScriptedNode, startScriptedNode } from "../../../../sdk/test/support/scripted-node.ts";
import { type CertificateJson, startWorld, type World } from "../../../../sdk/test/support/world.ts";
import { SystemClock } from "../../../src/clock.ts";
import { silentLogger } from "../../../src/log.ts";
import type { CertifiedTag } from "../../../src/proxy/pin.ts";
import { type FinalityProxy, type ProxyOptions, startProxy } from "../../../src/proxy/proxy.ts";

const KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
/** Where chains in these tests begin to be certified. */
export const FIRST = 6;

/**
 * A chain (an anvil) behind an RPC that adds `mach_*` to it: certificates are real, of operators on a real L1, and a
 * test says which of the chain's blocks have one.
 */
export interface CertifiedChain {
  readonly world: World;
  readonly l2: ReturnType<typeof createPublicClient>;
  readonly node: ScriptedNode;
  readonly account: ReturnType<typeof privateKeyToAccount>;
  /** Blocks by hash that alerts are held against. */
  readonly alerted: Set<Hex>;
  /** Answers that a test puts in the place of the chain's, by method. */
  readonly lies: Map<string, (answer: unknown, params: readonly unknown[]) => unknown>;
  mine(blocks?: number): Promise<void>;
  /** A transfer of `value` in a block of its own. */
  transfer(value: bigint): Promise<Hash>;
  /** Certifies the block at a height, by these operators, and says that it is the newest certified one. */
  certify(height: number, options?: CertifyOptions): Promise<CertificateJson>;
  /** Marks the certificate of a height as void. */
  voidAt(height: number): void;
  hashAt(height: number): Promise<Hex>;
  proxy(options?: ProxyChoice): Promise<FinalityProxy>;
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export interface ProxyChoice {
  readonly certified?: readonly CertifiedTag[];
  readonly upstream?: string;
  readonly l1?: ProxyOptions["l1"];
  readonly metrics?: NonNullable<ProxyOptions["metrics"]>;
  readonly upstreamLimits?: NonNullable<ProxyOptions["upstreamLimits"]>;
}

export interface CertifyOptions {
  readonly signers?: readonly number[];
  /** What the certificate says the block is; the chain's own hash unless given. */
  readonly blockHash?: Hex;
  readonly baseHeight?: number;
  readonly change?: (json: CertificateJson) => Record<string, unknown>;
}

export async function startCertifiedChain(): Promise<CertifiedChain> {
  const [world, anvil] = await Promise.all([startWorld(), startAnvil() as Promise<Anvil>]);
  const transport = http(anvil.url);
  const account = privateKeyToAccount(KEY);
  const l2 = createPublicClient({ chain, transport, pollingInterval: 10 });
  const test = createTestClient({ chain, transport, mode: "anvil" });
  const wallet = createWalletClient({ chain, transport, account });
  const certificates = new Map<number, Record<string, unknown>>();
  let newest: { number: Hex; hash: Hex } | null = null;
  const alerted = new Set<Hex>();
  const lies: CertifiedChain["lies"] = new Map();
  const proxies = new Set<FinalityProxy>();
  const hashAt = async (height: number) => (await l2.getBlock({ blockNumber: BigInt(height) })).hash;
  await test.mine({ blocks: FIRST + 2 });
  const start = await test.snapshot();
  let snapshot = start;

  const mach = (method: string, [id]: readonly unknown[]): unknown => {
    if (method === "mach_getHead") return { certified: newest, latest: null, safe: null, finalized: null };
    if (method === "mach_getCertificate") {
      return [...certificates.values()].find(({ digest, height }) => id === digest || id === height) ?? null;
    }
    if (method === "mach_getFinality") {
      const none = { blockNumber: null, blockHash: null, transactionHash: null, transactionIndex: null };
      return { ...none, level: "block", levels: [], heldBack: alerted.has(id as Hex), alerts: [] };
    }
    throw new TypeError(`not scripted: ${method}`);
  };
  const node = await startScriptedNode(async (method, params) => {
    const answer = method.startsWith("mach_")
      ? mach(method, params)
      : await (l2.request as (args: unknown) => Promise<unknown>)({ method, params });
    return lies.get(method)?.(answer, params) ?? answer;
  });

  return {
    world,
    l2,
    node,
    account,
    alerted,
    lies,
    mine: (blocks = 1) => test.mine({ blocks }),
    transfer: async (value) => {
      const hash = await wallet.sendTransaction({ to: `0x${"77".repeat(20)}`, value });
      await l2.waitForTransactionReceipt({ hash });
      return hash;
    },
    certify: async (height, { signers = [0, 1, 2], blockHash, baseHeight = FIRST - 4, change } = {}) => {
      const hash = blockHash ?? (await hashAt(height));
      const base = { height: baseHeight, blockHash: await hashAt(baseHeight) };
      const parentHash = height - 1 === baseHeight ? base.blockHash : keccak256("0x01");
      const message = await world.message({ height, blockHash: hash, base, parentHash });
      const json = world.certify(message, signers);
      certificates.set(height, change?.(json) ?? json);
      newest = { number: numberToHex(height), hash };
      return json;
    },
    voidAt: (height) => {
      const json = certificates.get(height);
      certificates.set(height, { ...json, void: { reason: "the L1 derived another block", at: "0x1" } });
    },
    hashAt,
    proxy: async ({ certified, upstream = node.httpUrl, ...choice } = {}) => {
      const { registrar } = world.suite;
      const proxy = await startProxy(
        {
          upstream,
          l1: [world.anvil.url],
          service: { l1ChainId: 31_337, avs: registrar, rollupId: world.rollupId },
          pollMs: 20,
          ...choice,
          ...(certified === undefined ? {} : { certified }),
          limits: { batchRequests: 20, bodyBytes: 64 * 1024, concurrentRequests: 1 },
        },
        { clock: new SystemClock(), log: silentLogger },
      );
      proxies.add(proxy);
      return proxy;
    },
    reset: async () => {
      for (const proxy of proxies) await proxy.close();
      proxies.clear();
      certificates.clear();
      alerted.clear();
      lies.clear();
      newest = null;
      await test.revert({ id: snapshot });
      snapshot = await test.snapshot();
    },
    stop: async () => {
      for (const proxy of proxies) await proxy.close();
      await node.close();
      await Promise.all([world.stop(), anvil.stop()]);
    },
  };
}
