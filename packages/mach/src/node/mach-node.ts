// Size: what a node does with each event of the chain, of tables and of peers, side by side; the parts that do it lie in the
// folders beside.
import {
  type Base,
  BLOCK,
  type Certificate,
  type Hex,
  hexToBytes,
  type MachDigests,
  messageFault,
  type RewardsReport,
} from "@altlayer/protocol";
import type { Share } from "../core/types.ts";
import type { AlertFile } from "./alert-file.ts";
import { type AlertEvent, Alerts } from "./alerts.ts";
import { Bounded } from "./bounded.ts";
import { Aggregation } from "./certificates/aggregation.ts";
import type { CertificateRecord, CertificateStore } from "./certificates/certificate-store.ts";
import { AggregateCheck } from "./certificates/check.ts";
import { Claims } from "./certificates/claims.ts";
import { CertificateFeeds } from "./certificates/feeds.ts";
import { takeCertificate } from "./certificates/intake.ts";
import { CertificateRelay } from "./certificates/relay.ts";
import { SliceRota } from "./certificates/slice-rota.ts";
import type { ChainEvent } from "./chain.ts";
import type { Counters } from "./counters.ts";
import { LinkBook } from "./links/link-book.ts";
import type { Links } from "./links/links.ts";
import type { Peer } from "./links/peer.ts";
import { encodeFrame, type Frame, type NamedCertificate, type SignedAlert } from "./links/wire.ts";
import { Listeners } from "./listeners.ts";
import type { OperatorSeat } from "./operator/operator-seat.ts";
import type { MachDependencies } from "./options.ts";
import { Reports } from "./reports.ts";
import type { SeenShare } from "./service.ts";
import type { EpochTable } from "./table/epoch-table.ts";
import { TableBook } from "./table/table-book.ts";
import type { ServiceTerms } from "./table/table-contract.ts";

/** Certificates, shares and alerts that wait for their epoch's table. */
const MAX_WAITING_CERTIFICATES = 256;
const MAX_WAITING_SHARES_PER_SENDER = 64;
const MAX_WAITING_ALERTS_PER_SENDER = 64;
const MAX_WAITING_SENDERS = 1_024;
const MAX_DERIVED = 16_384;
/** Certificates sent for one request, and how often a peer may ask. */
const SERVED_AT_ONCE = 64;
const REQUEST_EVERY_MS = 500;
/** So often a peer is asked here: what comes sooner than it may ask is not answered. */
const ASK_EVERY_MS = 1.5 * REQUEST_EVERY_MS;
/** Shares that find no quorum are checked so often. */
const LONELY_EVERY_MS = 1_000;
/** Below the highest certified block, late shares are of no use any more. */
const LATE_HEIGHTS = 8;

export interface MachNodeParts {
  readonly terms: ServiceTerms;
  readonly digests: MachDigests;
  readonly store: CertificateStore;
  readonly alertFile: AlertFile;
  readonly counters: Counters;
  readonly certificateHeights: number;
  readonly sliceAggregators: number;
  readonly wantTable: (base: Base) => void;
  readonly l1Block: (number: number) => void;
  /** Of an operator: how it signs who took part. */
  readonly operator: { readonly address: Hex; readonly sign: (report: RewardsReport) => Promise<Hex> } | null;
}

/** What happens to a node, and what it does about it: no timers, files or sockets of its own. */
export class MachNode {
  readonly tables = new TableBook();
  readonly certificates = new Listeners<CertificateRecord>();
  readonly voids = new Listeners<CertificateRecord>();
  readonly shares = new Listeners<SeenShare>();
  readonly alertEvents = new Listeners<AlertEvent>();
  readonly alerts: Alerts;
  readonly reports: Reports;
  readonly #parts: MachNodeParts;
  readonly #dependencies: Pick<MachDependencies, "bn254" | "clock" | "log">;
  readonly #aggregation: Aggregation;
  readonly #linkBook: LinkBook;
  readonly #claims: Claims;
  readonly #relay = new CertificateRelay({ peers: () => this.links.peers, nowMs: () => performance.now() });
  readonly #rota: SliceRota;
  /** An operator makes certificates itself, and is sent few. */
  readonly #feeds: CertificateFeeds | null;
  /** Set once, before anything happens. */
  links!: Links;
  seat: OperatorSeat | null = null;
  /** By peer, or the own operator's: whom a peer speaks for may be known only with the table. */
  readonly #waitingShares = new Bounded<Peer | null, readonly Share[]>(MAX_WAITING_SENDERS);
  readonly #waitingCertificates = new Bounded<string, { readonly peer: Peer; readonly encoded: Uint8Array }>(
    MAX_WAITING_CERTIFICATES,
  );
  readonly #waitingAlerts = new Bounded<Peer, readonly SignedAlert[]>(MAX_WAITING_SENDERS);
  readonly #derived = new Bounded<number, Hex>(MAX_DERIVED);
  readonly #askedAtMs = new WeakMap<Peer, number>();
  readonly #requestedAtMs = new WeakMap<Peer, number>();
  /** Waiting to be sent: for a certificate, or all. */
  readonly #requests = new Map<Peer, Hex | undefined>();
  readonly #served = new WeakSet<Peer>();
  #l1Head = -1;
  #lonelyAtMs = performance.now();

  constructor(parts: MachNodeParts, dependencies: Pick<MachDependencies, "bn254" | "clock" | "log">) {
    const { digests, terms, counters } = parts;
    const { bn254, clock, log } = dependencies;
    this.#parts = parts;
    this.#dependencies = dependencies;
    this.#linkBook = new LinkBook({ digests, bn254, nowMs: () => clock.nowMs() });
    const table = (epoch: number) => this.tables.of(epoch);
    this.alerts = new Alerts({
      digests,
      bn254,
      table,
      hasSigned: (index, blockHash) => this.#hasSigned(index, blockHash),
      onEvent: (event) => this.alertEvents.tell(event),
      file: parts.alertFile,
    });
    this.reports = new Reports({
      ...parts,
      bn254,
      log,
      table,
      broadcast: (frame) => this.links.broadcast(frame, (peer) => peer.operator !== null),
      count: counters.count,
    });
    this.#rota = new SliceRota(
      { count: parts.sliceAggregators },
      {
        digests,
        table,
        operator: parts.operator?.address ?? null,
        isLinked: (operator) => this.#linkBook.peerOf(operator) !== undefined,
      },
    );
    const check = new AggregateCheck({ digests, bn254 });
    this.#claims = new Claims({
      isSigned: ({ certificate, table }) => check.isSigned(certificate, table),
      isWanted: (claim) => parts.store.wants(claim),
      isLinked: (peer) => this.links.peers.includes(peer),
      onValid: ({ digest, certificate, table }, peer) => this.#accept(digest, certificate, table, peer),
      onWrong: (peer) => this.links.ban(peer, "CERTIFICATE_WRONG_SIGNATURE"),
      count: counters.count,
      nowMs: () => performance.now(),
    });
    this.#feeds =
      parts.operator === null
        ? new CertificateFeeds({
            request: (peer) => this.request(peer),
            nowMs: () => performance.now(),
          })
        : null;
    this.#aggregation = new Aggregation(
      { schedule: terms.schedule },
      {
        digests,
        bn254,
        table,
        log,
        onCertificate: (digest, certificate, of) => this.#accept(digest, certificate, of, null),
        onValid: ({ from, message, signature }) => this.#validShare(from, { message, signature }),
        onReject: (from, epoch, reason) => {
          counters.count(`shares rejected, ${reason}`);
          const operator = epoch === undefined ? undefined : table(epoch)?.members.get(from)?.operator;
          const peer = operator === undefined ? undefined : this.#linkBook.peerOf(operator);
          if (reason === "SIGNED_WRONGLY" && peer !== undefined) this.links.ban(peer, reason);
        },
      },
    );
  }

  /** Of the chain: all but what only an operator is told. */
  onChain(event: ChainEvent): void {
    switch (event.type) {
      case "l1Block":
        this.#l1Head = event.number;
        this.#parts.l1Block(event.number);
        return;
      case "base":
        this.#parts.wantTable(event.base);
        this.#aggregation.input({ type: "settled", height: event.base.height });
        this.alerts.settled(event.base.height);
        return;
      case "derived":
        this.#derived.set(event.height, event.blockHash);
        for (const record of this.#parts.store.at(event.height)) this.#judge(record);
        return;
      case "executed":
      case "refuted":
        return;
    }
  }

  onTable(table: EpochTable): void {
    this.tables.add(table);
    this.#dependencies.log.info("operator table", { epoch: table.epoch, operators: table.members.size });
    this.#aggregation.input({ type: "table", table: table.weights });
    this.alerts.useTable(table);
    this.seat?.onTable(table);
    for (const peer of this.links.peers) this.#judgeLink(peer);
    for (const [peer, shares] of this.#waitingShares.drain()) {
      const operator = peer === null ? this.seat?.address : peer.operator;
      // One whose statement no table bears out was nobody's.
      if (operator) for (const share of shares) this.#share(operator, share, peer);
    }
    for (const [peer, alerts] of this.#waitingAlerts.drain()) for (const each of alerts) this.#alert(each, peer);
    for (const [, { peer, encoded }] of this.#waitingCertificates.drain()) this.#certificate(peer, encoded);
  }

  onGone(peer: Peer): void {
    this.#linkBook.forget(peer);
    this.#claims.forget(peer);
    this.#requests.delete(peer);
    this.#feeds?.gone(peer);
  }

  onFrame(peer: Peer, frame: Frame): void {
    switch (frame.type) {
      case "hello":
        this.#hello(peer);
        return;
      case "share":
        if (peer.operator !== null) this.#share(peer.operator, frame.share, peer);
        else if (peer.link && this.tables.newest === null) this.#wait(frame.share, peer);
        else this.#parts.counters.count("shares of nobody");
        return;
      case "ask":
        if (peer.operator !== null) void this.seat?.asked(peer.operator);
        return;
      case "answer":
        if (peer.operator !== null) this.seat?.answered(peer.operator, frame.share);
        return;
      case "certificate":
        this.#certificate(peer, frame.encoded);
        return;
      case "alert":
        this.#alert(frame.signed, peer);
        return;
      case "request":
        this.#serve(peer, frame.query);
        return;
      case "served":
        this.#served.add(peer);
        return;
      case "report":
        if (this.#mayAsk(peer)) void this.#endorse(peer, frame.report);
        return;
      case "endorsement":
        if (peer.operator !== null) void this.reports.endorsed(peer.operator, frame);
        return;
      case "prune":
        this.#relay.prune(peer);
        return;
      case "graft":
        this.#relay.graft(peer);
        return;
      case "have":
        this.#named(peer, frame.certificates);
    }
  }

  /** Peers that sent all they were asked for. */
  get servedBy(): number {
    return this.links.peers.filter((peer) => this.#served.has(peer)).length;
  }

  /** Whether certificates that came are not judged yet. */
  get isChecking(): boolean {
    return this.#claims.isChecking;
  }

  /** For a certificate, or for all from the own highest on; later, if the peer was asked just now. */
  request(peer: Peer, digest?: Hex): void {
    this.#served.delete(peer);
    const nowMs = performance.now();
    if (nowMs - (this.#requestedAtMs.get(peer) ?? Number.NEGATIVE_INFINITY) < ASK_EVERY_MS) {
      this.#requests.set(peer, this.#requests.has(peer) ? undefined : digest);
      return;
    }
    this.#requestedAtMs.set(peer, nowMs);
    this.#requests.delete(peer);
    const query = digest === undefined ? { height: Math.max(0, this.#parts.store.newestHeight) } : { digest };
    peer.send({ type: "request", query });
  }

  /**
   * The own operator signed: to its own aggregator, and to all that speak for an operator. A slice's signature goes first to
   * few of them (section 8), which may or may not be one of the own.
   */
  onOwnShare(operator: Hex, share: Share, again: boolean): void {
    const first = again ? null : this.#rota.firstOf(share.message);
    const isTold = (each: Hex | null) => each !== null && (first?.includes(each) ?? true);
    this.links.broadcast({ type: "share", share }, (peer) => isTold(peer.operator));
    if (isTold(operator)) this.#share(operator, share, null);
  }

  sendTo(operator: Hex, frame: Frame): void {
    this.#linkBook.peerOf(operator)?.send(frame);
  }

  tick(): void {
    this.#aggregation.input({ type: "tick" });
    this.#relay.tick();
    this.#claims.tick();
    this.#feeds?.tick();
    for (const [peer, digest] of [...this.#requests]) {
      this.#requests.delete(peer);
      this.request(peer, digest);
    }
    const nowMs = performance.now();
    if (nowMs - this.#lonelyAtMs < LONELY_EVERY_MS) return;
    this.#lonelyAtMs = nowMs;
    void this.#aggregation.checkLonely();
  }

  #hello(peer: Peer): void {
    this.#judgeLink(peer);
    this.request(peer);
    for (const signed of this.alerts.open) peer.send({ type: "alert", signed });
  }

  #judgeLink(peer: Peer): void {
    const before = peer.operator;
    const verdict = this.#linkBook.judge(peer, this.tables.newestFirst());
    if (verdict === "wrong") this.links.ban(peer, "WRONG_LINK");
    if (verdict === "superseded") this.#parts.counters.count("links superseded");
    if (verdict !== "accepted" || before !== null) return;
    this.links
      .prefer(peer)
      .catch((error) => this.#dependencies.log.debug("peer not preferred", { error: String(error) }));
    this.seat?.met(peer);
  }

  /** @param peer who sent it; null: the own operator */
  #share(operator: Hex, share: Share, peer: Peer | null): void {
    const { message, signature } = share;
    if (messageFault(message, this.#parts.terms.schedule) !== null) {
      if (peer !== null) this.links.ban(peer, "MALFORMED_SHARE");
      return;
    }
    const table = this.tables.of(message.base.epoch);
    if (table === undefined) {
      if (message.base.epoch > (this.tables.newest?.epoch ?? -1)) this.#wait(share, peer);
      return;
    }
    const index = table.indexOf(operator);
    if (index === undefined) this.#parts.counters.count("shares rejected, NOT_A_MEMBER");
    else {
      if (peer !== null) this.seat?.sawShare(operator, share);
      this.#aggregation.share(index, message, signature);
    }
  }

  #alert(signed: SignedAlert, peer: Peer): void {
    // What is open is told at the beginning of a link, when a node that starts has no table yet.
    if (this.tables.of(signed.alert.epoch) === undefined) {
      const waiting = this.#waitingAlerts.get(peer) ?? [];
      this.#waitingAlerts.set(peer, [...waiting, signed].slice(-MAX_WAITING_ALERTS_PER_SENDER));
      return;
    }
    const taken = this.alerts.take(signed);
    this.#parts.counters.count(`alerts ${taken}`);
    if (taken === "new") this.links.broadcast({ type: "alert", signed }, (other) => other !== peer);
    if (taken === "wrong") this.links.ban(peer, "WRONG_ALERT");
  }

  #wait(share: Share, peer: Peer | null): void {
    const waiting = this.#waitingShares.get(peer) ?? [];
    this.#waitingShares.set(peer, [...waiting, share].slice(-MAX_WAITING_SHARES_PER_SENDER));
    this.#parts.counters.count("shares that waited for a table");
  }

  /** @param from the index in the table of the share's epoch */
  #validShare(from: number, share: Share): void {
    const operator = this.tables.of(share.message.base.epoch)?.members.get(from)?.operator;
    if (operator !== undefined) {
      this.seat?.validShare(operator, share);
      this.shares.tell({ operator, ...share });
    }
    if (share.message.kind === BLOCK) this.alerts.signedBlock(from, share.message);
  }

  #certificate(peer: Peer, encoded: Uint8Array): void {
    const { store, digests, terms, counters } = this.#parts;
    const context = {
      schedule: terms.schedule,
      certificateAge: terms.certificateAge,
      l1Head: this.#l1Head,
      table: (epoch: number) => this.tables.of(epoch),
      signerCount: (digest: Hex) => store.signerCount(digest),
      floor: store.newestHeight - this.#parts.certificateHeights,
    };
    const intake = takeCertificate(encoded, context, { digests });
    switch (intake.verdict) {
      case "claim": {
        const { digest, certificate } = intake.claim;
        this.#fed(peer, digest, certificate.signers.length);
        this.#claims.take(intake.claim, peer, store.signerCount(digest) > 0);
        this.#relay.shown(peer, digest, certificate.signers.length);
        return;
      }
      case "known":
        counters.count("certificates ignored, known");
        this.#fed(peer, intake.digest, intake.signers);
        this.#relay.shown(peer, intake.digest, intake.signers);
        return;
      case "waiting":
        this.#waitingCertificates.set(`${intake.height} ${peer.id}`, { peer, encoded });
        return;
      case "offence":
        this.links.ban(peer, `CERTIFICATE_${intake.why}`);
        return;
      case "ignored":
        counters.count(`certificates ignored, ${intake.why}`);
    }
  }

  /** The peer names what it has: what is missing here is asked for. */
  #named(peer: Peer, certificates: readonly NamedCertificate[]): void {
    for (const { digest, signers } of certificates) this.#relay.shown(peer, digest, signers);
    const missing = certificates.filter(({ digest, signers }) => this.#signerCount(digest) < signers);
    if (missing.length === 0) return;
    if (missing.some(({ digest }) => this.#signerCount(digest) === 0)) this.#feeds?.missed(peer);
    // One may lie below what is held, and contradict it; many are a lag.
    this.request(peer, missing.length === 1 ? missing[0]?.digest : undefined);
  }

  /** A peer sends a certificate: unless it was asked for, it should not be one that others have sent. */
  #fed(peer: Peer, digest: Hex, signers: number): void {
    if (!this.#served.has(peer)) return;
    if (this.#signerCount(digest) >= signers) this.#feeds?.duplicate(peer);
    else this.#feeds?.brought(peer);
  }

  /** Of a certificate of the digest that is held, or being checked; 0 without. */
  #signerCount(digest: Hex): number {
    return Math.max(this.#parts.store.signerCount(digest), this.#claims.signerCount(digest));
  }

  #accept(digest: Hex, certificate: Certificate, table: EpochTable, from: Peer | null): void {
    const { store, counters } = this.#parts;
    const isLarger = store.signerCount(digest) > 0;
    const added = store.add({ digest, certificate, table }, this.#dependencies.clock.nowMs());
    if (added === null) return;
    counters.count(from === null ? "certificates made" : "certificates received");
    const { message, signers } = certificate;
    // The certificate of a slice's block is on its way: nobody needs more signers of the slice.
    if (message.kind === BLOCK || !isLarger) {
      const frame = encodeFrame({ type: "certificate", encoded: hexToBytes(added.encoded) });
      const isOwed = this.#rota.isFirst(message);
      this.#relay.spread({ digest, ofBlock: message.kind === BLOCK, isOwed, signers: signers.length, frame });
    }
    this.seat?.certified(message);
    if (message.kind === BLOCK) {
      this.#aggregation.input({ type: "settled", height: message.core.height - LATE_HEIGHTS });
      if (this.alerts.isSuspect(message.core.blockHash))
        for (const index of signers) this.alerts.signedBlock(index, message);
    }
    this.certificates.tell(this.#judge(added) ?? added);
  }

  /** What the L1 derives wins. @returns the record if its mark changed */
  #judge(record: CertificateRecord): CertificateRecord | null {
    const { kind, core } = record.certificate.message;
    const derived = this.#derived.get(core.height);
    if (kind !== BLOCK || derived === undefined) return null;
    const reason = derived === core.blockHash ? null : "derivedOtherwise";
    const changed = this.#parts.store.setVoid(record.digest, reason, this.#dependencies.clock.nowMs());
    if (changed === null) return null;
    if (reason !== null) {
      this.#parts.counters.count("certificates void");
      this.#dependencies.log.error("certificate void: the L1 derives another block", {
        height: core.height,
        certified: core.blockHash,
        derived,
      });
    }
    this.voids.tell(changed);
    return changed;
  }

  #serve(peer: Peer, query: Extract<Frame, { type: "request" }>["query"]): void {
    if (!this.#mayAsk(peer)) return;
    const { store } = this.#parts;
    const found = "digest" in query ? [store.find(query)] : store.newest(query.height, SERVED_AT_ONCE);
    for (const record of found) {
      if (record === null) continue;
      peer.sendEncoded(encodeFrame({ type: "certificate", encoded: hexToBytes(record.encoded) }));
    }
    peer.send({ type: "served" });
  }

  async #endorse(peer: Peer, report: RewardsReport): Promise<void> {
    try {
      const answer = await this.reports.asked(report);
      if (answer !== null) peer.send(answer);
    } catch (error) {
      this.#dependencies.log.warn("report not signed", { error: String(error) });
    }
  }

  #mayAsk(peer: Peer): boolean {
    const nowMs = performance.now();
    if (nowMs - (this.#askedAtMs.get(peer) ?? Number.NEGATIVE_INFINITY) < REQUEST_EVERY_MS) {
      this.#parts.counters.count("requests refused, too often");
      return false;
    }
    this.#askedAtMs.set(peer, nowMs);
    return true;
  }

  #hasSigned(index: number, blockHash: Hex): boolean {
    const record = this.#parts.store.find({ blockHash });
    return record?.certificate.signers.includes(index) || this.#aggregation.hasSigned(index, blockHash);
  }
}
