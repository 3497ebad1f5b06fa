import { Check, Circle, X } from "lucide-react";
import type { Step } from "../../api/types.ts";
import { formatDuration } from "../../chain/format.ts";
import { useNow } from "../../ui/use-now.ts";
import "./steps.css";

const STATUS_TEXT: Record<Step["status"], string> = {
  pending: "to do",
  running: "at work",
  done: "done",
  failed: "failed, will be tried again",
};

/** What the launch has done and is doing, as it happens. */
export function LaunchProgress({ steps }: { readonly steps: readonly Step[] }) {
  const done = steps.filter(({ status }) => status === "done").length;
  return (
    <section className="card" aria-labelledby="launch-title">
      <div className="card-head">
        <h2 id="launch-title">Launch</h2>
        <span className="small quiet" role="status">
          {done} of {steps.length} steps
        </span>
      </div>
      <ol className="steps">
        {steps.map((step) => (
          <StepItem key={step.name} step={step} />
        ))}
      </ol>
    </section>
  );
}

/** One step with its time; `details` also of one that is done. */
export function StepItem({ step, details }: { readonly step: Step; readonly details?: boolean }) {
  const now = useNow();
  const started = step.startedAt === null ? undefined : Date.parse(step.startedAt);
  const ended = step.endedAt === null ? now : Date.parse(step.endedAt);
  return (
    <li className={step.status}>
      <span className="step-mark" aria-hidden="true">
        {step.status === "done" ? (
          <Check size={14} />
        ) : step.status === "failed" ? (
          <X size={14} />
        ) : step.status === "running" ? (
          <span className="spinner" />
        ) : (
          <Circle size={10} />
        )}
      </span>
      <span>
        {step.title}
        <span className="visually-hidden"> ({STATUS_TEXT[step.status]})</span>
        {step.attempt > 1 ? <span className="faint"> attempt {step.attempt}</span> : null}
        {step.problem === null ? null : <span className="problem-text step-note">{step.problem.message}</span>}
        {step.detail === null || (step.status === "done" && !details) ? null : (
          <span className="faint step-note">{step.detail}</span>
        )}
      </span>
      <span className="faint number">
        {started === undefined || step.status === "pending" ? "" : formatDuration(Math.max(0, ended - started))}
      </span>
    </li>
  );
}
