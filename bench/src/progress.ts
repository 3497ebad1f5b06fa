/** A line on standard error about where a long bench is, with the seconds since its start; the results go to standard output. */
export function note(text: string): void {
  process.stderr.write(`[${(performance.now() / 1000).toFixed(0).padStart(4)} s] ${text}\n`);
}
