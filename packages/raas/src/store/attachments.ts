import { z } from "zod";
import { RaasError } from "../errors.ts";
import type { Vault } from "../secrets/vault.ts";
import { address, type Hex, word } from "../spec/primitives.ts";
import type { Database } from "./database.ts";

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
}

/** Chains that others run, each with the RPC through which it is seen. */
export class AttachmentStore {
  readonly #db: Database;
  readonly #vault: Vault;

  constructor(dependencies: { readonly db: Database; readonly vault: Vault }) {
    this.#db = dependencies.db;
    this.#vault = dependencies.vault;
  }

  /** Within the transaction that makes the rollup. */
  async insert(db: Database, rollupId: string, attachment: Attachment & { readonly rpcUrl: string }): Promise<void> {
    await db
      .insertInto("attachments")
      .values({
        rollup_id: rollupId,
        system_config: attachment.systemConfig,
        genesis_hash: attachment.genesisHash,
        rpc_host: attachment.rpcHost,
        ciphertext: this.#vault.seal(attachment.rpcUrl, `${rollupId}/rpc`),
        findings: JSON.stringify(attachment.findings),
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
    };
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
