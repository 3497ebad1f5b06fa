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

type Told = ReturnType<typeof peerCalled>;

function feeds(count: number) {
  const all = Array.from({ length: count }, (_, i) => peerCalled(`operator ${i}`));
  const requests: string[] = [];
  const clock = { nowMs: 0 };
  const observer = new CertificateFeeds({
    request: (peer) => requests.push(peer.id),
    nowMs: () => clock.nowMs,
  });
  const told = () => all.map(({ sent }) => sent.splice(0).map(({ type }) => type));
  const peers = all.map(({ peer }) => peer) as [Peer, Peer, Peer];
  return { observer, peers, requests, clock, told };
}

test("who repeats what another has brought is pruned, but never the one that brought it last", () => {
  const { observer, peers, told } = feeds(3);
  observer.duplicate(peers[1]);
  expect(told()).toEqual([[], [], []]);
  observer.brought(peers[0]);
  observer.duplicate(peers[0]);
  observer.duplicate(peers[1]);
  observer.duplicate(peers[2]);
  observer.duplicate(peers[2]);
  expect(told()).toEqual([[], ["prune"], ["prune"]]);
});

test("who names what the others have not sent feeds again, and takes the place of one that is silent", () => {
  const { observer, peers, told } = feeds(3);
  observer.brought(peers[0]);
  observer.duplicate(peers[1]);
  told();
  observer.missed(peers[1]);
  observer.missed(peers[2]);
  expect(told()).toEqual([[], ["graft"], []]);
  observer.brought(peers[1]);
  observer.duplicate(peers[0]);
  expect(told()).toEqual([["prune"], [], []]);
});

test("who is pruned and brings a slice first takes nobody's place: of blocks it brings none", () => {
  const { observer, peers, told } = feeds(3);
  observer.brought(peers[0]);
  observer.duplicate(peers[1]);
  told();
  observer.brought(peers[1]);
  observer.duplicate(peers[0]);
  observer.duplicate(peers[2]);
  expect(told()).toEqual([[], [], ["prune"]]);
});

test("when the one that feeds is gone, all others do again, and are asked for what was missed", () => {
  const { observer, peers, requests, told } = feeds(3);
  observer.brought(peers[0]);
  observer.duplicate(peers[1]);
  observer.duplicate(peers[2]);
  told();
  observer.gone(peers[0]);
  expect(told()).toEqual([[], ["graft"], ["graft"]]);
  expect(requests).toEqual(["operator 1", "operator 2"]);
});

test("now and then all feed again, so that none can hold certificates back for long", () => {
  const { observer, peers, clock, told } = feeds(3);
  observer.brought(peers[0]);
  observer.duplicate(peers[1]);
  told();
  clock.nowMs = RENEW_MS - 1;
  observer.tick();
  expect(told()).toEqual([[], [], []]);
  clock.nowMs = RENEW_MS;
  observer.tick();
  expect(told()).toEqual([[], ["graft"], []]);
});

test("operators and pruned peers are told the names of blocks' certificates that they have not shown, others get all", () => {
  const clock = { nowMs: 0 };
  const [operator, pruned, other] = ["operator", "pruned", "other"].map(peerCalled) as [Told, Told, Told];
  operator.peer.operator = named("operator");
  const all = [operator, pruned, other];
  const relay = new CertificateRelay({ peers: () => all.map(({ peer }) => peer), nowMs: () => clock.nowMs });
  const sent = () => all.map((each) => each.sent.splice(0));
  const frame = (name: string): Frame => ({ type: "request", query: { digest: named(name) } });
  const spread = (name: string, { ofBlock = true, isOwed = false, signers = 3 } = {}) =>
    relay.spread({ digest: named(name), ofBlock, isOwed, signers, frame: encodeFrame(frame(name)) });
  const have = (name: string, signers = 3): Frame => ({
    type: "have",
    certificates: [{ digest: named(name), signers }],
  });
  relay.prune(pruned.peer);
  spread("slice", { ofBlock: false });
  spread("block");
  relay.tick();
  expect(sent()).toEqual([[], [], [frame("slice"), frame("block")]]);
  relay.shown(operator.peer, named("block"), 3);
  clock.nowMs = NAME_EVERY_MS;
  relay.tick();
  expect(sent()).toEqual([[], [have("block")], []]);
  // Nothing twice; with more signers it is another certificate.
  spread("block");
  spread("block", { signers: 4 });
  clock.nowMs = 2 * NAME_EVERY_MS;
  relay.tick();
  expect(sent()).toEqual([[have("block", 4)], [have("block", 4)], [frame("block")]]);
  clock.nowMs = 3 * NAME_EVERY_MS;
  relay.tick();
  expect(sent()).toEqual([[], [], []]);
  // Few make it, and this node is to tell all who do not.
  spread("owed", { ofBlock: false, isOwed: true });
  expect(sent()).toEqual([[], [frame("owed")], [frame("owed")]]);
  relay.graft(pruned.peer);
  spread("next");
  expect(sent()).toEqual([[], [frame("next")], [frame("next")]]);
});
