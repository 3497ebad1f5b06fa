import type { ReactNode } from "react";
import { useEffect, useRef, useState } from "react";

/** A table that scrolls sideways where it does not fit; then the keyboard reaches it too. */
export function TableScroll({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  const element = useRef<HTMLDivElement>(null);
  const [overflows, setOverflows] = useState(false);
  useEffect(() => {
    const box = element.current;
    if (box === null) return;
    const measure = () => setOverflows(box.scrollWidth > box.clientWidth);
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    if (box.firstElementChild !== null) observer.observe(box.firstElementChild);
    return () => observer.disconnect();
  }, []);
  return (
    // biome-ignore lint/a11y/useSemanticElements: neither a field set nor a landmark of its own
    <div ref={element} className="table-scroll" role="group" aria-label={label} tabIndex={overflows ? 0 : undefined}>
      {children}
    </div>
  );
}
