import { gameCreationData, readGamePlayers, readGameTerms } from "@altlayer/deployer";
import type { Logger } from "@altlayer/rollup";
import { getContractAddress, numberToHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { problemOf, RaasError } from "../errors.ts";
import type { EventHub } from "../events.ts";
import type { Network, Networks } from "../networks.ts";
import type { OwnerTransaction } from "../owner-changes.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { KeyRotations, NextKey, RotatingRole } from "../secrets/key-rotations.ts";
import type { Hex } from "../spec/primitives.ts";
import { l1AccessOf } from "../steps/l1-access.ts";
import { contractsResult } from "../steps/results.ts";
import type { Lease } from "../store/lease.ts";
import type { Outbox } from "../store/outbox.ts";
import type { RollupRecord } from "../store/rollup-records.ts";
import type { RollupStore } from "../store/rollups.ts";
import { AcceptedKeys, GAME_ROLES, isGameRole } from "./accepted-keys.ts";

/** What a next key waits for. */
export type RotationState =
  /** Ether on its account. */
  | "funding"
  /** The contract that names it: proposer and challenger stand in immutables. */
  | "preparing"
  /** The owner's signature. */
  | "signature"
  /** Every follower's hearing of it (sequencer), and the L1's finality. */
  | "switching";

export interface RotationView {
  readonly role: RotatingRole;
  readonly address: Hex;
  readonly createdAt: number;
  readonly state: RotationState;
  readonly inUse: boolean;
  readonly message: string;
  readonly signature: OwnerTransaction | null;
}

export interface RotationsOptions {
  readonly nowMs: () => number;
  readonly pollMs: number;
  /** How long after the L1 named it a sequencer's key is used: until all followers have looked. */
  readonly signerGraceMs: number;
}

export interface RotationsDependencies {
  readonly store: KeyRotations;
  readonly rollups: RollupStore;
  readonly networks: Networks;
  readonly runtime: Pick<Runtime, "rotateKeys">;
  readonly outbox: Outbox;
  readonly events: EventHub;
  readonly lease: () => Lease;
  readonly log: Logger;
}

const DEVELOPMENT_BALANCE_WEI = 10n ** 21n;
/** A game's creation: its code is large. */
const DEPLOYMENT_GAS = 8_000_000n;

/**
 * Brings next keys into use: prepares what the owner signs, sees the L1 accept it, lets the node go over without a
 * stop, and retires the old key when that is final. It keeps nothing in memory but when a signer was first seen named.
 */
export class Rotations {
  readonly #options: RotationsOptions;
  readonly #d: RotationsDependencies;
  readonly #namedSince = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;
  #turn: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;
  #closed = false;

  constructor(options: RotationsOptions, dependencies: RotationsDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  /** Goes on with what an earlier process began. */
  start(): void {
    this.#timer ??= setInterval(() => void this.#tick(), this.#options.pollMs);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#turn;
  }

  /**
   * Makes the role's next key, or tells of the one that is on its way.
   * @throws RaasError `CONFLICT` before the launch, and while the other role of the dispute game has a next key: each
   * game is created with one change, and would take the other one back
   */
  async begin(rollup: RollupRecord, role: RotatingRole): Promise<RotationView> {
    await this.#contracts(rollup);
    if (rollup.desired !== "running" && rollup.desired !== "stopped") {
      throw new RaasError("CONFLICT", `${rollup.name} is ${rollup.desired}`);
    }
    const next = await this.#inTurn(async () => {
      const other = isGameRole(role) ? GAME_ROLES.find((each) => each !== role) : undefined;
      if ((await this.#d.store.next(rollup.id)).some((key) => key.role === other)) {
        throw new RaasError("CONFLICT", `the ${other} has a next key: wait until it has taken the old one's place`);
      }
      return await this.#d.store.begin(this.#d.lease(), rollup.id, role);
    });
    this.#d.events.changed(rollup);
    await this.#tick();
    return await this.#view(rollup, next);
  }

  /** Keys on their way. @throws RaasError `NETWORK_UNREACHABLE`, `UPSTREAM` */
  async of(rollup: RollupRecord): Promise<readonly RotationView[]> {
    const next = await this.#d.store.next(rollup.id);
    return await Promise.all(next.map((key) => this.#view(rollup, key)));
  }

  /** What the owner has to sign for them now. */
  async signatures(rollup: RollupRecord): Promise<readonly OwnerTransaction[]> {
    return (await this.of(rollup)).flatMap(({ signature }) => signature ?? []);
  }

  /** One look after the other; one that waits for its turn is joined: they take long where an L1 does not answer. */
  #tick(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#next ??= this.#inTurn(async () => {
      this.#next = null;
      await this.#look();
    });
    return this.#next;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.then(
      () => {},
      () => {},
    );
    return turn;
  }

  async #look(): Promise<void> {
    const { store, log } = this.#d;
    const next = await store.next().catch((error: unknown) => {
      log.warn("cannot read which keys are on their way", { error: problemOf(error).message });
      return [];
    });
    for (const key of next) {
      if (this.#closed) return;
      await this.#advance(key).catch((error: unknown) => {
        const { code, message } = problemOf(error);
        if (code !== "LEASE_LOST") log.warn("a key's rotation waits", { rollup: key.rollupId, message });
      });
    }
  }

  async #advance(key: NextKey): Promise<void> {
    const { rollups, store, events, lease, log } = this.#d;
    const held = lease();
    const rollup = await rollups.get(key.rollupId);
    if (rollup.desired !== "running" && rollup.desired !== "stopped") return;
    const { role, rollupId } = key;
    const { accepted, network } = await this.#accepted(rollup);
    if ((await accepted.of(role, "latest")) !== key.address) {
      this.#namedSince.delete(key.id);
      if (key.inUseSince !== null) {
        // A reorg took the owner's transaction back: so do we.
        await this.#use(held, key, null);
        events.changed(rollup);
      }
      await this.#prepare(rollup, key, { accepted, network });
      return;
    }
    const now = this.#options.nowMs();
    const since = this.#namedSince.get(key.id) ?? now;
    this.#namedSince.set(key.id, since);
    if (role === "sequencer" && key.inUseSince === null && now - since < this.#options.signerGraceMs) return;
    if (key.inUseSince === null) {
      await this.#use(held, key, now);
      log.info("a next key is in use", { rollup: rollupId, role, address: key.address });
      events.changed(rollup);
    }
    if ((await accepted.of(role, "finalized")) !== key.address) return;
    await store.complete(held, key);
    this.#namedSince.delete(key.id);
    log.info("an old key is retired", { rollup: rollupId, role, by: key.address });
    events.changed(rollup);
  }

  /** What is recorded and what the node signs by stay one: a node that does not take the order is told again. */
  async #use(held: Lease, key: NextKey, inUseSince: number | null): Promise<void> {
    const { store, runtime } = this.#d;
    await store.use(held, key, inUseSince);
    await runtime.rotateKeys(key.rollupId).catch(async (error: unknown) => {
      await store.use(held, key, key.inUseSince);
      throw error;
    });
  }

  /** Ether, and for a role of the game the implementation that names it, created by the next key itself. */
  async #prepare(
    rollup: RollupRecord,
    key: NextKey,
    { accepted, network }: { readonly accepted: AcceptedKeys; readonly network: Network },
  ): Promise<void> {
    const { networks, store, outbox } = this.#d;
    const { role } = key;
    if (role === "sequencer") return;
    if (network.development && (await this.#missingWei(rollup, key, network)) > 0n) {
      await networks.request(network.id, "anvil_setBalance", [key.address, numberToHex(DEVELOPMENT_BALANCE_WEI)]);
    }
    if (!isGameRole(role) || (await this.#missingWei(rollup, key, network)) > 0n) return;
    if (await this.#hasCode(network, implementationBy(key.address))) return;
    const present = await accepted.implementation("latest");
    if (present === null) throw new RaasError("CONFLICT", `there is no permissioned game: no ${role} is named`);
    const read = (call: { readonly to: Hex; readonly data: Hex }) =>
      networks.request<Hex>(network.id, "eth_call", [call, "latest"]);
    const [terms, players] = await Promise.all([readGameTerms(present, read), readGamePlayers(present, read)]);
    const account = privateKeyToAccount(await store.nextPrivateKey(key));
    const { walletClient } = l1AccessOf({ network, rollupId: rollup.id, account }, { outbox });
    const data = gameCreationData(terms, { ...players, [role]: key.address });
    // Its first transaction: the nonce is fixed, so that it is created once however often this is tried.
    await walletClient.sendTransaction({ account, chain: null, data, nonce: 0, gas: DEPLOYMENT_GAS });
  }

  async #view(rollup: RollupRecord, key: NextKey): Promise<RotationView> {
    const { role, address, createdAt } = key;
    const { accepted, network } = await this.#accepted(rollup);
    const base = { role, address, createdAt, inUse: key.inUseSince !== null, signature: null };
    if ((await accepted.of(role, "latest")) === address) {
      const message = base.inUse
        ? "In use. The old key is retired once the settlement network's finality covers the change."
        : "Named by the contracts. The sequencer goes over to it when every follower has looked.";
      return { ...base, state: "switching", message };
    }
    const missing = role === "sequencer" ? 0n : await this.#missingWei(rollup, key, network);
    if (missing > 0n) {
      return { ...base, state: "funding", message: `Send ${missing} wei on ${network.name} to ${address}.` };
    }
    const implementation = implementationBy(address);
    if (isGameRole(role) && !(await this.#hasCode(network, implementation))) {
      return { ...base, state: "preparing", message: "A game implementation that names it is being created." };
    }
    const signature = await accepted.transaction(role, { next: address, implementation, chainId: network.chainId });
    return {
      ...base,
      state: "signature",
      message: "The owner of the contracts signs. Until then the old key acts.",
      signature,
    };
  }

  async #missingWei(rollup: RollupRecord, { address }: NextKey, network: Network): Promise<bigint> {
    const { alarms } = await this.#d.rollups.spec(rollup);
    const held = BigInt(await this.#d.networks.request<Hex>(network.id, "eth_getBalance", [address, "latest"]));
    const lacking = BigInt(alarms.lowBalanceWei) - held;
    return lacking > 0n ? lacking : 0n;
  }

  async #hasCode(network: Network, address: Hex): Promise<boolean> {
    return (await this.#d.networks.request<Hex>(network.id, "eth_getCode", [address, "latest"])).length > 2;
  }

  async #accepted(rollup: RollupRecord): Promise<{ readonly accepted: AcceptedKeys; readonly network: Network }> {
    const network = await this.#d.networks.check(rollup.networkId);
    const contracts = await this.#contracts(rollup);
    return {
      network,
      accepted: new AcceptedKeys({ networkId: network.id, contracts }, { networks: this.#d.networks }),
    };
  }

  async #contracts(rollup: RollupRecord) {
    const steps = await this.#d.rollups.steps(rollup.id);
    const step = steps.find(({ name, status }) => name === "contracts" && status === "done");
    if (step === undefined) throw new RaasError("CONFLICT", `${rollup.name} was not launched yet: it has no contracts`);
    const { SystemConfigProxy, DisputeGameFactoryProxy } = contractsResult.parse(step.result).addresses;
    return { SystemConfigProxy: SystemConfigProxy!, DisputeGameFactoryProxy: DisputeGameFactoryProxy! };
  }
}

/** The first contract that the account creates. */
const implementationBy = (address: Hex): Hex => getContractAddress({ from: address, nonce: 0n }).toLowerCase() as Hex;
