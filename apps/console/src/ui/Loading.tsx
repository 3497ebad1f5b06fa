import { useEffect, useState } from "react";

const QUIET_MS = 150;
const WIDTHS = ["w1", "w2", "w3", "w4"];

/** Grey lines where content will be. Nothing is shown at first: most answers come before an eye has settled. */
export function Loading({ lines = 4, label = "Loading" }: { readonly lines?: number; readonly label?: string }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), QUIET_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="card-body stack" role="status" aria-label={label}>
      {shown
        ? Array.from({ length: lines }, (_, index) => (
            <div key={`line-${index + 1}`} className={`skeleton ${WIDTHS[index % WIDTHS.length]}`} />
          ))
        : null}
    </div>
  );
}
