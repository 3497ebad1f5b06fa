import { Check, Copy as CopyIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { toast } from "./toast.ts";

const SHOWN_MS = 1_500;

/** Copies `text`; `label` names what ("Copy the RPC URL"). */
export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button"
      className="copy"
      aria-label={copied ? "Copied" : label}
      title={label}
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => setCopied(true),
          () => toast({ tone: "bad", text: "The browser does not allow copying here." }),
        );
      }}
    >
      {copied ? <Check size={13} aria-hidden="true" /> : <CopyIcon size={13} aria-hidden="true" />}
    </button>
  );
}
