import { z } from "zod";
import { RaasError } from "../errors.ts";
import type { Networks } from "../networks.ts";
import type { Outbound } from "../outbound/outbound.ts";
import { readChainFiles } from "../runtime/chain-files.ts";
import type { Running, RunRequest, Runtime, SnapshotResult } from "../runtime/runtime.ts";
import type { AttachmentStore } from "../store/attachments.ts";
import { ForeignRpc } from "./foreign-rpc.ts";
import { type Relay, startRelay } from "./relay.ts";

interface Entry {
  readonly relay: Relay;
  readonly running: Running;
}

export interface AttachedRuntimeDependencies {
  /** Runs what is ours. */
  readonly own: Runtime;
  readonly attachments: AttachmentStore;
  readonly networks: Networks;
  readonly outbound: Outbound;
}

const hash = z.object({ hash: z.string() });

/**
 * Runs our rollups by another runtime; for chains that others run, "running" means that they are reached. Where one was
 * given MACH, that other runtime runs a follower of it with the service's operators beside it.
 */
export class AttachedRuntime implements Runtime {
  readonly #deps: AttachedRuntimeDependencies;
  readonly #entries = new Map<string, Entry>();

  constructor(dependencies: AttachedRuntimeDependencies) {
    this.#deps = dependencies;
    // Without its operators it does not run as it should: the next start reaches it anew.
    dependencies.own.onExit((id) => {
      const entry = this.#entries.get(id);
      this.#entries.delete(id);
      void entry?.relay.close();
    });
  }

  /** Where rollups of ours run. */
  get own(): Runtime {
    return this.#deps.own;
  }

  prepare(group: string): void {
    this.#deps.own.prepare?.(group);
  }

  /**
   * @throws RaasError `NETWORK_MISMATCH` when another chain answers than the one that was attached, `RESTORE_FAILED`
   * when the genesis that its operators need is gone
   */
  async start(request: RunRequest): Promise<Running> {
    const { own, attachments, networks, outbound } = this.#deps;
    const attachment = await attachments.find(request.id);
    if (attachment === null) return await own.start(request);
    const known = this.#entries.get(request.id);
    if (known !== undefined) return known.running;
    const rpc = new ForeignRpc({ url: await attachments.rpcUrl(request.id) }, { outbound });
    const genesis = await rpc.ask("eth_getBlockByNumber", ["0x0", false], hash);
    if (genesis.hash !== attachment.genesisHash) {
      throw new RaasError("NETWORK_MISMATCH", `${attachment.rpcHost} serves another chain than the one attached`, {
        details: { expected: attachment.genesisHash, found: genesis.hash },
      });
    }
    const networkId = request.network.id;
    const l1Head = () => networks.request(networkId, "eth_getBlockByNumber", ["latest", false]);
    const follower = () => own.running(request.id)?.endpoints.rpc ?? null;
    const relay = await startRelay({ rpc, follower, l1Head });
    try {
      await this.#follow(request, attachment.mach?.peers ?? []);
    } catch (error) {
      await relay.close();
      throw error;
    }
    const shown = { rpc: `https://${attachment.rpcHost}`, ws: `wss://${attachment.rpcHost}`, flashblocks: null };
    const running: Running = {
      settings: request.settings,
      endpoints: { rpc: relay.url, ws: relay.url, flashblocks: null },
      shown,
      ports: { rpc: relay.port, flashblocks: relay.port },
    };
    this.#entries.set(request.id, { relay, running });
    return running;
  }

  async #follow(request: RunRequest, peers: readonly string[]): Promise<void> {
    if (request.mach === null) return;
    await readChainFiles(request.directory).catch((cause: unknown) => {
      const message = `the genesis and configuration of ${request.spec.name} are not here any more: give them again`;
      throw new RaasError("RESTORE_FAILED", message, { cause });
    });
    // The ports on record are the relay's.
    await this.#deps.own.start({ ...request, ports: null, follow: { peers } });
  }

  async stop(id: string): Promise<void> {
    await this.#deps.own.stop(id);
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    await entry?.relay.close();
  }

  running(id: string): Running | null {
    return this.#entries.get(id)?.running ?? this.#deps.own.running(id);
  }

  onExit(listener: (id: string, error: unknown) => void): () => void {
    return this.#deps.own.onExit(listener);
  }

  async rotateKeys(id: string): Promise<void> {
    if (!this.#entries.has(id)) await this.#deps.own.rotateKeys(id);
  }

  /** What others run goes on without us. */
  async drain(id: string, timeoutMs: number): Promise<number> {
    return this.#entries.has(id) ? 0 : await this.#deps.own.drain(id, timeoutMs);
  }

  async snapshot(
    id: string,
    options: { readonly path: string; readonly block: "safe" | "finalized" },
  ): Promise<SnapshotResult> {
    if (this.#entries.has(id)) throw new RaasError("CONFLICT", "others run this chain: there are no data of it here");
    return await this.#deps.own.snapshot(id, options);
  }

  async close(): Promise<void> {
    await this.#deps.own.close();
    await Promise.all([...this.#entries.keys()].map((id) => this.stop(id)));
  }
}
