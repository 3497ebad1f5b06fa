import { stringify } from "yaml";
import { parseSpec } from "./parse.ts";
import type { RollupSpec, RollupSpecInput } from "./rollup-spec.ts";

/** Anvil's first account: known to everybody, for development only. */
const DEVELOPMENT_ADDRESS = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";

export interface Preset {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly spec: RollupSpecInput;
}

const development: RollupSpecInput = {
  name: "my-rollup",
  settlement: { network: "development" },
  chain: { chainId: 42070, blockTimeSeconds: 1 },
  dataAvailability: { kind: "blobs", maxBatchDelaySeconds: 4 },
  proposals: { intervalSeconds: 6 },
  genesis: { funding: [{ address: DEVELOPMENT_ADDRESS, amountWei: "10000000000000000000000" }] },
  owners: { admin: DEVELOPMENT_ADDRESS, feeRecipient: DEVELOPMENT_ADDRESS },
};

/** Starting points for the wizard. */
export const PRESETS: readonly Preset[] = [
  {
    id: "development",
    title: "Development",
    description: "On this machine: batches and proposals every few seconds, withdrawals without delay.",
    spec: development,
  },
  {
    id: "application",
    title: "Application",
    description: "One application's users: fast blocks, data within a minute.",
    spec: {
      ...development,
      dataAvailability: { kind: "cheaper", maxBatchDelaySeconds: 60 },
      proposals: { intervalSeconds: 3_600 },
      genesis: {},
    },
  },
];

export const exampleSpec = (): RollupSpec => parseSpec(development);

/** An example as YAML, complete with defaults. */
export const exampleYaml = (): string => stringify(exampleSpec());
