/** What the control plane's API says (`GET /api/v1/openapi.json`). Wei are decimal strings, times ISO 8601. */
export type Role = "owner" | "operator" | "viewer";
export type Hex = `0x${string}`;

export interface Membership {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

export interface Session {
  readonly user: { readonly id: string; readonly name: string; readonly address: Hex | null };
  readonly teams: readonly Membership[];
  readonly csrfToken: string;
  readonly expiresAt: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export interface Problem {
  readonly code: string;
  readonly message: string;
}

export type Phase =
  | "launching"
  | "waiting"
  | "running"
  | "stopping"
  | "stopped"
  | "failed"
  | "destroying"
  | "destroyed"
  | "exported";

export interface Step {
  readonly name: string;
  readonly title: string;
  readonly status: "pending" | "running" | "done" | "failed";
  readonly attempt: number;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly detail: string | null;
  readonly problem: Problem | null;
}

export interface SignatureRequest {
  readonly id: string;
  readonly field: string;
  readonly description: string;
  readonly chainId: number;
  readonly from: Hex;
  readonly to: Hex;
  readonly data: Hex;
  readonly value: string;
}

/** An account that acts for the rollup, and its successor on the way. */
export interface RoleKey {
  readonly role: string;
  readonly address: Hex;
  readonly createdAt: string;
  /** The contracts name it, and the owner can name another. */
  readonly rotates: boolean;
  readonly balanceWei: string | null;
  readonly rotation: {
    readonly address: Hex;
    readonly createdAt: string;
    readonly state: "funding" | "preparing" | "signature" | "switching";
    readonly inUse: boolean;
    readonly message: string;
    readonly signature: SignatureRequest | null;
  } | null;
  readonly retired: readonly { readonly address: Hex; readonly retiredAt: string }[];
}

export type DrillKind = "restore" | "withdrawal" | "forced-inclusion" | "upgrade";

/** The newest rehearsal of a kind. */
export interface DrillResult {
  readonly kind: DrillKind;
  readonly title: string;
  readonly passed: boolean;
  readonly endedAt: string;
  readonly summary: string | null;
}

export interface Drill {
  readonly id: string;
  readonly kind: DrillKind;
  readonly title: string;
  readonly status: "running" | "passed" | "failed";
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly steps: readonly {
    readonly title: string;
    readonly status: "running" | "done" | "failed";
    readonly startedAt: string;
    readonly endedAt: string | null;
    readonly detail: string | null;
  }[];
  readonly summary: string | null;
  readonly problem: Problem | null;
}

export interface Snapshot {
  readonly file: string;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly bytes: number;
  readonly takenAt: string;
  readonly rehearsedAt: string | null;
}

export type Spec = { readonly [key: string]: unknown };

export interface RollupSummary {
  readonly id: string;
  readonly kind: "managed" | "attached";
  readonly teamId: string;
  readonly name: string;
  readonly chainId: number;
  readonly networkId: string;
  readonly revision: number;
  readonly phase: Phase;
  readonly desired: "running" | "stopped" | "destroyed";
  readonly problem: Problem | null;
  readonly restoring: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly readyAt: string | null;
  readonly launchMs: number | null;
  readonly endpoints: { readonly rpc: string; readonly ws: string; readonly flashblocks: string } | null;
  readonly contracts: Readonly<Record<string, Hex>> | null;
  readonly l2GenesisHash: Hex | null;
  readonly accounts: readonly { readonly role: string; readonly address: Hex }[];
  readonly signatures: readonly SignatureRequest[];
}

/** The rollup's MACH service on its settlement network. */
export interface MachService {
  readonly avs: Hex;
  readonly table: Hex;
  readonly verifier: Hex;
  /** Those that the platform runs; others may have joined. */
  readonly operators: readonly Hex[];
}

export interface NodeVersion {
  readonly version: string;
  /** Of the native engine. */
  readonly engine: string;
  readonly since: string;
}

/** Where a rollup stands among the OP Stack's forks. */
export interface Forks {
  readonly active: string;
  readonly scheduled: readonly { readonly fork: string; readonly at: string }[];
  readonly next: string | null;
  readonly networkTime: string;
  readonly earliest: string;
}

export interface Rollup extends RollupSummary {
  /** The node runs with the spec's settings; null while none runs. */
  readonly applied: boolean | null;
  /** Null for a chain that others run. */
  readonly forks: Forks | null;
  /** The program that runs the node, and the one before; null before its first start. */
  readonly node: (NodeVersion & { readonly predecessor: NodeVersion | null }) | null;
  /** Null before its launch has come so far, and for a rollup that is not restaked. */
  readonly mach: MachService | null;
  readonly spec: Spec;
  readonly steps: readonly Step[];
  readonly drills: readonly DrillResult[];
}

export type ChangeBy = "us" | "owner" | "never";
export type ChangeEffect = "live" | "restart" | "signature" | "none";

export interface Change {
  readonly path: string;
  readonly title: string;
  readonly from: unknown;
  readonly to: unknown;
  readonly change: ChangeBy;
  readonly effect: ChangeEffect;
  readonly note: string | null;
}

export interface Plan {
  readonly base: number | null;
  readonly valid: true;
  readonly changes: readonly Change[];
  readonly refused: boolean;
  readonly actions: readonly { readonly kind: string; readonly title: string }[];
  readonly signatures: readonly SignatureRequest[];
  readonly downtimeSeconds: number | null;
}

export interface Head {
  readonly number: number;
  readonly hash: Hex;
  readonly timestamp: number;
}

export interface Balance {
  readonly role: string;
  readonly address: Hex;
  readonly balanceWei: string | null;
  readonly networkId: string;
  readonly spentWeiPerDay: string | null;
  readonly runwayDays: number | null;
}

export interface Alarm {
  readonly code: string;
  readonly severity: "warning" | "critical";
  readonly message: string;
  readonly since: string;
}

/** Of a chain that others run. */
export interface Attachment {
  readonly systemConfig: Hex;
  readonly genesisHash: Hex;
  readonly rpcHost: string;
  readonly findings: readonly { readonly name: string; readonly ok: boolean | null; readonly detail: string }[];
  /** Of the operators that the platform runs for it; null without any. */
  readonly mach: { readonly peers: readonly string[] } | null;
}

/** What a span of time cost on the settlement network. */
export interface Cost {
  readonly dataWei: string;
  readonly otherWei: string;
  readonly dataBytes: number;
  readonly blobs: number;
}

export interface Costs {
  readonly measuredFrom: string | null;
  readonly month: {
    readonly name: string;
    readonly spentWei: string;
    readonly budgetWei: string | null;
    readonly percent: number | null;
  };
  /** The last 48 at most, the oldest first. */
  readonly hours: readonly (Cost & { readonly start: string })[];
  readonly days: readonly (Cost & {
    readonly day: string;
    readonly transactions: number;
    readonly weiPerTransaction: string | null;
  })[];
}

/** An alarm as it was raised and cleared. */
export interface Incident {
  readonly id: string;
  readonly rollupId: string;
  readonly code: string;
  readonly severity: "warning" | "critical";
  readonly title: string;
  readonly message: string;
  readonly raisedAt: string;
  readonly clearedAt: string | null;
}

export interface AlarmDestination {
  readonly id: string;
  readonly name: string;
  readonly kind: "webhook" | "email";
  readonly target: string;
  readonly minSeverity: "warning" | "critical";
  readonly createdAt: string;
}

export interface AlarmDelivery {
  readonly id: string;
  readonly destinationId: string;
  readonly incidentId: string | null;
  readonly kind: "raised" | "cleared" | "test";
  readonly status: "pending" | "delivered" | "failed";
  readonly attempts: number;
  readonly nextAt: string | null;
  readonly problem: string | null;
  readonly createdAt: string;
  readonly endedAt: string | null;
}

export interface Live {
  readonly phase: Phase;
  readonly heads: { readonly unsafe: Head; readonly safe: Head; readonly finalized: Head } | null;
  readonly l1: { readonly latest: Head | null } | null;
  readonly pendingTransactions: number | null;
  readonly throughput: {
    readonly transactionsPerSecond: number;
    readonly gasPerSecond: number;
    readonly windowSeconds: number;
  } | null;
  readonly balances: readonly Balance[];
  readonly alarms: readonly Alarm[];
}

export interface LogLine {
  readonly seq: number;
  readonly at: string;
  readonly level: string;
  readonly room: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Network {
  readonly id: string;
  readonly name: string;
  readonly chainId: number;
  readonly development: boolean;
  readonly blockTimeSeconds: number;
  readonly explorerUrl: string | null;
  readonly rpcUrl: string | null;
  readonly headNumber: number | null;
  readonly reachable: boolean;
}

export interface Revision {
  readonly revision: number;
  readonly spec: Spec;
  readonly author: { readonly id: string; readonly name: string };
  readonly createdAt: string;
  readonly note: string | null;
}

export interface Member {
  readonly userId: string;
  readonly name: string;
  readonly address: Hex | null;
  readonly role: Role;
  readonly joinedAt: string;
}

export interface ApiToken {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly expiresAt: string | null;
}

export interface AuditEntry {
  readonly id: string;
  readonly at: string;
  readonly actor: { readonly id: string; readonly name: string };
  readonly action: string;
  readonly target: string | null;
  readonly details: unknown;
  readonly ip: string | null;
}

export type PublicIncident = Omit<Incident, "rollupId" | "message"> & { readonly outage: boolean };

export interface PublicStatus {
  readonly drills: readonly DrillResult[];
  readonly name: string;
  readonly chainId: number;
  readonly phase: Phase;
  readonly heads: Live["heads"];
  readonly problem: Problem | null;
  readonly updatedAt: string;
  readonly since: string | null;
  /** Percent of the last 24 hours, 30 and 90 days. */
  readonly uptime: { readonly day: number | null; readonly month: number | null; readonly quarter: number | null };
  readonly incidents: readonly PublicIncident[];
}
