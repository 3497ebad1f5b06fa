import type { QueryClient } from "@tanstack/react-query";
import { segment } from "./client.ts";
import { rollupPath, rollupsQuery } from "./queries.ts";
import type { Live, LogLine, Rollup, RollupSummary, Step } from "./types.ts";

/** Log lines kept in the page; older ones are in the server's answer to `logs`. */
export const LOG_LINES_MAX = 1_000;
const RETRY_MS = 3_000;

export interface RollupEvents {
  readonly onLog?: (line: LogLine) => void;
  /** Whether the stream stands. The page says so when it does not: silence must not look like calm. */
  readonly onConnected?: (connected: boolean) => void;
}

/**
 * Follows one rollup: every event goes into the query cache, so whoever shows the rollup shows it live.
 * EventSource resumes by itself after a lost connection; after a refusal it gives up, so we try again.
 * @returns stops following
 */
export function followRollup(
  options: { readonly team: string; readonly rollup: string } & RollupEvents,
  { queries }: { readonly queries: QueryClient },
): () => void {
  const { team, rollup, onLog, onConnected } = options;
  const key = ["team", team, "rollup", rollup] as const;
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const on = <Data>(name: string, take: (data: Data) => void) =>
    source.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data) as Data));

  const open = () => {
    source = new EventSource(`/api/v1${rollupPath(team, rollup)}/events${onLog === undefined ? "" : "?logs=true"}`);
    source.onopen = () => onConnected?.(true);
    source.onerror = () => {
      onConnected?.(false);
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, RETRY_MS);
    };
    on<Rollup>("rollup", (data) => queries.setQueryData(key, data));
    on<Live>("live", (data) => queries.setQueryData([...key, "live"], data));
    on<Step>("step", (step) =>
      queries.setQueryData<Rollup>(key, (held) =>
        held === undefined ? held : { ...held, steps: withStep(held.steps, step) },
      ),
    );
    if (onLog !== undefined) on<LogLine>("log", onLog);
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

export function withStep(steps: readonly Step[], step: Step): readonly Step[] {
  const known = steps.some(({ name }) => name === step.name);
  return known ? steps.map((held) => (held.name === step.name ? step : held)) : [...steps, step];
}

/** Follows the team's list: a rollup that changes is changed in the list at once, a new one makes it read again. */
export function followTeam(
  { team }: { readonly team: string },
  { queries }: { readonly queries: QueryClient },
): () => void {
  const key = rollupsQuery(team).queryKey;
  const source = new EventSource(`/api/v1/teams/${segment(team)}/events`);
  source.addEventListener("rollup", (event) => {
    const changed = JSON.parse((event as MessageEvent<string>).data) as RollupSummary;
    const held = queries.getQueryData(key);
    if (held?.items.some(({ id }) => id === changed.id)) {
      queries.setQueryData(key, {
        ...held,
        items: held.items.map((rollup) => (rollup.id === changed.id ? changed : rollup)),
      });
    } else void queries.invalidateQueries({ queryKey: key });
  });
  return () => source.close();
}
