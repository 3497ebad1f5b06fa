const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Whether a JSON text nests arrays and objects deeper than `limit`. Runs before parsing, so that a body of brackets
 * costs neither a tree of objects nor the stack of whoever serialises it again. Strings are skipped by a native
 * search: they are most of the bytes of a transaction batch.
 */
export function isDeeperThan(body: Buffer, limit: number): boolean {
  let depth = 0;
  for (let index = 0; index < body.length; index++) {
    const byte = body[index];
    if (byte === QUOTE) {
      index = closingQuote(body, index);
      if (index < 0) return false; // unterminated: the parser reports it
    } else if (byte === 0x5b || byte === 0x7b) {
      depth++;
      if (depth > limit) return true;
    } else if (byte === 0x5d || byte === 0x7d) {
      depth--;
    }
  }
  return false;
}

function closingQuote(body: Buffer, opening: number): number {
  let index = body.indexOf(QUOTE, opening + 1);
  while (index > 0) {
    let backslashes = 0;
    while (body[index - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return index;
    index = body.indexOf(QUOTE, index + 1);
  }
  return -1;
}
