import { expect, test } from "vitest";
import { Claims } from "../src/node/certificates/claims.ts";
import type { Claim } from "../src/node/certificates/intake.ts";
import { Peer } from "../src/node/links/peer.ts";
import { named } from "./support/chain.ts";

const peerCalled = (id: string) =>
  new Peer(
    { id, idBytes: named(id) },
    { onFrame: () => undefined, onFault: () => undefined, onDropped: () => undefined },
  );

/** Only what is looked at: whose signatures it has. */
const claim = (digest: string, signers: number, signed = true) =>
  ({
    digest: named(digest),
    certificate: { signers: Array.from({ length: signers }, (_, i) => i), signature: signed ? "0x01" : "0x00" },
  }) as unknown as Claim;

/** Claims over a store of signer counts; checks end when the test says so. */
function claims() {
  const held = new Map<string, number>();
  const checks: { readonly claim: Claim; readonly end: () => void }[] = [];
  const banned: Peer[] = [];
  const counts: string[] = [];
  const clock = { nowMs: 0 };
  const queue = new Claims({
    isSigned: (each) =>
      new Promise((resolve) => {
        checks.push({ claim: each, end: () => resolve(each.certificate.signature === "0x01") });
      }),
    isWanted: ({ digest, certificate }) => (held.get(digest) ?? 0) < certificate.signers.length,
    isLinked: (peer) => !banned.includes(peer),
    onValid: ({ digest, certificate }) => held.set(digest, certificate.signers.length),
    onWrong: (peer) => banned.push(peer),
    count: (name) => counts.push(name),
    nowMs: () => clock.nowMs,
  });
  const end = async (index: number) => {
    checks[index]?.end();
    // The promises behind the check.
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };
  return { queue, held, checks, banned, counts, clock, end };
}

test("of certificates with as many signers one is checked, and the next one only if that is wrong", async () => {
  const { queue, held, checks, banned, end } = claims();
  const [a, b, c] = [peerCalled("a"), peerCalled("b"), peerCalled("c")];
  queue.take(claim("first", 3, false), a, false);
  queue.take(claim("first", 3), b, false);
  queue.take(claim("first", 3), c, false);
  expect(checks).toHaveLength(1);
  expect(queue.signerCount(named("first"))).toBe(3);
  expect(queue.signerCount(named("second"))).toBe(0);
  await end(0);
  expect(banned).toEqual([a]);
  expect(checks).toHaveLength(2);
  await end(1);
  expect(held.get(named("first"))).toBe(3);
  expect(checks).toHaveLength(2);
  expect(queue.isChecking).toBe(false);
  expect(queue.signerCount(named("first"))).toBe(0);
});

test("two digests are checked beside each other, the others in turn: no peer keeps another waiting", async () => {
  const { queue, checks, end } = claims();
  const [a, b] = [peerCalled("a"), peerCalled("b")];
  for (let i = 0; i < 300; i++) queue.take(claim(`a${i}`, 3), a, false);
  queue.take(claim("b", 3), b, false);
  expect(checks).toHaveLength(2);
  await end(0);
  await end(1);
  const order = checks.map((check) => check.claim.digest);
  expect(order.slice(0, 4)).toContain(named("b"));
});

test("what waits of one peer has a limit, which is counted", () => {
  const { queue, counts } = claims();
  const a = peerCalled("a");
  for (let i = 0; i < 300; i++) queue.take(claim(`a${i}`, 3), a, false);
  // Two are being checked.
  expect(counts.filter((name) => name === "certificates dropped, too many of a peer")).toHaveLength(300 - 256 - 2);
});

test("more signers than a held certificate's are checked a second later, the most of them, if still wanted", async () => {
  const { queue, held, checks, clock, end } = claims();
  const [a, b] = [peerCalled("a"), peerCalled("b")];
  for (const digest of ["slice", "block"]) held.set(named(digest), 3);
  queue.take(claim("slice", 4), a, true);
  queue.take(claim("block", 4), a, true);
  queue.take(claim("block", 5), b, true);
  expect(queue.signerCount(named("block"))).toBe(5);
  clock.nowMs = 999;
  queue.tick();
  expect(checks).toHaveLength(0);
  // The block's certificate displaced the slice's.
  held.set(named("slice"), 9);
  clock.nowMs = 1_000;
  queue.tick();
  expect(checks.map((check) => check.claim.certificate.signers.length)).toEqual([5]);
  await end(0);
  expect(held.get(named("block"))).toBe(5);
});
