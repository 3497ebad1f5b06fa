import type { Selectable } from "kysely";
import { RaasError } from "../errors.ts";
import type { Hex } from "../spec/primitives.ts";
import type { Database } from "./database.ts";
import type { Tables } from "./tables.ts";

/** Sources that were shown to make a contract's code. */
export interface VerifiedContract {
  readonly codeHash: Hex;
  /** As Sourcify defines them: to the last byte, or but for the hash of the metadata. */
  readonly match: "full" | "partial";
  readonly compiler: string;
  readonly file: string;
  readonly name: string;
  readonly abi: readonly unknown[];
  readonly metadata: string;
  readonly sources: Readonly<Record<string, string>>;
  readonly settings: unknown;
  readonly immutables: Readonly<Record<string, Hex>>;
  readonly libraries: Readonly<Record<string, Hex>>;
  readonly verifiedAt: number;
}

/** Of one rollup. Sources may have a megabyte each. */
const CONTRACTS_MAX = 2_000;

/** Verified contracts, by rollup and hash of their code: what one team proves of its chain is not shown to another. */
export class VerifiedStore {
  readonly #db: Database;
  readonly #nowMs: () => number;

  constructor(options: { readonly nowMs: () => number }, { db }: { readonly db: Database }) {
    this.#db = db;
    this.#nowMs = options.nowMs;
  }

  async find(rollupId: string, codeHash: Hex): Promise<VerifiedContract | null> {
    const row = await this.#row(rollupId, codeHash);
    return row === undefined ? null : view(row);
  }

  /** @throws RaasError `TOO_LARGE` when a rollup has as many as are kept */
  async requireRoom(rollupId: string, codeHash: Hex): Promise<void> {
    if ((await this.#row(rollupId, codeHash)) !== undefined) return;
    const { count } = await this.#db
      .selectFrom("verified_contracts")
      .select((expression) => expression.fn.countAll<string | number>().as("count"))
      .where("rollup_id", "=", rollupId)
      .executeTakeFirstOrThrow();
    if (Number(count) >= CONTRACTS_MAX)
      throw new RaasError("TOO_LARGE", `at most ${CONTRACTS_MAX} verified contracts are kept for a rollup`);
  }

  /** Keeps a contract, unless a better match is known. @returns what is known now */
  async keep(rollupId: string, contract: Omit<VerifiedContract, "verifiedAt">): Promise<VerifiedContract> {
    const { codeHash, match, compiler, file, name, ...content } = contract;
    const known = await this.find(rollupId, codeHash);
    if (known?.match === "full" && match === "partial") return known;
    const row = { match, compiler, file, name, content: JSON.stringify(content), verified_at: this.#nowMs() };
    await this.#db
      .insertInto("verified_contracts")
      .values({ rollup_id: rollupId, code_hash: codeHash, ...row })
      .onConflict((conflict) => conflict.columns(["rollup_id", "code_hash"]).doUpdateSet(row))
      .execute();
    return { ...contract, verifiedAt: row.verified_at };
  }

  #row(rollupId: string, codeHash: Hex): Promise<Selectable<Tables["verified_contracts"]> | undefined> {
    return this.#db
      .selectFrom("verified_contracts")
      .selectAll()
      .where("rollup_id", "=", rollupId)
      .where("code_hash", "=", codeHash)
      .executeTakeFirst();
  }
}

const view = (row: Selectable<Tables["verified_contracts"]>): VerifiedContract => ({
  codeHash: row.code_hash as Hex,
  match: row.match as VerifiedContract["match"],
  compiler: row.compiler,
  file: row.file,
  name: row.name,
  ...(JSON.parse(row.content) as Pick<
    VerifiedContract,
    "abi" | "metadata" | "sources" | "settings" | "immutables" | "libraries"
  >),
  verifiedAt: row.verified_at,
});
