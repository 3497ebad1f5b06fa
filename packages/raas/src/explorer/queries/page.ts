import { RaasError } from "../../errors.ts";
import { blockOf, idOf, PLACES, placeOf } from "../tables.ts";

export interface IndexPage {
  readonly limit: number;
  /** Of the last item seen; lists go from the newest to the oldest. */
  readonly cursor?: string;
}

export interface Listed<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** Above every id. */
const NEWEST = Number.MAX_SAFE_INTEGER;

/** A cursor `block.place` as the id that a list goes on below. @throws RaasError `BAD_REQUEST` */
export function below(cursor: string | undefined): number {
  if (cursor === undefined) return NEWEST;
  const match = /^(\d{1,9})\.(\d{1,7})$/.exec(cursor);
  if (match === null || Number(match[2]) >= PLACES) throw notOurs();
  return idOf(Number(match[1]), Number(match[2]));
}

export const cursorOf = (id: number): string => `${blockOf(id)}.${placeOf(id)}`;

export const notOurs = (): RaasError => new RaasError("BAD_REQUEST", "this cursor is none of ours");

/** One item more than asked for tells that there is a next page. */
export function listed<Row, T>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => T,
  cursor: (row: Row) => string,
): Listed<T> {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { items: page.map(view), nextCursor: rows.length > limit && last !== undefined ? cursor(last) : null };
}
