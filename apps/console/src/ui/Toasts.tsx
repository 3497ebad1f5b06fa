import { X } from "lucide-react";
import { useEffect } from "react";
import type { Toast } from "./toast.ts";
import { dismissToast, useToasts } from "./toast.ts";

const GOOD_SHOWN_MS = 6_000;

function ToastItem({ item }: { readonly item: Toast }) {
  useEffect(() => {
    // A failure stays until it is read.
    if (item.tone === "bad") return;
    const timer = setTimeout(() => dismissToast(item.id), GOOD_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [item]);
  return (
    <div className="toast">
      <span className={item.tone === "bad" ? "problem-text" : undefined}>{item.text}</span>
      <button type="button" className="copy" aria-label="Dismiss" onClick={() => dismissToast(item.id)}>
        <X size={14} aria-hidden="true" />
      </button>
    </div>
  );
}

export function Toasts() {
  const toasts = useToasts();
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map((item) => (
        <ToastItem key={item.id} item={item} />
      ))}
    </div>
  );
}
