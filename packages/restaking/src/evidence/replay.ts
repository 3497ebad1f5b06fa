import { BLOCK, type Certificate } from "@altlayer/protocol";

/**
 * Which of the certificates that a node holds are worth another look when it starts: those that hashes alone do not show
 * to be of one chain. Of a chain without a fork or a gap that is none; a look at each costs proofs from disk.
 * @param certificates by ascending height
 */
export function doubtful(certificates: readonly Certificate[]): readonly Certificate[] {
  const heights = new Map<number, Certificate[]>();
  for (const each of certificates) {
    const { height } = each.message.core;
    heights.set(height, [...(heights.get(height) ?? []), each]);
  }
  const found: Certificate[] = [];
  let below: readonly Certificate[] = [];
  for (const at of heights.values()) {
    const follow = below.length === 0 || (below.length === 1 && at.every((each) => isParent(below[0]!, each)));
    // Who is looked at is compared with its neighbours: those below need no look of their own.
    if (at.length > 1 || !follow) found.push(...at);
    below = at;
  }
  return found;
}

function isParent({ message: low }: Certificate, { message: high }: Certificate): boolean {
  const { core } = high;
  return low.kind === BLOCK && core.height === low.core.height + 1 && core.parentHash === low.core.blockHash;
}
