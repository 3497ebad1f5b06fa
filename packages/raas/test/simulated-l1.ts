import { decodeFunctionData, encodeFunctionResult, pad, parseAbi } from "viem";
import type { Network, Networks } from "../src/networks.ts";
import { networkSchema } from "../src/networks.ts";
import type { Hex } from "../src/spec/primitives.ts";

const ABI = parseAbi([
  "function owner() view returns (address)",
  "function batcherHash() view returns (bytes32)",
  "function unsafeBlockSigner() view returns (address)",
]);
const OWNER: Hex = `0x${"0e".repeat(20)}`;

/** Roles whose key stands in a SystemConfig; what stands in a game's immutables is tried on a real anvil. */
export const NAMED_ROLES = ["batcher", "sequencer"] as const;
export type NamedRole = (typeof NAMED_ROLES)[number];
type Names = Readonly<Record<NamedRole, Hex>>;

interface Config {
  latest: Names;
  finalized: Names;
  /** Whom the L1 has named at some time, taken back or not. */
  readonly ever: Set<Hex>;
}

/** The settlement network, as much of it as rotations look at: whom each rollup's SystemConfig names. */
export class SimulatedL1 {
  readonly network: Network = networkSchema.parse({
    id: "development",
    name: "simulated",
    chainId: 31337,
    rpcUrl: "http://127.0.0.1:9",
    development: true,
  });
  readonly #configs = new Map<Hex, Config>();
  readonly #of = new Map<string, Hex>();

  /** Does nothing where it is deployed already. @returns the contracts' addresses */
  deploy(rollupId: string, names: Names): Readonly<Record<string, Hex>> {
    const known = this.#of.get(rollupId);
    const at = known ?? pad(`0x${(this.#of.size + 1).toString(16)}`, { size: 20 });
    if (known === undefined)
      this.#configs.set(at, { latest: names, finalized: names, ever: new Set(Object.values(names)) });
    this.#of.set(rollupId, at);
    return { SystemConfigProxy: at, DisputeGameFactoryProxy: OWNER };
  }

  named(rollupId: string, role: NamedRole): Hex | null {
    return this.#config(rollupId)?.latest[role] ?? null;
  }

  hasNamed(rollupId: string, address: Hex): boolean {
    return this.#config(rollupId)?.ever.has(address) ?? false;
  }

  /** The owner's transaction is mined. */
  sign(rollupId: string, role: NamedRole, address: Hex): void {
    const config = this.#config(rollupId)!;
    config.latest = { ...config.latest, [role]: address };
    config.ever.add(address);
  }

  finalize(): void {
    for (const config of this.#configs.values()) config.finalized = config.latest;
  }

  /** What is not final never happened. */
  reorg(): void {
    for (const config of this.#configs.values()) config.latest = config.finalized;
  }

  /** As one process of the control plane reaches it, which may die at any request. */
  seenBy(deed: () => void): Networks {
    const request = async (_id: string, method: string, params: readonly unknown[]): Promise<unknown> => {
      deed();
      if (method === "eth_getBalance") return `0x${(10n ** 21n).toString(16)}`;
      if (method !== "eth_call") throw new TypeError(`nobody simulates ${method}`);
      const [{ to, data }, tag] = params as [{ to: Hex; data: Hex }, "latest" | "finalized"];
      const { functionName } = decodeFunctionData({ abi: ABI, data });
      const names = this.#configs.get(to)?.[tag];
      if (names === undefined) return "0x";
      const value = { owner: OWNER, batcherHash: pad(names.batcher, { size: 32 }), unsafeBlockSigner: names.sequencer };
      return encodeFunctionResult({ abi: ABI, functionName, result: value[functionName] } as never);
    };
    const network = this.network;
    return { check: async () => network, get: () => network, request } as unknown as Networks;
  }

  #config(rollupId: string): Config | undefined {
    const at = this.#of.get(rollupId);
    return at === undefined ? undefined : this.#configs.get(at);
  }
}
