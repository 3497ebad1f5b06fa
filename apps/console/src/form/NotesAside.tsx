import type { ChangeBy, ChangeEffect } from "../api/types.ts";
import type { FieldNotes } from "./schema.ts";

const EFFECTS: Record<ChangeEffect, string> = {
  live: "at once",
  restart: "with a short restart",
  signature: "by a signature",
  none: "",
};

/** Whether and how a field can change later, in words. */
export function changeText(change: ChangeBy, effect: ChangeEffect): string {
  if (change === "never") return "Never";
  if (change === "owner") return "Only by the owner's signature on the settlement network";
  return `Any time, ${EFFECTS[effect]}`;
}

/** A note that says: nothing new. */
export const isNothing = (text: string) => /^(none|nobody new)\.?$/i.test(text.trim());

/** What a choice costs, whom it makes users trust, and whether it can change. What is "none" is said faintly. */
export function NotesAside({ notes }: { readonly notes: Partial<FieldNotes> }) {
  const { cost, trust, change, effect } = notes;
  if (cost === undefined && trust === undefined && change === undefined) return <div />;
  return (
    <dl className="notes small">
      <Note title="Cost" text={cost} />
      <Note title="Trust" text={trust} />
      {change === undefined ? null : <Note title="Change later" text={changeText(change, effect ?? "none")} />}
    </dl>
  );
}

function Note({ title, text }: { readonly title: string; readonly text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <div className={isNothing(text) ? "nothing" : undefined}>
      <dt>{title}</dt>
      <dd>{text}</dd>
    </div>
  );
}
