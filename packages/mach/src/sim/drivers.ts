import { ancestorL1, ancestorL2, type L1Block, type L2Block, type SliceOf } from "./chains.ts";
import { FINALITY, TIMING } from "./settings.ts";
import type { Simulation } from "./simulation.ts";

export interface Listener {
  readonly index: number;
  see(item: L2Block | SliceOf): void;
}

/** Most branches that a faulty sequencer keeps going at once. */
const MAX_HEADS = 3;

/** Builds a block every four seconds, with a certified prefix half way; equivocates, loses its disk, runs ahead. */
export function driveSequencer(simulation: Simulation, listeners: readonly Listener[]): void {
  const { scheduler, settings, random } = simulation;
  const tick = () => {
    const early = simulation.fault("sequencer runs ahead", settings.fastSequencer);
    scheduler.after(early ? 1_000 : TIMING.l2Seconds * 1_000, tick);
    if (simulation.healed) {
      const [main] = simulation.heads as [L2Block];
      simulation.heads = [main];
      // A sequencer in order waits until a block is due, also where a faulty one ran ahead.
      if ((main.executed.core.height + 1) * TIMING.l2Seconds * 1_000 > scheduler.nowMs) return;
    }
    simulation.heads = simulation.heads.map((head, branch) =>
      branch > 0 && simulation.fault("branch kept against L1", settings.stubborn) ? head : onL1(simulation, head),
    );
    if (simulation.fault("sequencer lost its disk", settings.lostDisk)) {
      simulation.heads = [simulation.l1Head.derivedHead];
    }
    simulation.heads = simulation.heads.flatMap((head, branch) => {
      const main = buildOn(simulation, head);
      publish(simulation, main, listeners);
      if (simulation.heads.length >= MAX_HEADS || !simulation.fault("equivocation", settings.equivocation))
        return [main];
      // Another block of the same place, alike up to some transaction; or of another place.
      const { transactionCount } = main.executed.core;
      const alike = { of: main, count: random.integer(1, transactionCount) };
      const other = simulation.chains.build(head, main.origin as L1Block, {
        transactions: random.integer(1, 6),
        marks: [random.integer(1, 4)],
        sequenced: true,
        ...(random.chance(70) ? { shared: alike } : {}),
      });
      publish(simulation, other, listeners);
      return branch === 0 && random.chance(50) ? [other, main] : [main, other];
    });
  };
  scheduler.after(TIMING.l2Seconds * 1_000, tick);
}

/** The head, or where the L1 leaves it: off the derived chain, or on an origin that is no more, it goes back. */
function onL1(simulation: Simulation, head: L2Block): L2Block {
  const { l1Head } = simulation;
  const { derivedHead } = l1Head;
  if (ancestorL2(head, derivedHead.executed.core.height) !== derivedHead) return derivedHead;
  let at = head;
  while (at.origin !== null && ancestorL1(l1Head, at.origin.number) !== at.origin) at = at.parent as L2Block;
  if (at !== head) simulation.count("sequencer reorganised");
  return at.executed.core.height < derivedHead.executed.core.height ? derivedHead : at;
}

function buildOn(simulation: Simulation, head: L2Block): L2Block {
  const { chains, l1Head, random } = simulation;
  const last = head.origin ?? chains.l1Genesis;
  const next = ancestorL1(l1Head, last.number + 1);
  const timestamp = (head.executed.core.height + 1) * TIMING.l2Seconds;
  const moves = next !== undefined && next.timestamp <= timestamp && (simulation.healed || random.chance(80));
  return chains.build(head, moves ? next : last, {
    transactions: random.integer(1, 5),
    marks: [random.integer(1, 3)],
    sequenced: true,
  });
}

function publish(simulation: Simulation, block: L2Block, listeners: readonly Listener[]): void {
  const { settings, scheduler, chains, random } = simulation;
  const first = block.executed.marks[0]?.count ?? 0;
  const slice = first < block.executed.core.transactionCount ? chains.slice(block, first) : null;
  for (const listener of listeners) {
    if (simulation.fault("block withheld", settings.loss)) continue;
    const delay = simulation.delay(settings.delayMs);
    if (slice !== null) scheduler.after(delay, () => listener.see(slice));
    scheduler.after(delay + random.integer(0, 2_000), () => listener.see(block));
  }
}

/** Mines, reorganises, carries batches of one branch or another, or none. */
export function driveL1(simulation: Simulation, listeners: readonly { seeL1(head: L1Block): void }[]): void {
  const { scheduler, settings, random, chains } = simulation;
  const tick = () => {
    scheduler.after(TIMING.l1Seconds * 1_000, tick);
    let parent = simulation.l1Head;
    const deep = settings.deepReorg && simulation.fault("L1 reorg below finality", 5);
    if (deep || simulation.fault("L1 reorg", settings.l1Reorg)) {
      const depth = deep ? FINALITY + random.integer(1, 4) : random.integer(1, FINALITY);
      const target = Math.max(0, parent.number - depth);
      const mined = parent.number;
      parent = ancestorL1(parent, target) as L1Block;
      // As many again, so that the new branch is the longer one.
      while (parent.number < mined) parent = chains.mine(parent, batch(simulation));
    }
    simulation.l1Head = chains.mine(parent, batch(simulation));
    simulation.trace("l1", simulation.l1Head.hash);
    const head = simulation.l1Head;
    for (const listener of listeners) {
      scheduler.after(simulation.delay([10, 3_000]), () => {
        // A later head overtakes an earlier one: nodes ask for the head, not for history.
        listener.seeL1(simulation.healed ? simulation.l1Head : head);
      });
    }
  };
  scheduler.after(TIMING.l1Seconds * 1_000, tick);
}

function batch(simulation: Simulation): L2Block | null {
  const { heads, settings, random } = simulation;
  if (simulation.fault("batch skipped", settings.batchSkipped)) return null;
  const [main] = heads as [L2Block];
  if (heads.length > 1 && simulation.fault("batch of another branch", settings.batchOfFork)) return random.pick(heads);
  return main;
}

/** Splits the operators, for a while. */
export function drivePartitions(simulation: Simulation, size: number): void {
  const { scheduler, settings, random } = simulation;
  const tick = () => {
    scheduler.after(5_000, tick);
    if (simulation.partition !== null) {
      if (random.chance(25)) simulation.partition = null;
    } else if (simulation.fault("partition", settings.partition)) {
      simulation.partition = Array.from({ length: size }, () => random.integer(0, 1));
    }
  };
  scheduler.after(5_000, tick);
}
