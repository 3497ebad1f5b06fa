import type { Generated } from "kysely";
import type { AlarmTables } from "./alarm-tables.ts";
import type { MoneyTables } from "./money-tables.ts";

/**
 * The tables, the same on SQLite and PostgreSQL: text, whole numbers, nothing else. Times are milliseconds since 1970,
 * JSON is text. Identifiers begin with their time, so that the newest sort last.
 */
export interface Tables extends AlarmTables, MoneyTables {
  users: {
    id: string;
    name: string;
    /** Lower-case; null for the person at this machine. */
    address: string | null;
    created_at: number;
  };
  teams: { id: string; name: string; created_at: number };
  members: { team_id: string; user_id: string; role: string; joined_at: number };
  /** Secrets that people and programs carry are kept as hashes only. */
  sessions: { hash: string; user_id: string; csrf: string; created_at: number; expires_at: number };
  tokens: {
    id: string;
    hash: string;
    team_id: string;
    name: string;
    role: string;
    created_by: string;
    created_at: number;
    last_used_at: number | null;
    expires_at: number | null;
  };
  sign_in_links: { hash: string; user_id: string; expires_at: number };
  nonces: { nonce: string; expires_at: number };
  rollups: {
    id: string;
    team_id: string;
    name: string;
    network_id: string;
    chain_id: number;
    revision: number;
    desired: string;
    phase: string;
    /** JSON of a problem, or null. */
    problem: string | null;
    /** JSON: ports, once chosen. */
    ports: string | null;
    created_at: number;
    updated_at: number;
    ready_at: number | null;
    /** Name while it is taken, null once destroyed: unique in the team. */
    live_name: string | null;
    /** `managed`, or `attached` for a chain that others run. */
    kind: Generated<string>;
    /** `network/chain id` while it is taken, and the team where others run the chain. */
    live_chain: string | null;
    /** JSON: the restore that was asked for, until it is done. */
    restore: string | null;
  };
  revisions: {
    rollup_id: string;
    revision: number;
    spec: string;
    author_id: string;
    note: string | null;
    created_at: number;
  };
  steps: {
    rollup_id: string;
    name: string;
    status: string;
    attempt: number;
    started_at: number | null;
    ended_at: number | null;
    detail: string | null;
    problem: string | null;
    /** JSON of what the step made. */
    result: string | null;
  };
  /** Private keys, encrypted under the master key. */
  keys: { rollup_id: string; role: string; address: string; ciphertext: string; created_at: number };
  /** A row begins as a role's next key, and ends with the key that it replaced. */
  key_rotations: {
    id: string;
    rollup_id: string;
    role: string;
    address: string;
    ciphertext: string;
    created_at: number;
    in_use_since: number | null;
    retired_at: number | null;
    /** `rollup/role` until it has taken the old key's place: one at a time. */
    pending: string | null;
  };
  /** Signed L1 transactions, stored before they are sent. */
  outbox: {
    network_id: string;
    sender: string;
    nonce: number;
    hash: string;
    raw: string;
    rollup_id: string;
    created_at: number;
  };
  /** Sources shown to make the code of contracts. */
  verified_contracts: {
    rollup_id: string;
    code_hash: string;
    match: string;
    compiler: string;
    file: string;
    name: string;
    /** JSON: ABI, metadata, sources, settings, immutables, libraries. */
    content: string;
    verified_at: number;
  };
  /** What took the place of an outbox's transaction: the same deed by the same nonce for higher fees, in order. */
  outbox_replacements: {
    network_id: string;
    sender: string;
    nonce: number;
    attempt: number;
    hash: string;
    raw: string;
    created_at: number;
  };
  /** Rehearsals on isolated copies. */
  drills: {
    id: string;
    rollup_id: string;
    kind: string;
    status: string;
    started_at: number;
    ended_at: number | null;
    /** JSON: what was done, with its times. */
    steps: string;
    summary: string | null;
    problem: string | null;
    actor_id: string;
    /** The rollup's id while it runs: one at a time. */
    running: string | null;
  };
  audit: {
    id: string;
    team_id: string;
    actor_id: string;
    actor_name: string;
    action: string;
    target: string | null;
    details: string;
    ip: string;
    at: number;
  };
  idempotency: {
    /** Hash of who, route and key. */
    key: string;
    request_hash: string;
    /** Null while the first request is still under way. */
    status: number | null;
    response: string | null;
    created_at: number;
  };
  leases: { name: string; holder: string; token: number; expires_at: number };
  attachments: {
    rollup_id: string;
    system_config: string;
    genesis_hash: string;
    rpc_host: string;
    /** The RPC's URL, encrypted: it may carry a key. */
    ciphertext: string;
    /** JSON of findings. */
    findings: string;
    /** JSON: the peers of the operators that the platform runs for it; null without any. */
    mach_peers: string | null;
    /** When those were first started: from then on they may have signed. */
    mach_started_at: number | null;
  };
  meta: { key: Generated<string>; value: string };
}
