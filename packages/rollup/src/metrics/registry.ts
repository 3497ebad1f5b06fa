import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { METRICS, type MetricDefinition } from "./definitions.ts";

type MetricOf<D extends MetricDefinition> = D["kind"] extends "gauge"
  ? Gauge
  : D["kind"] extends "counter"
    ? Counter
    : Histogram;

export type MetricTable = Readonly<Record<string, MetricDefinition>>;
export type MetricsOf<Table extends MetricTable> = { readonly [K in keyof Table]: MetricOf<Table[K]> };
export type Metrics = MetricsOf<typeof METRICS>;

/** The metrics of one table, of one program: nothing is shared with another of the process. */
export class MetricSet<Table extends MetricTable> {
  readonly registry = new Registry();
  readonly metrics: MetricsOf<Table>;
  /** What counters stood at when they were last read from a part. */
  readonly #read = new Map<string, number>();

  constructor(table: Table) {
    const made = Object.entries(table).map(([key, definition]) => [key, create(definition, this.registry)]);
    this.metrics = Object.fromEntries(made) as MetricsOf<Table>;
  }

  /** Brings a counter to the total that a part counted by itself: parts count in plain numbers and know no metrics. */
  countTo(key: keyof Table & string, total: number, labels: Readonly<Record<string, string>> = {}): void {
    const metric: unknown = this.metrics[key];
    if (!(metric instanceof Counter)) return;
    const id = `${key} ${Object.values(labels).join(" ")}`;
    const before = this.#read.get(id) ?? 0;
    this.#read.set(id, total);
    metric.inc(labels, Math.max(0, total - before));
  }
}

/** One rollup node's metrics. */
export class NodeMetrics extends MetricSet<typeof METRICS> {
  constructor() {
    super(METRICS);
  }
}

function create(definition: MetricDefinition, registry: Registry): Gauge | Counter | Histogram {
  const { kind, name, help, labels = [], buckets } = definition;
  const base = { name, help, labelNames: [...labels], registers: [registry] };
  if (kind === "gauge") return new Gauge(base);
  if (kind === "counter") return new Counter(base);
  return new Histogram({ ...base, ...(buckets ? { buckets: [...buckets] } : {}) });
}

/**
 * What there is once in a process: memory, CPU, event-loop lag. The program makes it and hands it to each node it
 * starts; a node without it serves its own metrics alone.
 */
export function createProcessMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
