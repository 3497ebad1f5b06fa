import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { keccak256 } from "viem";
import type { StepName } from "../src/core/decide.ts";
import { settingsOf } from "../src/runtime/node-config.ts";
import type { SnapshotOptions, SnapshotResult } from "../src/runtime/runtime.ts";
import type { KeyRotations } from "../src/secrets/key-rotations.ts";
import type { KeyStore } from "../src/secrets/key-store.ts";
import type { Snapshots } from "../src/snapshots/snapshots.ts";
import type { Hex } from "../src/spec/primitives.ts";
import type { Actions, Step } from "../src/steps/step.ts";
import type { AttachmentStore } from "../src/store/attachments.ts";
import type { Lease } from "../src/store/lease.ts";
import type { Outbox } from "../src/store/outbox.ts";
import type { NamedRole } from "./simulated-l1.ts";
import { NAMED_ROLES, SimulatedL1 } from "./simulated-l1.ts";

const TRANSACTIONS = 3;
const SERVICE = "a service";

/** What outlives every process: the settlement network, the disk. And what must never have happened. */
export class SimulatedWorld {
  readonly l1 = new SimulatedL1();
  /** Hash by `sender nonce`, as the network mined it. */
  readonly mined = new Map<string, string>();
  readonly files = new Map<string, Set<string>>();
  /** The fork schedule that a rollup's node was last started with. */
  readonly schedules = new Map<string, unknown>();
  readonly violations: string[] = [];
  /** Nodes that sign right now, by whom they were started. */
  readonly nodes = new Map<string, Incarnation>();
  /** By whose keys they sign. */
  readonly signers = new Map<string, Readonly<Record<NamedRole, Hex>>>();
  /** Attached chains whose operators have run, and so may have signed. */
  readonly operated = new Set<string>();
  crashes = 0;
  restores = 0;
  failures = 0;

  mine(sender: string, nonce: number, raw: `0x${string}`): void {
    const key = `${sender} ${nonce}`;
    const hash = keccak256(raw);
    const known = this.mined.get(key);
    if (known !== undefined && known !== hash) this.violations.push(`two transactions with nonce ${nonce} were sent`);
    this.mined.set(key, hash);
  }
}

/** One process of the control plane, which may die between any two of its deeds. */
export class Incarnation implements Actions {
  readonly steps: Readonly<Record<StepName, Step>>;
  readonly settingsOf = settingsOf;
  readonly #world: SimulatedWorld;
  readonly #running = new Map<string, string>();
  readonly #failSteps: ReadonlySet<number>;
  #deeds = 0;
  /** Dies before this deed. */
  #crashAt = Number.POSITIVE_INFINITY;
  #dead = false;
  readonly died: Promise<void>;
  readonly #die: () => void;

  readonly #directoryOf: (id: string) => string;
  readonly #rotations: KeyRotations;

  constructor(
    options: { readonly failSteps: ReadonlySet<number>; readonly directoryOf: (id: string) => string },
    dependencies: {
      readonly world: SimulatedWorld;
      readonly keys: KeyStore;
      readonly rotations: KeyRotations;
      readonly attachments: AttachmentStore;
      readonly snapshots: Snapshots;
      readonly outbox: () => Outbox;
    },
  ) {
    const { world, keys, attachments, snapshots, outbox } = dependencies;
    this.#world = world;
    this.#directoryOf = options.directoryOf;
    this.#rotations = dependencies.rotations;
    this.#failSteps = options.failSteps;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.died = promise;
    this.#die = resolve;
    this.steps = {
      keys: async ({ rollup, lease }) => {
        this.deed();
        if (rollup.kind === "attached") world.violations.push("keys were made for a chain that others run");
        const accounts = await keys.ensure(lease, rollup.id, ["deployer", "batcher", "sequencer"]);
        this.deed();
        return { accounts };
      },
      fund: async () => {
        this.deed();
        return {};
      },
      contracts: async ({ rollup }) => {
        const account = await keys.account(rollup.id, "deployer");
        for (let nonce = 0; nonce < TRANSACTIONS; nonce++) {
          // Signed anew after each crash, with other fees: another transaction, if nobody minds.
          const raw = `0x${randomBytes(32).toString("hex")}` as const;
          const sender = account.address;
          const attempts = await outbox().store({ networkId: "l1", sender, nonce, raw, rollupId: rollup.id });
          this.deed();
          world.mine(sender, nonce, attempts.at(-1)!.raw);
          this.deed();
        }
        const [batcher, sequencer] = await Promise.all(
          NAMED_ROLES.map(async (role) => (await keys.account(rollup.id, role)).address.toLowerCase() as Hex),
        );
        const addresses = world.l1.deploy(rollup.id, { batcher: batcher!, sequencer: sequencer! });
        const deployer = account.address.toLowerCase();
        return { addresses, deployer, anchor: { hash: `0x${"00".repeat(32)}`, number: 0, timestamp: 0 } };
      },
      genesis: async ({ rollup }) => {
        this.deed();
        world.files.set(rollup.id, new Set(["genesis"]));
        return {};
      },
      restake: async ({ rollup, spec, lease }) => {
        this.deed();
        if (spec.services.mach.restaking !== "on") return { service: null, operators: [] };
        await keys.ensure(lease, rollup.id, ["restaking"]);
        this.deed();
        return { service: SERVICE, operators: [] };
      },
      restore: async ({ rollup }) => {
        this.deed();
        if (world.nodes.has(rollup.id)) world.violations.push("a running node's data were replaced");
        world.files.set(rollup.id, new Set(["genesis"]));
        world.restores++;
        this.deed();
        const snapshot = await snapshots.newestIntact(rollup.id);
        if (snapshot?.file !== (await snapshots.list(rollup.id))[0]?.file) {
          world.violations.push("a restore passed over a whole snapshot");
        }
        return { snapshot };
      },
      start: async ({ rollup, spec, lease, result }) => {
        this.deed();
        if (rollup.kind === "attached") {
          const restaked = spec.services.mach.restaking === "on";
          const { service } = result("restake") as { readonly service: string | null };
          if (restaked !== (service !== null)) world.violations.push("operators were started without their service");
          const started = (await attachments.find(rollup.id))?.mach?.startedAt ?? null;
          if (world.operated.has(rollup.id) && started === null) world.violations.push("operators may sign anew");
          this.#running.set(rollup.id, settingsOf(spec));
          if (!restaked) return {};
          this.deed();
          await attachments.operatorsStarted(lease, rollup.id, Date.now());
          world.operated.add(rollup.id);
          this.deed();
          return {};
        }
        if (rollup.restore !== null) world.violations.push("a node was started before its restore was done");
        if (!world.files.get(rollup.id)?.has("genesis")) world.violations.push("a node was started without genesis");
        const other = world.nodes.get(rollup.id);
        if (other !== undefined) world.violations.push("two nodes of one rollup run at once");
        world.nodes.set(rollup.id, this);
        world.schedules.set(rollup.id, spec.forks);
        this.#running.set(rollup.id, settingsOf(spec));
        await this.#takeKeys(rollup.id);
        return {};
      },
      health: async () => {
        this.deed();
        return {};
      },
    };
  }

  get dead(): boolean {
    return this.#dead;
  }

  get deeds(): number {
    return this.#deeds;
  }

  crashAfter(deeds: number): void {
    this.#crashAt = this.#deeds + deeds;
  }

  /** Between any two deeds the process may end, and then nothing of it goes on. */
  deed(): void {
    if (this.#dead) throw new TypeError("dead");
    this.#deeds++;
    if (this.#deeds >= this.#crashAt) {
      this.crash();
      throw new TypeError("crashed");
    }
    if (this.#failSteps.has(this.#deeds)) {
      this.#world.failures++;
      throw new TypeError("the network does not answer");
    }
  }

  crash(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#world.crashes++;
    for (const [id, owner] of this.#world.nodes) if (owner === this) this.#world.nodes.delete(id);
    this.#running.clear();
    this.#die();
  }

  /** The node ends with its disk. */
  lose(id: string): void {
    this.#running.delete(id);
    this.#world.nodes.delete(id);
  }

  /** As a node does when told: it signs by whatever key it is given now. */
  async rotateKeys(id: string): Promise<void> {
    this.deed();
    if (this.#world.nodes.get(id) === this) await this.#takeKeys(id);
  }

  async #takeKeys(id: string): Promise<void> {
    const [batcher, sequencer] = await Promise.all(
      NAMED_ROLES.map(async (role) => (await this.#rotations.account(id, role)).address.toLowerCase() as Hex),
    );
    // A process that died meanwhile signs nothing any more.
    if (this.#dead) return;
    const signers = { batcher: batcher!, sequencer: sequencer! };
    this.#world.signers.set(id, signers);
    for (const address of Object.values(signers)) {
      if (!this.#world.l1.hasNamed(id, address)) this.#world.violations.push("a key was used that the L1 never named");
    }
  }

  /** The process may die when the file is written and its record is not. */
  async snapshot(id: string, { path }: SnapshotOptions): Promise<SnapshotResult> {
    this.deed();
    if (this.#world.nodes.get(id) !== this) throw new TypeError("it does not run");
    await writeFile(path, this.#directoryOf(id));
    this.deed();
    return { blockNumber: 1, blockHash: `0x${"01".repeat(32)}`, bytes: 1 };
  }

  /** The lease as this process knows it; the dead know nothing. */
  leaseOf(lease: Lease): Lease {
    if (this.#dead) throw new TypeError("dead");
    return lease;
  }

  async stop(id: string): Promise<void> {
    this.deed();
    this.#running.delete(id);
    this.#world.nodes.delete(id);
  }

  running(id: string): string | null {
    return this.#running.get(id) ?? null;
  }

  async hasData(id: string): Promise<boolean> {
    return this.#world.files.has(id);
  }

  async remove(id: string): Promise<void> {
    this.deed();
    if (this.#world.nodes.has(id)) this.#world.violations.push("the data of a running node were removed");
    this.#world.files.delete(id);
  }

  onExit(): () => void {
    return () => {};
  }
}
