/** A page from one item more than was asked for: the extra one tells that there is a next page. */
export function paged<T extends { readonly id: string }, V>(
  query: { readonly limit: number },
  items: readonly T[],
  view: (item: T) => V,
): { readonly items: readonly V[]; readonly nextCursor: string | null } {
  const page = items.slice(0, query.limit);
  const more = items.length > query.limit;
  return { items: page.map(view), nextCursor: more ? (page.at(-1)?.id ?? null) : null };
}
