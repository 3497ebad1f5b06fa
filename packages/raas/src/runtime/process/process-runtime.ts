import { join } from "node:path";
import type { Logger } from "@altlayer/rollup";
import { RaasError } from "../../errors.ts";
import { drainOf, rotateKeysOf } from "../orders.ts";
import type { Running, RunRequest, Runtime, SnapshotOptions, SnapshotResult } from "../runtime.ts";
import { snapshotOf } from "../snapshot.ts";
import { GroupProcess } from "./group.ts";

export interface ProcessRuntimeOptions {
  /** Keeps a record of each group's process, and what it prints. */
  readonly directory: string;
  readonly clientVersion: string;
}

interface Place {
  readonly group: string;
  readonly dataDir: string;
}

/**
 * Rollups in one supervised process per group: what happens to one group's native code stays with that group. A process
 * that ends is told to whoever listens, and started again by the next `start`.
 */
export class ProcessRuntime implements Runtime {
  readonly #options: ProcessRuntimeOptions;
  readonly #log: Logger;
  readonly #groups = new Map<string, GroupProcess>();
  readonly #places = new Map<string, Place>();
  readonly #listeners = new Set<(id: string, error: unknown) => void>();

  constructor(options: ProcessRuntimeOptions, { log }: { readonly log: Logger }) {
    this.#options = options;
    this.#log = log;
  }

  prepare(group: string): void {
    this.#group(group).prepare();
  }

  async start(request: RunRequest): Promise<Running> {
    this.#places.set(request.id, { group: request.group, dataDir: join(request.directory, "node") });
    return await this.#group(request.group).start(request);
  }

  async stop(id: string): Promise<void> {
    const place = this.#places.get(id);
    if (place === undefined) return;
    await this.#groups.get(place.group)?.stop(id);
    this.#places.delete(id);
  }

  running(id: string): Running | null {
    const place = this.#places.get(id);
    return (place && this.#groups.get(place.group)?.running(id)) ?? null;
  }

  /** Process id of a group; null while none of its rollups runs. */
  async pidOf(group: string): Promise<number | null> {
    return (await this.#groups.get(group)?.pid()) ?? null;
  }

  onExit(listener: (id: string, error: unknown) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async snapshot(id: string, options: SnapshotOptions): Promise<SnapshotResult> {
    const place = this.#places.get(id);
    if (place === undefined || this.running(id) === null) {
      throw new RaasError("NOT_RUNNING", "the rollup does not run: start it first");
    }
    return await snapshotOf(place.dataDir, options);
  }

  async rotateKeys(id: string): Promise<void> {
    const place = this.#places.get(id);
    if (place !== undefined && this.running(id) !== null) await rotateKeysOf(place.dataDir);
  }

  async drain(id: string, timeoutMs: number): Promise<number> {
    const place = this.#places.get(id);
    if (place === undefined || this.running(id) === null) {
      throw new RaasError("NOT_RUNNING", "the rollup does not run: start it first");
    }
    return await drainOf(place.dataDir, timeoutMs);
  }

  async close(): Promise<void> {
    const groups = [...this.#groups.values()];
    this.#groups.clear();
    this.#places.clear();
    await Promise.all(groups.map((group) => group.close()));
  }

  #group(name: string): GroupProcess {
    let group = this.#groups.get(name);
    if (group === undefined) {
      const { directory, clientVersion } = this.#options;
      const onExit = (id: string, error: unknown) => {
        for (const listener of this.#listeners) listener(id, error);
      };
      group = new GroupProcess({ name, directory, clientVersion }, { log: this.#log, onExit });
      this.#groups.set(name, group);
    }
    return group;
  }
}
