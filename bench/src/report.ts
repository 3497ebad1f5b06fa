import { describeMachine } from "./machine.ts";

export type Cell = string | number | null;
export type Row = Readonly<Record<string, Cell>>;

export interface Report {
  readonly name: string;
  /** One sentence: what was measured. */
  readonly about: string;
  /** What a reader must know to judge the figures: load, data availability, what ran beside. */
  readonly setting: Readonly<Record<string, Cell>>;
  readonly rows: readonly Row[];
}

/** Prints a report: a table for people, or with `json` one object for programs. */
export function print(report: Report, { json }: { readonly json: boolean }, machine = describeMachine()): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...report, machine }, null, 2)}\n`);
    return;
  }
  const lines = [`${report.name}: ${report.about}`, ""];
  const { cpu, cores, memoryGib, kernel, node, loadBefore } = machine;
  lines.push(`  machine: ${cores} cores ${cpu}, ${memoryGib} GiB, ${kernel}, Node ${node}, load before ${loadBefore}`);
  for (const [key, value] of Object.entries(report.setting)) lines.push(`  ${key}: ${shown(value)}`);
  lines.push("", ...table(report.rows));
  process.stdout.write(`${lines.join("\n")}\n`);
}

function table(rows: readonly Row[]): string[] {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = [columns, ...rows.map((row) => columns.map((column) => shown(row[column] ?? null)))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)));
  return cells.map((line) =>
    line
      .map((cell, index) => align(cell, index, widths))
      .join("  ")
      .trimEnd(),
  );
}

function align(cell: string, index: number, widths: readonly number[]): string {
  const width = widths[index] ?? 0;
  return index === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function shown(value: Cell): string {
  if (value === null) return "-";
  return typeof value === "number" ? value.toLocaleString("en-US", { maximumFractionDigits: 2 }) : value;
}
