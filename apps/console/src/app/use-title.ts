import { useEffect } from "react";

/** The tab's title: "Block 17, Arcade - AltLayer". */
export function useTitle(...parts: readonly string[]): void {
  const title = [parts.filter((part) => part !== "").join(", "), "AltLayer"].filter((part) => part !== "").join(" - ");
  useEffect(() => {
    document.title = title;
  }, [title]);
}
