import { gameCreationData, readGameTerms } from "@altlayer/deployer";
import {
  decodeFunctionResult,
  encodeAbiParameters,
  encodeFunctionData,
  getContractAddress,
  keccak256,
  parseAbi,
  zeroAddress,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { getWithdrawals } from "viem/op-stack";
import { RaasError } from "../errors.ts";
import type { Hex } from "../spec/primitives.ts";
import type { Drill, DrillContext } from "./drill.ts";
import type { IsolatedL1 } from "./isolated-l1.ts";
import { type Abandoned, abandonedChain, forceIn } from "./without-sequencer.ts";

const MESSAGE_PASSER = "0x4200000000000000000000000000000000000016";
const WITHDRAWN_WEI = 10n ** 15n;
const WITHDRAWAL_GAS = 100_000n;
/** The game that anybody may play. */
const PERMISSIONLESS = 0;
const OUTPUT_VERSION: Hex = `0x${"00".repeat(32)}`;

const ABI = parseAbi([
  "function initiateWithdrawal(address target, uint256 gasLimit, bytes data) payable",
  "function owner() view returns (address)",
  "function guardian() view returns (address)",
  "function respectedGameType() view returns (uint32)",
  "function setRespectedGameType(uint32 gameType)",
  "function gameImpls(uint32 gameType) view returns (address)",
  "function initBonds(uint32 gameType) view returns (uint256)",
  "function setImplementation(uint32 gameType, address implementation)",
  "function create(uint32 gameType, bytes32 rootClaim, bytes extraData) payable returns (address)",
  "function games(uint32 gameType, bytes32 rootClaim, bytes extraData) view returns (address proxy, uint64 timestamp)",
  "function gameCount() view returns (uint256)",
  "function maxClockDuration() view returns (uint64)",
  "function resolveClaim(uint256 claimIndex, uint256 numToResolve)",
  "function resolve() returns (uint8)",
  "function proofMaturityDelaySeconds() view returns (uint256)",
  "function disputeGameFinalityDelaySeconds() view returns (uint256)",
  "struct Withdrawal { uint256 nonce; address sender; address target; uint256 value; uint256 gasLimit; bytes data; }",
  "struct OutputRootProof { bytes32 version; bytes32 stateRoot; bytes32 messagePasserStorageRoot; bytes32 latestBlockhash; }",
  "function proveWithdrawalTransaction(Withdrawal withdrawal, uint256 gameIndex, OutputRootProof proof, bytes[] withdrawalProof)",
  "function finalizeWithdrawalTransaction(Withdrawal withdrawal)",
]);

/** The call that begins a withdrawal on the rollup. */
export const withdrawalTo = (receiver: Hex): { readonly to: Hex; readonly value: bigint; readonly data: Hex } => ({
  to: MESSAGE_PASSER,
  value: WITHDRAWN_WEI,
  data: encodeFunctionData({ abi: ABI, functionName: "initiateWithdrawal", args: [receiver, WITHDRAWAL_GAS, "0x"] }),
});

type Withdrawal = ReturnType<typeof getWithdrawals>[number];

interface Output {
  readonly outputRoot: Hex;
  readonly stateRoot: Hex;
  readonly withdrawalStorageRoot: Hex;
  readonly blockRef: { readonly hash: Hex; readonly number: number };
}

/**
 * The platform is gone with all its keys: a user still takes ether out, by the settlement network, a plain follower and
 * whoever proposes. Where only the platform's proposer may propose, the owner of the contracts has to open that to
 * everybody first; the drill says so, and acts as the owner on its copy.
 */
export const withdrawalDrill: Drill = async (context) => {
  const chain = await abandonedChain(context);
  const receiver = privateKeyToAccount(generatePrivateKey()).address;
  const forced = await forceIn(chain, withdrawalTo(receiver), context);
  const [withdrawal] = getWithdrawals(forced.receipt);
  if (withdrawal === undefined) throw new RaasError("DRILL_FAILED", "the message passer told of no withdrawal");

  const opened = await payOut(chain, { withdrawal, receiver }, context);
  return opened
    ? "A stranger withdrew without any of the platform's keys. The owner of the contracts had to open proposals to everybody first: with permissioned games that signature is needed."
    : "A stranger withdrew without any of the platform's keys, and without the owner's.";
};

/**
 * Brings a withdrawal that was initiated on the chain to its end on the copy of the L1, by a stranger's proposal of the
 * follower's safe head.
 * @returns whether the owner had to open proposals to everybody first
 * @throws RaasError `DRILL_FAILED` when nothing is paid out
 */
export async function payOut(
  chain: Abandoned,
  { withdrawal, receiver }: { readonly withdrawal: Withdrawal; readonly receiver: Hex },
  context: DrillContext,
): Promise<boolean> {
  const { step, contracts } = context;
  const { l1, node } = chain;
  const opened = await openProposals(l1, context);
  const blockNumber = node.engine.heads().safe.number;
  const output = await step("Propose the chain's output, as a stranger", async (detail) => {
    const found = await outputAt(chain, blockNumber);
    await proposeAsStranger(l1, { output: found, factory: contracts.DisputeGameFactoryProxy! });
    detail(`block ${blockNumber}, output root ${found.outputRoot}`);
    return found;
  });
  const { withdrawalHash, ...transaction } = withdrawal;
  const portal = contracts.OptimismPortalProxy!;
  await step("Prove the withdrawal", async (detail) => {
    const slot = keccak256(encodeAbiParameters([{ type: "bytes32" }, { type: "uint256" }], [withdrawalHash, 0n]));
    const proof = await chain.l2.getProof({
      address: MESSAGE_PASSER,
      storageKeys: [slot],
      blockNumber: BigInt(blockNumber),
    });
    const count = await view<bigint>(l1, contracts.DisputeGameFactoryProxy!, "gameCount");
    const outputProof = {
      version: OUTPUT_VERSION,
      stateRoot: output.stateRoot,
      messagePasserStorageRoot: output.withdrawalStorageRoot,
      latestBlockhash: output.blockRef.hash,
    };
    const data = encodeFunctionData({
      abi: ABI,
      functionName: "proveWithdrawalTransaction",
      args: [transaction, count - 1n, outputProof, proof.storageProof[0]?.proof ?? []],
    });
    await l1.send(chain.user, { to: portal, data });
    detail("against the stranger's proposal");
  });
  await step("Resolve the game, and wait", async (detail) => {
    const game = await gameOf(l1, contracts.DisputeGameFactoryProxy!, output);
    await l1.pass(Number(await view<bigint>(l1, game, "maxClockDuration")) + 1);
    const resolveClaim = encodeFunctionData({ abi: ABI, functionName: "resolveClaim", args: [0n, 0n] });
    await l1.send(chain.user, { to: game, data: resolveClaim });
    await l1.send(chain.user, { to: game, data: encodeFunctionData({ abi: ABI, functionName: "resolve" }) });
    const delays = await Promise.all([
      view<bigint>(l1, portal, "proofMaturityDelaySeconds"),
      view<bigint>(l1, portal, "disputeGameFinalityDelaySeconds"),
    ]);
    const seconds = Math.max(...delays.map(Number));
    await l1.pass(seconds + 1);
    detail(`nobody disputed; ${seconds} s of delay`);
  });
  await step("Finalize it", async (detail) => {
    const data = encodeFunctionData({ abi: ABI, functionName: "finalizeWithdrawalTransaction", args: [transaction] });
    await l1.send(chain.user, { to: portal, data });
    const balance = await l1.client.getBalance({ address: receiver });
    if (balance !== WITHDRAWN_WEI) throw new RaasError("DRILL_FAILED", `the receiver was paid ${balance} wei`);
    detail(`${balance} wei paid out of the bridge`);
  });
  return opened;
}

/** @returns whether the owner had to act: withdrawals rest on a game that only the platform's proposer may create */
async function openProposals(l1: IsolatedL1, { contracts, step }: DrillContext): Promise<boolean> {
  const portal = contracts.OptimismPortalProxy!;
  const factory = contracts.DisputeGameFactoryProxy!;
  const respected = await view<number>(l1, portal, "respectedGameType");
  if (respected === PERMISSIONLESS) return false;
  await step("Open proposals to everybody, as the owner would", async (detail) => {
    const [owner, guardian] = await Promise.all([view<Hex>(l1, factory, "owner"), view<Hex>(l1, portal, "guardian")]);
    const done: string[] = [];
    if ((await implementation(l1, factory, PERMISSIONLESS)) === zeroAddress) {
      const terms = await readGameTerms(await implementation(l1, factory, respected), (call) => l1.read(call));
      const stranger = privateKeyToAccount(generatePrivateKey());
      await l1.fund(stranger.address);
      await l1.send(stranger, { to: null, data: gameCreationData(terms, null) });
      const created = getContractAddress({ from: stranger.address, nonce: 0n });
      const args = [PERMISSIONLESS, created] as const;
      const data = encodeFunctionData({ abi: ABI, functionName: "setImplementation", args });
      await l1.sendAs(owner, { to: factory, data });
      done.push(`setImplementation by ${owner}`);
    }
    const data = encodeFunctionData({ abi: ABI, functionName: "setRespectedGameType", args: [PERMISSIONLESS] });
    await l1.sendAs(guardian, { to: portal, data });
    done.push(`setRespectedGameType by ${guardian}`);
    detail(done.join(", "));
  });
  return true;
}

async function proposeAsStranger(
  l1: IsolatedL1,
  { output, factory }: { readonly output: Output; readonly factory: Hex },
): Promise<void> {
  const stranger = privateKeyToAccount(generatePrivateKey());
  await l1.fund(stranger.address);
  const args = [PERMISSIONLESS, output.outputRoot, extraData(output)] as const;
  const data = encodeFunctionData({ abi: ABI, functionName: "create", args });
  const bond = await view<bigint>(l1, factory, "initBonds", [PERMISSIONLESS]);
  await l1.send(stranger, { to: factory, data, value: bond });
}

async function gameOf(l1: IsolatedL1, factory: Hex, output: Output): Promise<Hex> {
  const args = [PERMISSIONLESS, output.outputRoot, extraData(output)];
  const [proxy] = await view<readonly [Hex, bigint]>(l1, factory, "games", args);
  return proxy;
}

const extraData = ({ blockRef }: Output): Hex => encodeAbiParameters([{ type: "uint256" }], [BigInt(blockRef.number)]);

const implementation = (l1: IsolatedL1, factory: Hex, gameType: number): Promise<Hex> =>
  view<Hex>(l1, factory, "gameImpls", [gameType]);

async function outputAt({ l2 }: Abandoned, blockNumber: number): Promise<Output> {
  const params = [`0x${blockNumber.toString(16)}`];
  return (await l2.request({ method: "optimism_outputAtBlock", params } as never)) as Output;
}

async function view<T>(l1: IsolatedL1, to: Hex, functionName: string, args: readonly unknown[] = []): Promise<T> {
  const encoded = { abi: ABI, functionName, args } as unknown as Parameters<typeof encodeFunctionData>[0];
  const data = await l1.read({ to, data: encodeFunctionData(encoded) });
  return decodeFunctionResult({ abi: ABI, functionName, data } as never) as T;
}
