const PREFIX = "#sign-in=";

/**
 * The one-time token of a local sign-in link. It travels in the fragment, which no server or log sees, and leaves the
 * address bar and the history before anything else happens.
 */
export function takeLinkToken(): string | undefined {
  const { hash, pathname, search } = window.location;
  if (!hash.startsWith(PREFIX)) return undefined;
  window.history.replaceState(null, "", pathname + search);
  return decodeURIComponent(hash.slice(PREFIX.length));
}
