/** A page in Prometheus' text format, read back. */
export class Exposition {
  readonly text: string;
  readonly metrics = new Map<string, { help: string; kind: string }>();
  readonly #samples = new Map<string, { labels: Record<string, string>; value: number }[]>();

  constructor(text: string) {
    this.text = text;
    let help = "";
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const [, keyword, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
      if (keyword === "HELP") help = rest;
      else if (keyword === "TYPE") {
        if (this.metrics.has(name)) throw new TypeError(`${name} is there twice`);
        this.metrics.set(name, { help, kind: rest });
      } else this.#sample(line);
    }
  }

  #sample(line: string): void {
    const [, name, inBraces = "", value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new TypeError(`not a sample: ${line}`);
    const pairs = [...inBraces.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
    const labels = Object.fromEntries(pairs.map(([, label, text]) => [label, text]));
    const samples = this.#samples.get(name) ?? [];
    samples.push({ labels, value: value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value) });
    this.#samples.set(name, samples);
  }

  /** Whether a query may name it: a metric, or a histogram's series. */
  has(name: string): boolean {
    return this.metrics.has(name) || this.metrics.get(name.replace(/_(?:bucket|sum|count)$/, ""))?.kind === "histogram";
  }

  /** The sample that has at least these labels. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const wanted = Object.entries(labels);
    return this.#samples.get(name)?.find((sample) => wanted.every(([k, v]) => sample.labels[k] === v))?.value;
  }
}
