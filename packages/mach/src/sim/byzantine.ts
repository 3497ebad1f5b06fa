import { type Base, epochOf, type Message } from "@altlayer/protocol";
import type { Share } from "../core/types.ts";
import type { L2Block, SliceOf } from "./chains.ts";
import type { Peer } from "./honest.ts";
import { SCHEDULE } from "./settings.ts";
import type { Simulation } from "./simulation.ts";

/** Signs whatever it sees, on every branch, with true and false bases, for whom it likes; forgets nothing, tells little. */
export class ByzantineOperator implements Peer {
  readonly index: number;
  readonly honest = false;
  readonly #simulation: Simulation;
  peers: readonly Peer[] = [];

  constructor(index: number, { simulation }: { readonly simulation: Simulation }) {
    this.index = index;
    this.#simulation = simulation;
  }

  see(item: L2Block | SliceOf): void {
    const { random, l1Head } = this.#simulation;
    const { kind, core, sequenced } = "block" in item ? item.executed : item.executed;
    const epoch = epochOf(core.originNumber, SCHEDULE);
    const base = this.#simulation.bases(l1Head, epoch)[0];
    if (base === undefined || base.epoch !== epoch || core.height <= base.height || !sequenced) return;
    this.#send({ kind, core, base });
    if (core.height < 2 || !random.chance(10)) return;
    const parent = this.#simulation.chains.blocks.get(core.parentHash);
    const lower = parent?.executed.core;
    if (lower === undefined || lower.height <= base.height) return;
    this.#simulation.count("fault false base");
    const lie: Base = { ...base, height: lower.height, blockHash: lower.blockHash };
    this.#send({ kind, core, base: lie });
  }

  receiveShare(): void {}

  /** Says nothing of what it saw, or does not answer. */
  asked(from: number): void {
    const { random } = this.#simulation;
    if (random.chance(50)) return;
    const peer = this.peers.find(({ index }) => index === from);
    this.#simulation.deliver(this.index, from, () => peer?.input({ type: "answer", from: this.index, share: null }));
  }

  input(): void {}

  furthestOf(): Share | null {
    return null;
  }

  #send(message: Message): void {
    const simulation = this.#simulation;
    const valid = !simulation.fault("signature wrong", 10);
    if (valid) simulation.signed(this.index, message);
    for (const peer of this.peers) {
      if (simulation.fault("share withheld", 30)) continue;
      simulation.deliver(this.index, peer.index, () => peer.receiveShare(this.index, message, valid));
    }
  }
}
