// Progress goes to standard error: standard output belongs to the command's own answer (`npm start -s -- --json`).
const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;
const HEARTBEAT_MS = 30_000;

const live = process.stderr.isTTY === true && process.env.TERM !== "dumb" && process.env.CI === undefined;
const paint = (code, text) => (live && process.env.NO_COLOR === undefined ? `\u001b[${code}m${text}\u001b[0m` : text);

export const green = (text) => paint("32", text);
export const red = (text) => paint("31", text);
export const dim = (text) => paint("2", text);
export const bold = (text) => paint("1", text);
export const say = (text) => process.stderr.write(`${text}\n`);

export function seconds(sinceMs) {
  const elapsed = (Date.now() - sinceMs) / 1000;
  return elapsed < 90 ? `${elapsed.toFixed(1)} s` : `${Math.floor(elapsed / 60)} min ${Math.round(elapsed % 60)} s`;
}

/**
 * Shows one step while `work` runs: a spinner with the newest line of output on a terminal, otherwise a line at the
 * start, one every half minute and one at the end.
 * @template T @param {string} title @param {(note: (line: string) => void) => Promise<T>} work @returns {Promise<T>}
 */
export async function step(title, work) {
  const startedMs = Date.now();
  let note = "";
  let frame = 0;
  const draw = () => {
    const width = Math.max(20, (process.stderr.columns ?? 100) - title.length - 16);
    process.stderr.write(
      `\r\u001b[2K${FRAMES[frame++ % FRAMES.length]} ${title} ${dim(`${seconds(startedMs)} ${note.slice(0, width)}`)}`,
    );
  };
  if (!live) say(`· ${title} ...`);
  const timer = live
    ? setInterval(draw, FRAME_MS)
    : setInterval(() => say(`  still at it after ${seconds(startedMs)}: ${note.slice(0, 120)}`), HEARTBEAT_MS);
  try {
    const result = await work((line) => {
      note = line.trim();
    });
    say(`${live ? "\r\u001b[2K" : ""}${green("✓")} ${title} ${dim(`(${seconds(startedMs)})`)}`);
    return result;
  } catch (error) {
    say(`${live ? "\r\u001b[2K" : ""}${red("✗")} ${title} ${dim(`(${seconds(startedMs)})`)}`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
