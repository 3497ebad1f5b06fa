import { readdirSync, readFileSync } from "node:fs";

/** Resident memory and open descriptors of a process, from /proc (Linux). */
export function processHealth(pid: number): { readonly rssMiB: number; readonly descriptors: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  return { rssMiB: kib / 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}
