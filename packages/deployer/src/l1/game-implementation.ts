import type { Abi } from "viem";
import { decodeFunctionResult, encodeDeployData, encodeFunctionData } from "viem";
import { contractOf } from "../contracts.ts";
import type { Hex } from "../types.ts";

/**
 * What an implementation of a dispute game holds as immutables. None can be set: another value means another
 * implementation, which the factory's owner puts in the old one's place (`DisputeGameFactory.setImplementation`).
 */
export interface GameTerms {
  readonly absolutePrestate: Hex;
  readonly maxGameDepth: bigint;
  readonly splitDepth: bigint;
  readonly clockExtensionSeconds: bigint;
  readonly maxClockSeconds: bigint;
  readonly vm: Hex;
  readonly weth: Hex;
  readonly anchorStateRegistry: Hex;
  readonly l2ChainId: bigint;
}

/** Who alone may play a permissioned game (type 1). */
export interface GamePlayers {
  readonly proposer: Hex;
  readonly challenger: Hex;
}

/** An `eth_call` of that data at the newest block, and its answer. */
export type ReadCall = (call: { readonly to: Hex; readonly data: Hex }) => Promise<Hex>;

const PERMISSIONLESS = 0;
const PERMISSIONED = 1;

/** The terms that an implementation was created with, of either type. */
export async function readGameTerms(implementation: Hex, read: ReadCall): Promise<GameTerms> {
  const view = <T>(name: string) => readView<T>("FaultDisputeGame", { to: implementation, name }, read);
  const [absolutePrestate, maxGameDepth, splitDepth, clockExtensionSeconds, maxClockSeconds] = await Promise.all([
    view<Hex>("absolutePrestate"),
    view<bigint>("maxGameDepth"),
    view<bigint>("splitDepth"),
    view<bigint>("clockExtension"),
    view<bigint>("maxClockDuration"),
  ]);
  const [vm, weth, anchorStateRegistry, l2ChainId] = await Promise.all([
    view<Hex>("vm"),
    view<Hex>("weth"),
    view<Hex>("anchorStateRegistry"),
    view<bigint>("l2ChainId"),
  ]);
  const clocks = { clockExtensionSeconds, maxClockSeconds };
  return { absolutePrestate, maxGameDepth, splitDepth, ...clocks, vm, weth, anchorStateRegistry, l2ChainId };
}

/** Proposer and challenger of an implementation of type 1. */
export async function readGamePlayers(implementation: Hex, read: ReadCall): Promise<GamePlayers> {
  const view = async (name: string) =>
    (await readView<Hex>("PermissionedDisputeGame", { to: implementation, name }, read)).toLowerCase() as Hex;
  const [proposer, challenger] = await Promise.all([view("proposer"), view("challenger")]);
  return { proposer, challenger };
}

/** The data of a transaction that creates an implementation: for `players` only, or without them for everybody. */
export function gameCreationData(terms: GameTerms, players: GamePlayers | null): Hex {
  const { abi, bytecode } = contractOf(players === null ? "FaultDisputeGame" : "PermissionedDisputeGame");
  const args = [
    players === null ? PERMISSIONLESS : PERMISSIONED,
    terms.absolutePrestate,
    terms.maxGameDepth,
    terms.splitDepth,
    terms.clockExtensionSeconds,
    terms.maxClockSeconds,
    terms.vm,
    terms.weth,
    terms.anchorStateRegistry,
    terms.l2ChainId,
    ...(players === null ? [] : [players.proposer, players.challenger]),
  ];
  return encodeDeployData({ abi: abi as Abi, bytecode, args });
}

async function readView<T>(
  contract: string,
  { to, name }: { readonly to: Hex; readonly name: string },
  read: ReadCall,
): Promise<T> {
  const abi = contractOf(contract).abi as Abi;
  const data = await read({ to, data: encodeFunctionData({ abi, functionName: name }) });
  return decodeFunctionResult({ abi, functionName: name, data }) as T;
}
