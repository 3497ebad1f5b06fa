import { type Base, BLOCK, type Hex, type Message, SLICE, ZERO_HASH } from "@altlayer/protocol";
import {
  type Executed,
  OPERATOR_LIMITS,
  type OperatorConfig,
  type OperatorEffect,
  type OperatorInput,
  type OperatorState,
  SIGNING_RULES,
  type SigningRule,
  startOperator,
  stepOperator,
  type WeightTable,
} from "../../src/index.ts";
import { type ExampleBlock, named } from "./chain.ts";

/** Four operators of equal weight; the one under test is number 0. */
export const TABLE: WeightTable = { epoch: 0, weights: new Map([0, 1, 2, 3].map((i) => [i, [25n]])), total: [100n] };

export const CONFIG: OperatorConfig = {
  index: 0,
  schedule: { startBlock: 99, depth: 1, epochLength: 4 },
  originDepth: 0,
  maxAheadSeconds: 4,
  resendMs: 1_000,
  genesis: { height: 0, timestamp: 1_700_000_000 },
  blockSeconds: 2,
  limits: OPERATOR_LIMITS,
};

export const START_MS = 1_700_000_100_000;

/** An operator and its shell, by hand: what it wants is collected, what is journaled only on request. */
export class TestOperator {
  state: OperatorState;
  readonly effects: OperatorEffect[] = [];
  readonly rules: readonly SigningRule[];

  constructor(
    options: {
      readonly tip?: Message;
      readonly restored?: boolean;
      readonly quarantineHeight?: number;
      readonly rules?: readonly SigningRule[];
    } = {},
  ) {
    this.rules = options.rules ?? SIGNING_RULES;
    const record = { tip: options.tip ?? null, quarantineHeight: options.quarantineHeight ?? null };
    const start = { nowMs: START_MS, restored: options.restored ?? false };
    const step = startOperator(record, start, { config: CONFIG, rules: this.rules });
    this.state = step.state;
    this.effects.push(...step.effects);
  }

  input(...inputs: readonly OperatorInput[]): void {
    for (const input of inputs) {
      const step = stepOperator(this.state, input, { config: CONFIG, rules: this.rules });
      this.state = step.state;
      this.effects.push(...step.effects);
    }
  }

  /** Table, L1 view up to origin 103, the answers of two others: ready to sign in epoch 0. */
  ready(base: Base): this {
    this.input({ type: "table", table: TABLE });
    for (let i = 0; i <= 4; i++) this.input({ type: "l1Block", number: 100 + i, hash: named(`origin ${i}`) });
    this.input({ type: "base", base });
    for (const from of [1, 2]) this.input({ type: "answer", from, share: null });
    return this;
  }

  executes(...blocks: readonly ExampleBlock[]): this {
    for (const block of blocks) this.input({ type: "executed", executed: executedBlock(block) });
    return this;
  }

  executesSlice(block: ExampleBlock, count: number): this {
    this.input({ type: "executed", executed: executedSlice(block, count) });
    return this;
  }

  /** Writes what is to be written, until nothing is. */
  sync(): this {
    while (this.state.writing !== null) this.input({ type: "journaled", record: this.state.writing });
    return this;
  }

  /** Heights of the messages sent, slices with their count. */
  get sent(): readonly (number | string)[] {
    return this.effects.flatMap((effect) => {
      if (effect.type !== "sendShare") return [];
      const { kind, core } = effect.message;
      return [kind === BLOCK ? core.height : `${core.height}/${core.transactionCount}`];
    });
  }

  get abstained(): readonly string[] {
    return this.effects.flatMap((effect) => (effect.type === "abstained" ? [effect.obstacle] : []));
  }

  get sentMessages(): readonly Message[] {
    return this.effects.flatMap((effect) => (effect.type === "sendShare" ? [effect.message] : []));
  }
}

function marksOf(block: ExampleBlock, upTo: number): { count: number; root: Hex }[] {
  return Array.from({ length: upTo }, (_, i) => ({ count: i + 1, root: block.transactions.root(i + 1) }));
}

export function executedBlock(block: ExampleBlock, sequenced = true): Executed {
  return { kind: BLOCK, core: block.core, marks: marksOf(block, block.core.transactionCount), sequenced };
}

export function executedSlice(block: ExampleBlock, count: number): Executed {
  const core = {
    ...block.core,
    transactionCount: count,
    transactionRoot: block.transactions.root(count),
    blockHash: ZERO_HASH,
    outputRoot: ZERO_HASH,
  };
  return { kind: SLICE, core, marks: marksOf(block, count), sequenced: true };
}
