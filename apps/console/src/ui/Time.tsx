import { formatAgo, formatDate } from "../chain/format.ts";
import { useNow } from "./use-now.ts";

/** How long ago, with the exact time on approach. */
export function Ago({ ms }: { readonly ms: number }) {
  const now = useNow();
  return (
    <time dateTime={new Date(ms).toISOString()} title={formatDate(ms)} className="nowrap">
      {formatAgo(ms, now)}
    </time>
  );
}

export function DateTime({ iso }: { readonly iso: string }) {
  return (
    <time dateTime={iso} className="nowrap">
      {formatDate(Date.parse(iso))}
    </time>
  );
}
