import { readGamePlayers } from "@altlayer/deployer";
import { decodeFunctionResult, encodeFunctionData, pad, parseAbi, zeroAddress } from "viem";
import type { Networks } from "../networks.ts";
import type { OwnerTransaction } from "../owner-changes.ts";
import type { RotatingRole } from "../secrets/key-rotations.ts";
import type { Hex } from "../spec/primitives.ts";

const ABI = parseAbi([
  "function owner() view returns (address)",
  "function batcherHash() view returns (bytes32)",
  "function unsafeBlockSigner() view returns (address)",
  "function setBatcherHash(bytes32 batcherHash)",
  "function setUnsafeBlockSigner(address unsafeBlockSigner)",
  "function gameImpls(uint32 gameType) view returns (address)",
  "function setImplementation(uint32 gameType, address implementation)",
]);
/** Played by proposer and challenger alone. */
const PERMISSIONED_GAME = 1;

export interface KeyContracts {
  readonly SystemConfigProxy: Hex;
  readonly DisputeGameFactoryProxy: Hex;
}

type Tag = "latest" | "finalized";

/** Roles that stand in the immutables of the permissioned game: another one means another implementation. */
export const GAME_ROLES = ["proposer", "challenger"] as const;
export type GameRole = (typeof GAME_ROLES)[number];
export const isGameRole = (role: RotatingRole): role is GameRole => GAME_ROLES.some((known) => known === role);

/** Whose key the contracts name for each role, and how the owner makes it another. */
export class AcceptedKeys {
  readonly #networkId: string;
  readonly #contracts: KeyContracts;
  readonly #networks: Networks;

  constructor(
    options: { readonly networkId: string; readonly contracts: KeyContracts },
    dependencies: { readonly networks: Networks },
  ) {
    this.#networkId = options.networkId;
    this.#contracts = options.contracts;
    this.#networks = dependencies.networks;
  }

  /** @throws RaasError `NETWORK_UNREACHABLE`, `UPSTREAM` */
  async of(role: RotatingRole, tag: Tag): Promise<Hex | null> {
    const config = this.#contracts.SystemConfigProxy;
    if (role === "sequencer") return lower(await this.#view<Hex>(config, "unsafeBlockSigner", [], tag));
    if (role === "batcher") {
      const hash = await this.#view<Hex>(config, "batcherHash", [], tag);
      // Version zero of the batcher hash is an address (specs/protocol/system-config.md, "batcherHash").
      return /^0x0{24}/.test(hash) ? lower(`0x${hash.slice(26)}`) : null;
    }
    const implementation = await this.implementation(tag);
    if (implementation === null) return null;
    const read = (call: { readonly to: Hex; readonly data: Hex }) => this.#call(call, tag);
    return (await readGamePlayers(implementation, read))[role];
  }

  /** Of the permissioned game; null where there is none. */
  async implementation(tag: Tag): Promise<Hex | null> {
    const factory = this.#contracts.DisputeGameFactoryProxy;
    const address = lower(await this.#view<Hex>(factory, "gameImpls", [PERMISSIONED_GAME], tag));
    return address === zeroAddress ? null : address;
  }

  /** What the owner signs so that the role has the key `next`; for a role of the game, the implementation that names it. */
  async transaction(
    role: RotatingRole,
    { next, implementation, chainId }: { readonly next: Hex; readonly implementation: Hex; readonly chainId: number },
  ): Promise<OwnerTransaction> {
    const { SystemConfigProxy, DisputeGameFactoryProxy } = this.#contracts;
    const to = isGameRole(role) ? DisputeGameFactoryProxy : SystemConfigProxy;
    const data = isGameRole(role)
      ? encodeFunctionData({ abi: ABI, functionName: "setImplementation", args: [PERMISSIONED_GAME, implementation] })
      : role === "batcher"
        ? encodeFunctionData({ abi: ABI, functionName: "setBatcherHash", args: [pad(next, { size: 32 })] })
        : encodeFunctionData({ abi: ABI, functionName: "setUnsafeBlockSigner", args: [next] });
    const from = lower(await this.#view<Hex>(to, "owner", [], "latest"));
    const id = `keys.${role}`;
    return { id, field: id, description: DESCRIPTIONS[role](next), chainId, from, to, data, value: "0" };
  }

  async #view<T>(to: Hex, functionName: string, args: readonly unknown[], tag: Tag): Promise<T> {
    const call = { abi: ABI, functionName, args } as unknown as Parameters<typeof encodeFunctionData>[0];
    const data = await this.#call({ to, data: encodeFunctionData(call) }, tag);
    return decodeFunctionResult({ abi: ABI, functionName, data } as never) as T;
  }

  #call(call: { readonly to: Hex; readonly data: Hex }, tag: Tag): Promise<Hex> {
    return this.#networks.request<Hex>(this.#networkId, "eth_call", [call, tag]);
  }
}

const gameOf = (role: GameRole) => (next: Hex) =>
  `Put the game that names ${next} as its ${role} in the place of the present one; games under way go on`;

const DESCRIPTIONS: Readonly<Record<RotatingRole, (next: Hex) => string>> = {
  sequencer: (next) => `Let ${next} sign the unsafe blocks`,
  batcher: (next) => `Take batches from ${next}`,
  proposer: gameOf("proposer"),
  challenger: gameOf("challenger"),
};

const lower = (address: Hex): Hex => address.toLowerCase() as Hex;
