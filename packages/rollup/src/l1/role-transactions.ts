import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Hex } from "@altlayer/engine";
import type { PrivateKeyAccount } from "viem/accounts";
import { readIfThere, writeDurably } from "../durable-file.ts";
import type { TransactionManagerDependencies, TransactionManagerOptions } from "./transaction-manager.ts";
import { TransactionManager } from "./transaction-manager.ts";
import type { MinedTransaction, TransactionRequest } from "./transaction-request.ts";

/** Sends a role's L1 transactions by the key that the role has, which may be another one from one moment to the next. */
export class RoleTransactions {
  readonly #options: TransactionManagerOptions;
  readonly #dependencies: Omit<TransactionManagerDependencies, "account">;
  #manager: TransactionManager;

  private constructor(
    options: TransactionManagerOptions,
    dependencies: Omit<TransactionManagerDependencies, "account"> & { readonly manager: TransactionManager },
  ) {
    const { manager, ...rest } = dependencies;
    this.#options = options;
    this.#dependencies = rest;
    this.#manager = manager;
  }

  /** @param options.directory of the role's first key; others lie beside it, since nonces belong to keys. */
  static async start(
    options: TransactionManagerOptions,
    { account, ...dependencies }: TransactionManagerDependencies,
  ): Promise<RoleTransactions> {
    const manager = await managerOf(options, { ...dependencies, account });
    return new RoleTransactions(options, { ...dependencies, manager });
  }

  get address(): Hex {
    return this.#manager.address;
  }

  /** Of the present key; what an earlier key has under way counts no more. */
  get pending(): number {
    return this.#manager.pending;
  }

  /** Of the present key, since it is the role's. */
  get counts(): TransactionManager["counts"] {
    return this.#manager.counts;
  }

  send(request: TransactionRequest): Promise<MinedTransaction> {
    return this.#manager.send(request);
  }

  /**
   * From now on the role has this key. What the earlier one has under way may still be included, and is given up: who
   * waits for it is told (`TX_GAVE_UP`), and makes it again.
   */
  async rotate(account: PrivateKeyAccount): Promise<void> {
    if (account.address.toLowerCase() === this.address) return;
    const before = this.#manager;
    this.#manager = await managerOf(this.#options, { ...this.#dependencies, account });
    this.#dependencies.log.info("another key from now on", { from: before.address, to: this.address });
    await before.abandon();
  }

  async close(): Promise<void> {
    await this.#manager.close();
  }
}

async function managerOf(
  options: TransactionManagerOptions,
  dependencies: TransactionManagerDependencies,
): Promise<TransactionManager> {
  const address = dependencies.account.address.toLowerCase() as Hex;
  const directory = await directoryOf(options.directory, address);
  const manager = new TransactionManager({ ...options, directory }, dependencies);
  await manager.start();
  return manager;
}

/** The first key's name stands in its folder; a folder without one is the present key's. */
async function directoryOf(first: string, address: Hex): Promise<string> {
  await mkdir(first, { recursive: true });
  const marker = join(first, "account");
  const known = (await readIfThere(marker))?.toString("utf8").trim();
  if (known === undefined) await writeDurably(marker, `${address}\n`);
  return known === undefined || known === address ? first : `${first}-${address.slice(2)}`;
}
