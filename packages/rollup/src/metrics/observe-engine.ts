import type { CandidateId, Engine, ExecutionPayload, PayloadStatus, SliceEngine } from "@altlayer/engine";
import type { NodeMetrics } from "./registry.ts";

/** A block that is being built. */
interface Building {
  readonly openedAt: number;
  transactionCount: number;
}

/**
 * The same engine, with its blocks and slices counted and timed on the way: a few numbers a block or slice, nothing a
 * transaction. Whoever builds or imports blocks knows nothing of it.
 */
export function observeEngine(engine: Engine, { metrics }: NodeMetrics): Engine {
  const building = new Map<CandidateId, Building>();
  const begun = <T extends { readonly candidate: CandidateId; readonly transactionCount: number }>(opened: T): T => {
    const { candidate, transactionCount } = opened;
    building.set(candidate, { openedAt: performance.now(), transactionCount });
    return opened;
  };
  const count = ({ gasUsed }: ExecutionPayload, transactions: number) => {
    metrics.blockTransactions.inc(transactions);
    metrics.blockGas.inc(Number(gasUsed));
  };
  const observed: Pick<Engine, "open" | "extend" | "seal" | "drop" | "newPayload" | "slices"> = {
    open: async (...args) => begun(await engine.open(...args)),
    extend: async (candidate, source) => {
      const result = await engine.extend(candidate, source);
      const block = building.get(candidate);
      if (block) block.transactionCount = result.transactionCount;
      return result;
    },
    seal: async (candidate, options) => {
      const startedAt = performance.now();
      const block = building.get(candidate);
      building.delete(candidate);
      const payload = await engine.seal(candidate, options);
      const endedAt = performance.now();
      metrics.blocksSealed.inc();
      metrics.blockSeal.observe((endedAt - startedAt) / 1000);
      if (block) metrics.blockBuild.observe((endedAt - block.openedAt) / 1000);
      // A brief answer leaves the transactions out.
      count(payload, block?.transactionCount ?? payload.transactions.length);
      return payload;
    },
    drop: (candidate) => {
      building.delete(candidate);
      return engine.drop(candidate);
    },
    newPayload: async (payload): Promise<PayloadStatus> => {
      const status = await engine.newPayload(payload);
      if (status.status === "VALID") {
        metrics.blocksImported.inc();
        count(payload, payload.transactions.length);
      }
      return status;
    },
    slices: engine.slices && observeSlices(engine.slices, begun),
  };
  engine.onEvent((event) => {
    if (event.kind === "slice") metrics.slicesPublished.inc();
    if (event.kind === "undone") metrics.slicesUndone.inc(event.slices);
    if (event.kind === "fatal") metrics.engineFailed.set(1);
    if (event.kind !== "heads" || event.change.dropped.length === 0) return;
    metrics.reorgs.inc();
    metrics.reorgedBlocks.inc(event.change.dropped.length);
  });
  const bound = new Map<PropertyKey, unknown>(Object.entries(observed));
  return new Proxy(engine, {
    get(target, property) {
      if (bound.has(property)) return bound.get(property);
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      const method: unknown = value.bind(target);
      bound.set(property, method);
      return method;
    },
  });
}

function observeSlices(
  slices: SliceEngine,
  begun: <T extends { readonly candidate: CandidateId; readonly transactionCount: number }>(opened: T) => T,
): SliceEngine {
  return {
    open: async (...args) => begun(await slices.open(...args)),
    resume: async () => {
      const resumed = await slices.resume();
      return resumed && begun(resumed);
    },
    watch: (watched) => slices.watch(watched),
    submitSync: (raw) => slices.submitSync(raw),
  };
}
