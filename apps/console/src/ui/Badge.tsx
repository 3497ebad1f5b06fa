import type { Phase, Role } from "../api/types.ts";

export type Tone = "good" | "warn" | "bad" | "accent" | "neutral";

const PHASES: Record<Phase, { readonly label: string; readonly tone: Tone }> = {
  launching: { label: "Launching", tone: "accent" },
  waiting: { label: "Waiting for you", tone: "warn" },
  running: { label: "Running", tone: "good" },
  stopping: { label: "Stopping", tone: "neutral" },
  stopped: { label: "Stopped", tone: "neutral" },
  failed: { label: "Failed", tone: "bad" },
  destroying: { label: "Being removed", tone: "neutral" },
  destroyed: { label: "Removed", tone: "neutral" },
  exported: { label: "Exported", tone: "neutral" },
};

export function Badge({ tone, children }: { readonly tone: Tone; readonly children: string }) {
  return <span className={`badge ${tone}`}>{children}</span>;
}

export function PhaseBadge({ phase }: { readonly phase: Phase }) {
  const { label, tone } = PHASES[phase];
  return (
    <span className={`badge ${tone}`}>
      <span className="dot" aria-hidden="true" />
      {label}
    </span>
  );
}

export const ROLE_TITLES: Record<Role, string> = { owner: "Owner", operator: "Operator", viewer: "Viewer" };
