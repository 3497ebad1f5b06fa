import type { Alarms } from "../alarms/alarms.ts";
import type { LocalSignIn } from "../auth/local-sign-in.ts";
import type { Drills } from "../drill/drills.ts";
import type { EventHub } from "../events.ts";
import type { Explorer } from "../explorer/explorer.ts";
import type { Faucet } from "../faucet.ts";
import type { LiveView } from "../live.ts";
import type { LogBook } from "../log-book.ts";
import type { Money } from "../money/money.ts";
import type { Networks } from "../networks.ts";
import type { Outbound } from "../outbound/outbound.ts";
import type { Planner } from "../planner.ts";
import type { Reconciler } from "../reconciler.ts";
import type { Rotations } from "../rotation/rotations.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { KeyRotations } from "../secrets/key-rotations.ts";
import type { KeyStore } from "../secrets/key-store.ts";
import type { Snapshots } from "../snapshots/snapshots.ts";
import type { AttachmentStore } from "../store/attachments.ts";
import type { CredentialStore } from "../store/credentials.ts";
import type { DrillStore } from "../store/drills.ts";
import type { PeopleStore } from "../store/people.ts";
import type { Records } from "../store/records.ts";
import type { RollupStore } from "../store/rollups.ts";
import type { SpendingStore } from "../store/spending.ts";
import type { Verification } from "../verify/verification.ts";
import type { Presenter } from "./present.ts";

/** What the routes work with. */
export interface Services {
  readonly version: string;
  readonly nowMs: () => number;
  readonly people: PeopleStore;
  readonly credentials: CredentialStore;
  readonly records: Records;
  readonly rollups: RollupStore;
  readonly keys: KeyStore;
  readonly keyRotations: KeyRotations;
  readonly rotations: Rotations;
  readonly networks: Networks;
  readonly planner: Planner;
  readonly reconciler: Reconciler;
  readonly runtime: Runtime;
  readonly live: LiveView;
  readonly alarms: Alarms;
  readonly money: Money;
  readonly spending: SpendingStore;
  readonly outbound: Outbound;
  readonly attachments: AttachmentStore;
  readonly explorer: Explorer;
  readonly faucet: Faucet;
  readonly verification: Verification;
  readonly snapshots: Snapshots;
  readonly drills: Drills;
  readonly drillStore: DrillStore;
  readonly logs: LogBook;
  readonly events: EventHub;
  readonly present: Presenter;
  readonly directoryOf: (rollupId: string) => string;
  /** Origin of the pages we serve, as browsers know it. */
  readonly origin: () => string;
  /** Gives sign-in links to whoever is at this machine. */
  readonly signIn: LocalSignIn;
}
