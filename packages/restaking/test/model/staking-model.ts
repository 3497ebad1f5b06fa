/**
 * Staking and slashing as one page of arithmetic: what the core has to do, to the wei, on one strategy. Written from the
 * rules and not from the contracts: magnitudes taken round up, shares that stay round up, all else rounds down. An
 * action that the core refuses throws, and changes nothing.
 */

const WAD = 10n ** 18n;
const mulWad = (x: bigint, y: bigint) => (x * y) / WAD;
const divWad = (x: bigint, y: bigint) => (x * WAD) / y;
const ceilDiv = (x: bigint, y: bigint) => (x + y - 1n) / y;

interface Allocation {
  current: bigint;
  /** Up or down; in force at `effectBlock`. */
  pending: bigint;
  effectBlock: number;
}

interface Operator {
  shares: bigint;
  /** By block, the newest last. */
  readonly max: { readonly block: number; readonly magnitude: bigint }[];
  readonly allocations: Allocation[];
  readonly member: boolean[];
  readonly slashableUntil: number[];
  /** Scaled shares that were queued by its stakers. */
  readonly queued: { readonly block: number; readonly scaled: bigint }[];
}

interface Staker {
  deposit: bigint;
  factor: bigint;
  operator: number | null;
  readonly queue: { readonly startBlock: number; readonly operator: number | null; readonly scaled: bigint }[];
}

export interface ModelOptions {
  readonly operators: number;
  /** Besides the operators, which stake, too: stakers 0 to operators - 1 are they. */
  readonly stakers: number;
  readonly sets: number;
  /** Of deallocations and withdrawals, in blocks. */
  readonly delay: number;
  /** Blocks until a raised allocation counts, by operator. */
  readonly allocationDelay: (operator: number) => number;
}

export class Refused extends TypeError {}

function refuse(condition: boolean, why: string): void {
  if (condition) throw new Refused(why);
}

export class StakingModel {
  /** Of the block that the next action is in. */
  block = 0;
  readonly operators: Operator[];
  readonly stakers: Staker[];
  readonly #options: ModelOptions;

  constructor(options: ModelOptions) {
    this.#options = options;
    const of = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
    this.operators = of(options.operators, () => ({
      shares: 0n,
      max: [],
      allocations: of(options.sets, () => ({ current: 0n, pending: 0n, effectBlock: 0 })),
      member: of(options.sets, () => false),
      slashableUntil: of(options.sets, () => 0),
      queued: [],
    }));
    this.stakers = of(options.operators + options.stakers, (i) => ({
      deposit: 0n,
      factor: WAD,
      operator: i < options.operators ? i : null,
      queue: [],
    }));
  }

  deposit(staker: number, amount: bigint): void {
    refuse(amount === 0n, "nothing");
    this.#credit(this.#staker(staker), amount);
  }

  delegate(staker: number, operator: number): void {
    const who = this.#staker(staker);
    refuse(who.operator !== null, "delegates already");
    const worth = this.withdrawable(staker);
    refuse(who.deposit > 0n && this.max(operator) === 0n, "fully slashed");
    who.operator = operator;
    if (who.deposit === 0n) return;
    who.factor = divWad(who.factor, this.max(operator));
    this.operators[operator]!.shares += worth;
  }

  undelegate(staker: number): void {
    const who = this.#staker(staker);
    refuse(who.operator === null, "delegates to nobody");
    refuse(staker < this.#options.operators, "operators stay");
    if (who.deposit > 0n) this.queue(staker, who.deposit);
    who.operator = null;
  }

  queue(staker: number, depositShares: bigint): void {
    const who = this.#staker(staker);
    refuse(depositShares === 0n || depositShares > who.deposit, "not deposited");
    const scaled = mulWad(depositShares, who.factor);
    if (who.operator !== null) {
      const operator = this.operators[who.operator]!;
      operator.shares -= mulWad(scaled, this.max(who.operator));
      operator.queued.push({ block: this.block, scaled });
    }
    who.deposit -= depositShares;
    if (who.deposit === 0n) who.factor = WAD;
    who.queue.push({ startBlock: this.block, operator: who.operator, scaled });
  }

  /** The oldest that is queued. @returns what is paid. */
  complete(staker: number, asTokens: boolean): bigint {
    const who = this.#staker(staker);
    const first = who.queue[0];
    refuse(first === undefined, "nothing queued");
    const { startBlock, operator, scaled } = first!;
    const until = startBlock + this.#options.delay;
    refuse(this.block <= until, "too early");
    const shares = mulWad(scaled, operator === null ? WAD : this.max(operator, until));
    if (!asTokens && shares > 0n) this.#credit(who, shares);
    who.queue.shift();
    return asTokens ? shares : 0n;
  }

  join(operator: number, set: number): void {
    refuse(this.isSlashable(operator, set), "member, or still slashable");
    this.operators[operator]!.member[set] = true;
  }

  leave(operator: number, set: number): void {
    const who = this.operators[operator]!;
    refuse(!who.member[set], "no member");
    who.member[set] = false;
    who.slashableUntil[set] = this.block + this.#options.delay;
  }

  allocate(operator: number, set: number, magnitude: bigint): void {
    const who = this.operators[operator]!;
    const now = this.allocation(operator, set);
    refuse(now.effectBlock !== 0, "a change is pending");
    const change = magnitude - now.current;
    refuse(change === 0n, "no change");
    if (change > 0n) {
      refuse(this.encumbered(operator) + change > this.max(operator), "not that much is free");
      const effectBlock = this.block + this.#options.allocationDelay(operator);
      who.allocations[set] = { current: now.current, pending: change, effectBlock };
    } else if (this.isSlashable(operator, set)) {
      const effectBlock = this.block + this.#options.delay + 1;
      who.allocations[set] = { current: now.current, pending: change, effectBlock };
    } else {
      who.allocations[set] = { current: magnitude, pending: 0n, effectBlock: 0 };
    }
  }

  /** @returns shares that are burnt. */
  slash(operator: number, set: number, wad: bigint): bigint {
    const who = this.operators[operator]!;
    refuse(wad === 0n || wad > WAD, "no part of one");
    refuse(!this.isSlashable(operator, set), "not slashable");
    const now = { ...this.allocation(operator, set) };
    if (now.current === 0n) return 0n;
    const slashed = ceilDiv(now.current * wad, WAD);
    const before = this.max(operator);
    const after = before - slashed;
    now.current -= slashed;
    if (now.pending < 0n) now.pending += ceilDiv(-now.pending * wad, WAD);
    who.allocations[set] = now;
    who.max.push({ block: this.block, magnitude: after });
    const lost = (shares: bigint) => shares - ceilDiv(shares * after, before);
    const inQueue = mulWad(this.#scaledInQueue(operator), before);
    const here = lost(who.shares);
    who.shares -= here;
    return here + lost(inQueue);
  }

  max(operator: number, at = this.block): bigint {
    return this.operators[operator]!.max.findLast(({ block }) => block <= at)?.magnitude ?? WAD;
  }

  /** With what has come into force. */
  allocation(operator: number, set: number): Readonly<Allocation> {
    const stored = this.operators[operator]!.allocations[set]!;
    if (stored.effectBlock === 0 || this.block < stored.effectBlock) return stored;
    return { current: stored.current + stored.pending, pending: 0n, effectBlock: 0 };
  }

  encumbered(operator: number): bigint {
    return this.operators[operator]!.allocations.reduce((sum, _, set) => {
      const { current, pending } = this.allocation(operator, set);
      return sum + current + (pending > 0n ? pending : 0n);
    }, 0n);
  }

  isSlashable(operator: number, set: number): boolean {
    const who = this.operators[operator]!;
    return who.member[set]! || (who.slashableUntil[set]! > 0 && this.block <= who.slashableUntil[set]!);
  }

  /** What the set can slash: nothing of who is neither a member nor left lately. */
  slashableStake(operator: number, set: number): bigint {
    const { current } = this.allocation(operator, set);
    if (current === 0n || !this.isSlashable(operator, set)) return 0n;
    return mulWad(this.operators[operator]!.shares, divWad(current, this.max(operator)));
  }

  withdrawable(staker: number): bigint {
    const { deposit, factor, operator } = this.#staker(staker);
    return mulWad(mulWad(deposit, factor), operator === null ? WAD : this.max(operator));
  }

  /** What each queued withdrawal would pay. */
  queuedShares(staker: number): bigint[] {
    return this.#staker(staker).queue.map(({ scaled, operator, startBlock }) => {
      const until = startBlock + this.#options.delay;
      return mulWad(scaled, operator === null ? WAD : this.max(operator, Math.min(until, this.block)));
    });
  }

  #credit(who: Staker, added: bigint): void {
    const slashing = who.operator === null ? WAD : this.max(who.operator);
    refuse(slashing === 0n, "fully slashed");
    if (who.deposit === 0n) who.factor = divWad(who.factor, slashing);
    else {
      const worth = mulWad(mulWad(who.deposit, who.factor), slashing) + added;
      who.factor = divWad(divWad(worth, who.deposit + added), slashing);
    }
    who.deposit += added;
    if (who.operator !== null) this.operators[who.operator]!.shares += added;
  }

  #scaledInQueue(operator: number): bigint {
    const oldest = this.block - this.#options.delay - 1;
    return this.operators[operator]!.queued.reduce(
      (sum, { block, scaled }) => (block > oldest ? sum + scaled : sum),
      0n,
    );
  }

  #staker(staker: number): Staker {
    return this.stakers[staker]!;
  }
}
