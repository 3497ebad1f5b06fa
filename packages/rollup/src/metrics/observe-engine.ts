import type { CandidateId, Engine, ExecutionPayload, PayloadStatus } from "@altlayer/engine";
import type { NodeMetrics } from "./registry.ts";

/**
 * The same engine, with its blocks counted and timed on the way: a few numbers a block, nothing a transaction. Whoever
 * builds or imports blocks knows nothing of it.
 */
export function observeEngine(engine: Engine, { metrics }: NodeMetrics): Engine {
  const openedAt = new Map<CandidateId, number>();
  const count = (payload: ExecutionPayload) => {
    metrics.blockTransactions.inc(payload.transactions.length);
    metrics.blockGas.inc(Number(payload.gasUsed));
  };
  const observed: Pick<Engine, "open" | "seal" | "drop" | "newPayload"> = {
    open: async (...args) => {
      const startedAt = performance.now();
      const opened = await engine.open(...args);
      openedAt.set(opened.candidate, startedAt);
      return opened;
    },
    seal: async (candidate) => {
      const startedAt = performance.now();
      const opened = openedAt.get(candidate);
      openedAt.delete(candidate);
      const payload = await engine.seal(candidate);
      const endedAt = performance.now();
      metrics.blocksSealed.inc();
      metrics.blockSeal.observe((endedAt - startedAt) / 1000);
      if (opened !== undefined) metrics.blockBuild.observe((endedAt - opened) / 1000);
      count(payload);
      return payload;
    },
    drop: (candidate) => {
      openedAt.delete(candidate);
      return engine.drop(candidate);
    },
    newPayload: async (payload): Promise<PayloadStatus> => {
      const status = await engine.newPayload(payload);
      if (status.status === "VALID") {
        metrics.blocksImported.inc();
        count(payload);
      }
      return status;
    },
  };
  engine.onEvent((event) => {
    if (event.kind === "fatal") metrics.engineFailed.set(1);
    if (event.kind !== "heads" || event.change.dropped.length === 0) return;
    metrics.reorgs.inc();
    metrics.reorgedBlocks.inc(event.change.dropped.length);
  });
  const bound = new Map<PropertyKey, unknown>(Object.entries(observed));
  return new Proxy(engine, {
    get(target, property) {
      const known = bound.get(property);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      const method: unknown = value.bind(target);
      bound.set(property, method);
      return method;
    },
  });
}
