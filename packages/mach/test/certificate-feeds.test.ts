import type { Hex } from "@altlayer/protocol";
import { expect, test } from "vitest";
import { CertificateFeeds } from "../src/node/certificates/feeds.ts";
import { CertificateRelay } from "../src/node/certificates/relay.ts";
import { Peer } from "../src/node/links/peer.ts";
import { decodeFrame, encodeFrame, type Frame } from "../src/node/links/wire.ts";
import { named } from "./support/chain.ts";

const RENEW_MS = 10_000;
const NAME_EVERY_MS = 1_000;

/** A peer that has spoken, and what it is sent. */
function peerCalled(id: string) {
  const peer = new Peer(
    { id, idBytes: named(id) },
    { onFrame: () => undefined, onFault: () => undefined, onDropped: () => undefined },
  );
  peer.link = null;
  const sent: Frame[] = [];
  peer.sendEncoded = (encoded) => void sent.push(decodeFrame(encoded.subarray(4)));
  return { peer, sent };
}

function feeds(count: number) {
  const all = Array.from({ length: count }, (_, i) => peerCalled(`operator ${i}`));
  const connected = all.map(({ peer }) => peer);
  const known = new Set<Hex>();
  const requests: string[] = [];
  const clock = { nowMs: 0 };
  const observer = new CertificateFeeds({
    peers: () => connected,
    isKnown: (digest) => known.has(digest),
    request: (peer, digest) => requests.push(`${peer.id} ${digest ?? "newest"}`),
    nowMs: () => clock.nowMs,
  });
  const told = () => all.map(({ sent }) => sent.splice(0).map(({ type }) => type));
  return { observer, peers: connected as [Peer, Peer, Peer], connected, known, requests, clock, told };
}

test("who brings what another has brought is pruned, but never the last that feeds", () => {
  const { observer, peers, told } = feeds(3);
  observer.duplicate(peers[1]);
  observer.duplicate(peers[2]);
  observer.duplicate(peers[2]);
  expect(told()).toEqual([[], ["prune"], ["prune"]]);
  observer.duplicate(peers[0]);
  expect(told()).toEqual([[], [], []]);
});

test("one that has not spoken yet feeds nobody", () => {
  const { observer, peers, told } = feeds(2);
  peers[1].link = undefined;
  observer.duplicate(peers[0]);
  expect(told()).toEqual([[], []]);
});

test("who names what is missing is grafted and asked: for one by its digest, for more by height", () => {
  const { observer, peers, known, requests, told } = feeds(3);
  observer.duplicate(peers[1]);
  observer.duplicate(peers[2]);
  told();
  known.add(named("held"));
  observer.named(peers[1], [named("held")]);
  expect([told(), requests]).toEqual([[[], [], []], []]);
  observer.named(peers[1], [named("held"), named("missing")]);
  observer.named(peers[2], [named("missing"), named("missing too")]);
  expect(told()).toEqual([[], ["graft"], ["graft"]]);
  expect(requests).toEqual([`operator 1 ${named("missing")}`, "operator 2 newest"]);
});

test("when the one that feeds is gone, all others do again, and are asked for what was missed", () => {
  const { observer, peers, connected, requests, told } = feeds(3);
  observer.duplicate(peers[1]);
  observer.duplicate(peers[2]);
  told();
  observer.gone(connected.shift() as Peer);
  expect(told()).toEqual([[], ["graft"], ["graft"]]);
  expect(requests).toEqual(["operator 1 newest", "operator 2 newest"]);
});

test("now and then all feed again, so that none can hold certificates back for long", () => {
  const { observer, peers, clock, told } = feeds(3);
  observer.duplicate(peers[1]);
  told();
  clock.nowMs = RENEW_MS - 1;
  observer.tick();
  expect(told()).toEqual([[], [], []]);
  clock.nowMs = RENEW_MS;
  observer.tick();
  expect(told()).toEqual([[], ["graft"], []]);
});

test("a pruned peer is told the names of blocks' certificates that it has not shown, and sent all again once grafted", () => {
  const clock = { nowMs: 0 };
  const { peer, sent } = peerCalled("observer");
  const relay = new CertificateRelay({ peers: () => [peer], nowMs: () => clock.nowMs });
  const certificate = (name: string, ofBlock = true) => {
    const frame = encodeFrame({ type: "request", query: { digest: named(name) } });
    return { digest: named(name), ofBlock, signers: 3, frame };
  };
  relay.prune(peer);
  relay.spread(certificate("slice", false));
  relay.spread(certificate("shown"));
  relay.spread(certificate("new"));
  relay.shown(peer, named("shown"), 3);
  relay.tick();
  expect(sent.splice(0)).toEqual([]);
  clock.nowMs = NAME_EVERY_MS;
  relay.tick();
  expect(sent.splice(0)).toEqual([{ type: "have", digests: [named("new")] }]);
  clock.nowMs = 2 * NAME_EVERY_MS;
  relay.tick();
  expect(sent.splice(0)).toEqual([]);
  relay.graft(peer);
  relay.spread(certificate("next"));
  expect(sent).toEqual([{ type: "request", query: { digest: named("next") } }]);
});
