import fc from "fast-check";
import { parseAbi, zeroHash } from "viem";
import { abiOf } from "../../src/index.ts";
import { type ModelOptions, Refused, type StakingModel } from "../model/staking-model.ts";
import type { StakingWorld } from "./staking-world.ts";

/** One step of a walk. `part` is in 1e18ths of whatever it is a part of. */
export type Action =
  | { readonly kind: "deposit"; readonly staker: number; readonly amount: bigint }
  | { readonly kind: "delegate"; readonly staker: number; readonly operator: number }
  | { readonly kind: "undelegate"; readonly staker: number }
  | { readonly kind: "queue"; readonly staker: number; readonly part: bigint }
  | { readonly kind: "complete"; readonly staker: number; readonly asTokens: boolean }
  | { readonly kind: "join" | "leave"; readonly operator: number; readonly set: number }
  | { readonly kind: "allocate" | "slash"; readonly operator: number; readonly set: number; readonly part: bigint }
  | { readonly kind: "mine"; readonly blocks: number };

const WAD = 10n ** 18n;

/** Amounts and parts are drawn where rounding bites: tiny, odd, and all. */
export function anyAction({ operators, stakers, sets, delay }: ModelOptions): fc.Arbitrary<Action> {
  const staker = fc.nat(operators + stakers - 1);
  const operator = fc.nat(operators - 1);
  const set = fc.nat(sets - 1);
  const part = fc.oneof(fc.constant(WAD), fc.bigInt(1n, 10n), fc.bigInt(1n, WAD), fc.constant(WAD / 3n));
  const amount = fc.oneof(fc.bigInt(1n, 10n), fc.bigInt(1n, 10n ** 20n));
  const of = <K extends Action["kind"]>(kind: K) => fc.constant(kind);
  return fc.oneof(
    fc.record({ kind: of("deposit"), staker, amount }),
    fc.record({ kind: of("delegate"), staker, operator }),
    fc.record({ kind: of("undelegate"), staker }),
    fc.record({ kind: of("queue"), staker, part }),
    fc.record({ kind: of("complete"), staker, asTokens: fc.boolean() }),
    fc.record({ kind: fc.constantFrom("join" as const, "leave" as const), operator, set }),
    fc.record({
      kind: fc.constantFrom("allocate" as const, "allocate" as const, "slash" as const),
      operator,
      set,
      part,
    }),
    fc.record({ kind: of("mine"), blocks: fc.integer({ min: 1, max: delay + 3 }) }),
  );
}

/** Does the action on the model; returns what it answers. @throws Refused */
export function onModel(model: StakingModel, action: Action): bigint {
  switch (action.kind) {
    case "deposit":
      model.deposit(action.staker, action.amount);
      return 0n;
    case "delegate":
      model.delegate(action.staker, action.operator);
      return 0n;
    case "undelegate":
      model.undelegate(action.staker);
      return 0n;
    case "queue":
      model.queue(action.staker, portion(model.stakers[action.staker]!.deposit, action.part));
      return 0n;
    case "complete":
      return model.complete(action.staker, action.asTokens);
    case "join":
      model.join(action.operator, action.set);
      return 0n;
    case "leave":
      model.leave(action.operator, action.set);
      return 0n;
    case "allocate":
      model.allocate(action.operator, action.set, action.part);
      return 0n;
    case "slash":
      return model.slash(action.operator, action.set, action.part);
    case "mine":
      return 0n;
  }
}

function portion(whole: bigint, part: bigint): bigint {
  return (whole * part + WAD - 1n) / WAD;
}

/** The same on the contracts. `model` is as before the action. @throws Refused */
export async function onWorld(world: StakingWorld, model: StakingModel, action: Action): Promise<bigint> {
  const { core, strategy, accounts, avs } = world;
  const [am, dm, sm] = [abiOf("IAllocationManager"), abiOf("DelegationManager"), abiOf("StrategyManager")];
  const address = (who: number) => accounts[who]!.address;
  const token = await tokenOf(world);
  const delegation = (who: number, functionName: string, args: readonly unknown[]) =>
    world.act(who, core.delegationManager, dm, functionName, args);
  switch (action.kind) {
    case "deposit": {
      const args = [strategy, token, action.amount];
      await world.act(action.staker, core.strategyManager, sm, "depositIntoStrategy", args);
      return 0n;
    }
    case "delegate": {
      const signature = { signature: "0x", expiry: 0n };
      await delegation(action.staker, "delegateTo", [address(action.operator), signature, zeroHash]);
      return 0n;
    }
    case "undelegate":
      await delegation(action.staker, "undelegate", [address(action.staker)]);
      return 0n;
    case "queue": {
      const shares = portion(model.stakers[action.staker]!.deposit, action.part);
      const params = { strategies: [strategy], depositShares: [shares], __deprecated_withdrawer: address(0) };
      await delegation(action.staker, "queueWithdrawals", [[params]]);
      return 0n;
    }
    case "complete": {
      const [list] = await world.view<[{ nonce: bigint }[]]>(core.delegationManager, dm, "getQueuedWithdrawals", [
        address(action.staker),
      ]);
      const first = [...list].sort((a, b) => Number(a.nonce - b.nonce))[0];
      if (first === undefined) throw new Refused("nothing queued");
      const balance = () => world.view<bigint>(token, ERC20, "balanceOf", [address(action.staker)]);
      const before = await balance();
      await delegation(action.staker, "completeQueuedWithdrawal", [first, [token], action.asTokens]);
      return (await balance()) - before;
    }
    case "join": {
      const params = { avs, operatorSetIds: [action.set], data: "0x" };
      const args = [address(action.operator), params];
      await world.act(action.operator, core.allocationManager, am, "registerForOperatorSets", args);
      return 0n;
    }
    case "leave": {
      const params = { operator: address(action.operator), avs, operatorSetIds: [action.set] };
      await world.act(action.operator, core.allocationManager, am, "deregisterFromOperatorSets", [params]);
      return 0n;
    }
    case "allocate": {
      const params = { operatorSet: { avs, id: action.set }, strategies: [strategy], newMagnitudes: [action.part] };
      const args = [address(action.operator), [params]];
      await world.act(action.operator, core.allocationManager, am, "modifyAllocations", args);
      return 0n;
    }
    case "slash": {
      const params = {
        operator: address(action.operator),
        operatorSetId: action.set,
        strategies: [strategy],
        wadsToSlash: [action.part],
        description: "model",
      };
      const outcome = await world.act("avs", core.allocationManager, am, "slashOperator", [avs, params]);
      const burnt = outcome.events(dm, "OperatorSharesSlashed") as { args: { totalSlashedShares: bigint } }[];
      return burnt[0]?.args.totalSlashedShares ?? 0n;
    }
    case "mine":
      await world.mine(action.blocks);
      return 0n;
  }
}

const ERC20 = parseAbi(["function balanceOf(address) view returns (uint256)"]);
const STRATEGY = parseAbi(["function underlyingToken() view returns (address)"]);
const tokenOf = (world: StakingWorld) => world.view<`0x${string}`>(world.strategy, STRATEGY, "underlyingToken", []);

/** All that both sides know, in one shape. */
export function stateOfModel(model: StakingModel, { sets }: ModelOptions) {
  const ids = Array.from({ length: sets }, (_, set) => set);
  return {
    operators: model.operators.map(({ shares }, operator) => ({
      shares,
      max: model.max(operator),
      encumbered: model.encumbered(operator),
      allocations: ids.map((set) => ({ ...model.allocation(operator, set) })),
      slashable: ids.map((set) => model.isSlashable(operator, set)),
      stake: ids.map((set) => model.slashableStake(operator, set)),
    })),
    stakers: model.stakers.map(({ deposit, factor }, staker) => ({
      deposit,
      factor,
      withdrawable: model.withdrawable(staker),
      queued: model.queuedShares(staker),
    })),
  };
}

export async function stateOfWorld(world: StakingWorld, { operators, sets }: ModelOptions) {
  const { core, strategy, accounts, avs } = world;
  const [am, dm] = [abiOf("IAllocationManager"), abiOf("DelegationManager")];
  const ids = Array.from({ length: sets }, (_, id) => ({ avs, id }));
  const amView = <T>(functionName: string, args: readonly unknown[]) =>
    world.view<T>(core.allocationManager, am, functionName, args);
  const dmView = <T>(functionName: string, args: readonly unknown[]) =>
    world.view<T>(core.delegationManager, dm, functionName, args);
  const block = await world.blockNumber();
  return {
    operators: await Promise.all(
      accounts.slice(0, operators).map(async ({ address }) => ({
        shares: await dmView<bigint>("operatorShares", [address, strategy]),
        max: await amView<bigint>("getMaxMagnitude", [address, strategy]),
        encumbered: await amView<bigint>("getEncumberedMagnitude", [address, strategy]),
        allocations: await Promise.all(
          ids.map(async (set) => {
            const { currentMagnitude, pendingDiff, effectBlock } = await amView<{
              currentMagnitude: bigint;
              pendingDiff: bigint;
              effectBlock: number;
            }>("getAllocation", [address, set, strategy]);
            return { current: currentMagnitude, pending: pendingDiff, effectBlock };
          }),
        ),
        slashable: await Promise.all(ids.map((set) => amView<boolean>("isOperatorSlashable", [address, set]))),
        stake: await Promise.all(
          ids.map(async (set) => {
            const args = [set, [address], [strategy], block];
            return (await amView<bigint[][]>("getMinimumSlashableStake", args))[0]![0]!;
          }),
        ),
      })),
    ),
    stakers: await Promise.all(
      accounts.map(async ({ address }) => {
        const [[withdrawable], [deposit]] = await dmView<[bigint[], bigint[]]>("getWithdrawableShares", [
          address,
          [strategy],
        ]);
        const [list, shares] = await dmView<[{ nonce: bigint }[], bigint[][]]>("getQueuedWithdrawals", [address]);
        const order = list.map((_, i) => i).sort((a, b) => Number(list[a]!.nonce - list[b]!.nonce));
        return {
          deposit: deposit!,
          factor: await dmView<bigint>("depositScalingFactor", [address, strategy]),
          withdrawable: withdrawable!,
          queued: order.map((i) => shares[i]![0]!),
        };
      }),
    ),
  };
}
