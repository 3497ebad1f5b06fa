import type { Program } from "./program.ts";

/** One story between real nodes; it fails by throwing. */
export interface Scenario {
  readonly name: string;
  run(context: ScenarioContext): Promise<void>;
}

export interface ScenarioContext {
  /** Removed after the scenario. */
  readonly directory: string;
  /** Registers what is to be stopped at the end, last started first. */
  started<T extends { stop(): Promise<void> }>(part: T): T;
  note(text: string): void;
}

export type { Program };
