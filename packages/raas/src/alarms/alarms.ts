import type { Logger } from "@altlayer/rollup";
import type { AlarmTiming } from "../core/alarms.ts";
import { RaasError } from "../errors.ts";
import type { LiveView } from "../live.ts";
import type { Money } from "../money/money.ts";
import type { Networks } from "../networks.ts";
import type { Outbound } from "../outbound/outbound.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Database } from "../store/database.ts";
import { DeliveryStore } from "../store/deliveries.ts";
import { DestinationStore } from "../store/destinations.ts";
import { Heartbeat } from "../store/heartbeat.ts";
import { IncidentStore } from "../store/incidents.ts";
import type { Lease } from "../store/lease.ts";
import type { RollupStore } from "../store/rollups.ts";
import { Courier } from "./courier.ts";
import { Mail, type MailOptions } from "./mail.ts";
import { AlarmMessages } from "./messages.ts";
import { Observer } from "./observer.ts";
import { Watcher } from "./watcher.ts";

export interface AlarmOptions {
  readonly nowMs: () => number;
  readonly origin: () => string;
  readonly mail?: MailOptions;
  readonly tuning?: AlarmTuning;
}

/** Paces, which only tests change. */
export interface AlarmTuning {
  readonly everyMs?: number;
  readonly timing?: AlarmTiming;
  readonly pollMs?: number;
  readonly retryFirstMs?: number;
}

export interface AlarmDependencies {
  readonly db: Database;
  readonly vault: Vault;
  readonly rollups: RollupStore;
  readonly networks: Networks;
  readonly runtime: Runtime;
  readonly live: () => LiveView;
  readonly money: Money;
  readonly outbound: Outbound;
  readonly lease: () => Lease;
  readonly log: Logger;
}

/** All that alarms consist of: who looks, what is recorded, where it is told. */
export interface Alarms {
  readonly incidents: IncidentStore;
  readonly destinations: DestinationStore;
  readonly deliveries: DeliveryStore;
  readonly watcher: Watcher;
  readonly courier: Courier;
  start(): void;
  close(): Promise<void>;
}

export function createAlarms(options: AlarmOptions, dependencies: AlarmDependencies): Alarms {
  const { nowMs, origin, tuning = {} } = options;
  const { db, vault, rollups, networks, runtime, live, money, outbound, lease, log } = dependencies;
  const incidents = new IncidentStore({ db, messages: new AlarmMessages({ nowMs }) });
  const destinations = new DestinationStore({ nowMs }, { db, vault });
  const deliveries = new DeliveryStore({ db });
  const mail = options.mail === undefined ? null : new Mail(options.mail);
  const courier = new Courier(
    { nowMs, origin, ...tuning },
    { destinations, deliveries, outbound, mail, active: () => holds(lease), log },
  );
  const watcher = new Watcher(
    { nowMs, ...tuning },
    {
      rollups,
      incidents,
      heartbeat: new Heartbeat({ db }),
      observer: new Observer({ nowMs }, { networks }),
      runtime,
      balances: (rollup) => live().balances(rollup),
      monthWei: async (rollup) => (await money.finances(rollup)).month.spentWei,
      lease,
      log,
    },
  );
  return {
    incidents,
    destinations,
    deliveries,
    watcher,
    courier,
    start: () => {
      watcher.start();
      courier.start();
    },
    close: async () => {
      await watcher.close();
      await courier.close();
      mail?.close();
    },
  };
}

function holds(lease: () => Lease): boolean {
  try {
    lease();
    return true;
  } catch (error) {
    if (error instanceof RaasError && error.code === "LEASE_LOST") return false;
    throw error;
  }
}
