import type { Spec } from "../../api/types.ts";
import { valueAt, withValue } from "../../form/schema.ts";

/** Above the ids that public chains use, and within what every wallet can hold. */
const CHAIN_ID_MIN = 100_000_000;
const CHAIN_ID_SPAN = 1_900_000_000;

/**
 * What a preset cannot know: a name that the team does not use yet, and a chain id that nobody else is likely to have.
 * Chosen once, so that trying another preset does not change it.
 */
export function freshIdentity(
  taken: readonly string[],
  random: () => number = () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
): (spec: Spec) => Spec {
  const chainId = CHAIN_ID_MIN + Math.floor(random() * CHAIN_ID_SPAN);
  return (spec) => {
    const wanted = String(valueAt(spec, "name") ?? "my-rollup");
    let name = wanted;
    for (let number = 2; taken.includes(name); number += 1) name = `${wanted}-${number}`;
    return withValue(withValue(spec, "name", name), "chain.chainId", chainId);
  };
}
