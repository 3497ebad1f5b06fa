import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second in /proc, which Linux fixes for user space. */
const TICKS = 100;
const MIB = 1024;

/** CPU time of a process and its ended children so far, in milliseconds (ticks of 10 ms). */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
}

/** CPU time of each kind of thread in milliseconds; threads of one name are summed. */
export function threadCpuMsOf(pid: number, readdir: (path: string) => string[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const tid of readdir(`/proc/${pid}/task`)) {
    try {
      const stat = readFileSync(`/proc/${pid}/task/${tid}/stat`, "utf8");
      const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      sums.set(name, (sums.get(name) ?? 0) + ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS);
    } catch {
      // The thread ended between the listing and the reading.
    }
  }
  return sums;
}

function statusMib(pid: number, field: string): number {
  const line = readFileSync(`/proc/${pid}/status`, "utf8")
    .split("\n")
    .find((text) => text.startsWith(`${field}:`));
  return Math.round(Number(line?.split(/\s+/)[1] ?? 0) / MIB);
}

/** Resident memory now and at its peak, in MiB. */
export const residentMib = (pid: number): number => statusMib(pid, "VmRSS");
export const peakMib = (pid: number): number => statusMib(pid, "VmHWM");

/** Processes that a process has started and that run. */
export function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((tid) =>
    readFileSync(`/proc/${pid}/task/${tid}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
}

/** Threads and open descriptors. */
export const threadsOf = (pid: number): number => readdirSync(`/proc/${pid}/task`).length;
export const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;
