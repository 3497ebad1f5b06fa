import { useSyncExternalStore } from "react";

export interface Toast {
  readonly id: number;
  readonly tone: "good" | "bad";
  readonly text: string;
}

const SHOWN_MAX = 4;
let toasts: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/** Tells the user of something that happened. Older ones give way; errors of a form stand in the form instead. */
export function toast({ tone = "good", text }: { readonly tone?: Toast["tone"]; readonly text: string }): void {
  lastId += 1;
  change([...toasts, { id: lastId, tone, text }].slice(-SHOWN_MAX));
}

export const dismissToast = (id: number): void => change(toasts.filter((shown) => shown.id !== id));

export const useToasts = (): readonly Toast[] =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
