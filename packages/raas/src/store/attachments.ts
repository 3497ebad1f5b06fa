import { z } from "zod";
import { RaasError } from "../errors.ts";
import type { Vault } from "../secrets/vault.ts";
import { address, type Hex, word } from "../spec/primitives.ts";
import type { Database } from "./database.ts";
import type { Lease } from "./lease.ts";
import { fenced } from "./lease.ts";

/** What was compared when a chain was attached, and what came of it. */
export const findingSchema = z.object({
  name: z.string(),
  /** Null: nothing to compare with. */
  ok: z.boolean().nullable(),
  detail: z.string(),
});
export type Finding = z.output<typeof findingSchema>;

export interface Attachment {
  readonly systemConfig: Hex;
  readonly genesisHash: Hex;
  /** Of the RPC's URL; the rest may hold a key, and is stored encrypted. */
  readonly rpcHost: string;
  readonly findings: readonly Finding[];
  /** Of the operators that the platform runs for it; null without any. */
  readonly mach: { readonly peers: readonly string[]; readonly startedAt: number | null } | null;
}

const peersSchema = z.array(z.string());

/** Chains that others run, each with the RPC through which it is seen. */
export class AttachmentStore {
  readonly #db: Database;
  readonly #vault: Vault;

  constructor(dependencies: { readonly db: Database; readonly vault: Vault }) {
    this.#db = dependencies.db;
    this.#vault = dependencies.vault;
  }

  /** Within the transaction that makes the rollup. */
  async insert(
    db: Database,
    rollupId: string,
    attachment: Omit<Attachment, "mach"> & { readonly rpcUrl: string },
  ): Promise<void> {
    await db
      .insertInto("attachments")
      .values({
        rollup_id: rollupId,
        system_config: attachment.systemConfig,
        genesis_hash: attachment.genesisHash,
        rpc_host: attachment.rpcHost,
        ciphertext: this.#vault.seal(attachment.rpcUrl, `${rollupId}/rpc`),
        findings: JSON.stringify(attachment.findings),
        mach_peers: null,
        mach_started_at: null,
      })
      .execute();
  }

  /** Null for a rollup of our own. */
  async find(rollupId: string): Promise<Attachment | null> {
    const row = await this.#db
      .selectFrom("attachments")
      .selectAll()
      .where("rollup_id", "=", rollupId)
      .executeTakeFirst();
    if (row === undefined) return null;
    return {
      systemConfig: address.parse(row.system_config),
      genesisHash: word.parse(row.genesis_hash),
      rpcHost: row.rpc_host,
      findings: z.array(findingSchema).parse(JSON.parse(row.findings)),
      mach:
        row.mach_peers === null
          ? null
          : { peers: peersSchema.parse(JSON.parse(row.mach_peers)), startedAt: row.mach_started_at },
    };
  }

  /** Within the transaction that revises its spec: the step that makes the service is to be done, which it never was. */
  async giveMach(db: Database, rollupId: string, peers: readonly string[]): Promise<void> {
    await db.deleteFrom("steps").where("rollup_id", "=", rollupId).where("name", "=", "restake").execute();
    await setPeers(db, rollupId, peers);
  }

  async setPeers(rollupId: string, peers: readonly string[]): Promise<void> {
    await setPeers(this.#db, rollupId, peers);
  }

  /** Its operators run, and may sign from now on: a later start must find their signing journals. */
  async operatorsStarted(lease: Lease, rollupId: string, nowMs: number): Promise<void> {
    await fenced(this.#db, lease, (db) =>
      db
        .updateTable("attachments")
        .set({ mach_started_at: nowMs })
        .where("rollup_id", "=", rollupId)
        .where("mach_started_at", "is", null)
        .execute(),
    );
  }

  /** @throws RaasError `NOT_FOUND`, `SECRET_UNREADABLE` */
  async rpcUrl(rollupId: string): Promise<string> {
    const row = await this.#db
      .selectFrom("attachments")
      .select("ciphertext")
      .where("rollup_id", "=", rollupId)
      .executeTakeFirst();
    if (row === undefined) throw new RaasError("NOT_FOUND", `${rollupId} is no attached chain`);
    return this.#vault.open(row.ciphertext, `${rollupId}/rpc`);
  }
}

async function setPeers(db: Database, rollupId: string, peers: readonly string[]): Promise<void> {
  const mach_peers = JSON.stringify(peers);
  await db.updateTable("attachments").set({ mach_peers }).where("rollup_id", "=", rollupId).execute();
}
