import {
  BLOCK,
  bytesToHex,
  type Certificate,
  encodeCertificate,
  type Hex,
  type Keccak256,
  type Message,
  relate,
} from "@altlayer/protocol";
import type { Bn254Like } from "../options.ts";
import { RecordFile } from "../record-file.ts";
import type { EpochTable } from "../table/epoch-table.ts";
import {
  readRecords,
  type VoidReason,
  writeCertificate,
  writeMembers,
  writeTable,
  writeVoid,
} from "./stored-records.ts";

export interface CertificateRecord {
  /** What was signed. */
  readonly digest: Hex;
  readonly certificate: Certificate;
  /** Wire bytes of docs/spec/mach.md, section 7. */
  readonly encoded: Hex;
  readonly table: EpochTable;
  /** By asset class. */
  readonly signedWeight: readonly bigint[];
  /** When this node had the first certificate of the digest. */
  readonly seenAtMs: number;
  readonly void: { readonly reason: VoidReason; readonly atMs: number } | null;
}

export type CertificateQuery =
  /** The highest block's that is not void. */
  | "latest"
  | { readonly digest: Hex }
  | { readonly blockHash: Hex }
  /** The block's; before there is one, the longest slice's. */
  | { readonly height: number }
  /** The first that covers so many transactions of the height. */
  | { readonly height: number; readonly transactionCount: number };

/** Contradictory ones are evidence, so more than one is kept; the oldest goes. */
const MAX_BLOCKS_PER_HEIGHT = 4;
const MAX_SLICES_PER_HEIGHT = 64;
const COMPACT_ABOVE_BYTES = 16 * 1024 * 1024;
const COMPACT_FACTOR = 3;

/**
 * Certificates by height: of each digest the one with most signers; slices until the block's is there, and longer if they
 * contradict it; the newest `heights` heights. On disk in an append-only file, written anew when most of it is of no use any more.
 */
export class CertificateStore {
  readonly #file: RecordFile;
  readonly #heightsKept: number;
  readonly #heights = new Map<number, Map<Hex, CertificateRecord>>();
  readonly #byDigest = new Map<Hex, CertificateRecord>();
  readonly #byBlock = new Map<Hex, Hex>();
  /** What the file has tables of. */
  readonly #epochs = new Set<number>();
  readonly #roots = new Set<Hex>();
  #newest = -1;
  #latest: CertificateRecord | null = null;
  #compactAbove = COMPACT_ABOVE_BYTES;

  private constructor(file: RecordFile, heightsKept: number) {
    this.#file = file;
    this.#heightsKept = heightsKept;
  }

  /** @param identity 32 bytes of the service: a file of another one begins anew */
  static async open(
    options: { readonly file: string; readonly identity: Hex; readonly heights: number },
    dependencies: {
      readonly bn254: Bn254Like;
      readonly keccak256: Keccak256;
      readonly digestOf: (c: Certificate) => Hex;
    },
  ): Promise<{ readonly store: CertificateStore; readonly cutBytes: number }> {
    const { file, identity, heights } = options;
    const opened = await RecordFile.open({ file, identity, magic: "ALTMCERT" });
    const store = new CertificateStore(opened.file, heights);
    const tables = new Map<number, EpochTable>();
    for (const record of readRecords(opened.records, dependencies)) {
      if (record.type === "members") store.#roots.add(record.root);
      else if (record.type === "table") {
        tables.set(record.table.epoch, record.table);
        store.#epochs.add(record.table.epoch);
      } else if (record.type === "void") {
        store.#mark(record.digest, record.reason === null ? null : { reason: record.reason, atMs: record.atMs });
      } else {
        const { certificate, seenAtMs } = record;
        const table = tables.get(certificate.message.base.epoch);
        if (table !== undefined)
          store.#insert(recordOf(dependencies.digestOf(certificate), certificate, table, seenAtMs));
      }
    }
    return { store, cutBytes: opened.cutBytes };
  }

  /** The highest height of a certificate; -1 without. */
  get newestHeight(): number {
    return this.#newest;
  }

  /** Signers of the certificate of a digest; 0 without. */
  signerCount(digest: Hex): number {
    return this.#byDigest.get(digest)?.certificate.signers.length ?? 0;
  }

  /** Whether `add` would keep it. */
  wants({ digest, certificate: { message, signers } }: Pick<CertificateRecord, "digest" | "certificate">): boolean {
    const { kind, core } = message;
    if (this.signerCount(digest) >= signers.length || core.height <= this.#newest - this.#heightsKept) return false;
    return kind === BLOCK || this.#isOpen(message);
  }

  /**
   * Takes a checked certificate.
   * @returns its record; null where it adds nothing: as many signers are known, or its height is decided or too old
   */
  add(
    candidate: { readonly digest: Hex; readonly certificate: Certificate; readonly table: EpochTable },
    nowMs: number,
  ): CertificateRecord | null {
    const { digest, certificate, table } = candidate;
    if (this.signerCount(digest) >= certificate.signers.length) return null;
    const seenAtMs = this.#byDigest.get(digest)?.seenAtMs ?? nowMs;
    const record = this.#insert(recordOf(digest, certificate, table, seenAtMs));
    if (record === null) return null;
    this.#writeTableOnce(table);
    this.#file.append(writeCertificate(certificate, seenAtMs));
    if (this.#file.bytes > this.#compactAbove) this.#compact();
    return record;
  }

  /** Marks a certificate void, or not void any more. @returns the changed record; null if nothing changed */
  setVoid(digest: Hex, reason: VoidReason | null, atMs: number): CertificateRecord | null {
    const before = this.#byDigest.get(digest);
    if (before === undefined || (before.void?.reason ?? null) === reason) return null;
    this.#file.append(writeVoid({ type: "void", digest, atMs, reason }));
    return this.#mark(digest, reason === null ? null : { reason, atMs });
  }

  find(query: CertificateQuery): CertificateRecord | null {
    if (query === "latest") return this.#latest;
    if ("digest" in query) return this.#byDigest.get(query.digest) ?? null;
    if ("blockHash" in query) {
      const digest = this.#byBlock.get(query.blockHash);
      return digest === undefined ? null : (this.#byDigest.get(digest) ?? null);
    }
    const all = this.at(query.height);
    const blocks = all.filter((record) => record.void === null && record.certificate.message.kind === BLOCK);
    // Slices beside a block are those that contradict it.
    const records = blocks.length > 0 ? blocks : all;
    if ("transactionCount" in query) {
      const least = query.transactionCount;
      const covering = records.filter(({ certificate }) => certificate.message.core.transactionCount >= least);
      return covering.find((record) => record.void === null) ?? covering[0] ?? null;
    }
    return records.findLast((record) => record.void === null) ?? records.at(-1) ?? null;
  }

  /** Of one height: slices by length, then blocks as they came. */
  at(height: number): readonly CertificateRecord[] {
    const order = ({ certificate: { message } }: CertificateRecord) =>
      message.kind === BLOCK ? Number.MAX_SAFE_INTEGER : message.core.transactionCount;
    return [...(this.#heights.get(height)?.values() ?? [])].sort((a, b) => order(a) - order(b));
  }

  /** By ascending height. */
  all(): readonly CertificateRecord[] {
    return [...this.#heights.keys()].sort((a, b) => a - b).flatMap((height) => this.at(height));
  }

  /** Those of the height, and of the nearest heights below and above that have any. */
  near(height: number): readonly CertificateRecord[] {
    let below = -1;
    let above = Number.POSITIVE_INFINITY;
    for (const each of this.#heights.keys()) {
      if (each < height && each > below) below = each;
      if (each > height && each < above) above = each;
    }
    return [below, height, above].flatMap((each) => this.at(each));
  }

  /** Those of the highest `count` heights not below `from`, by ascending height. */
  newest(from: number, count: number): readonly CertificateRecord[] {
    const heights = [...this.#heights.keys()].filter((height) => height >= from).sort((a, b) => a - b);
    return heights.slice(-count).flatMap((height) => this.find({ height }) ?? []);
  }

  /** Resolves once all that was added is on disk. */
  sync(): Promise<void> {
    return this.#file.sync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Whether no block's certificate says already what the slice's does. One that contradicts a block's is evidence. */
  #isOpen(slice: Message): boolean {
    return this.at(slice.core.height).every(({ certificate: { message }, void: mark }) => {
      return mark !== null || message.kind !== BLOCK || contradicts(slice, message);
    });
  }

  #insert(record: CertificateRecord): CertificateRecord | null {
    const { digest, certificate } = record;
    const { kind, core } = certificate.message;
    if (core.height <= this.#newest - this.#heightsKept) return null;
    const at = this.#heights.get(core.height) ?? new Map<Hex, CertificateRecord>();
    const own = (each: CertificateRecord) => each.certificate.message.kind === kind;
    if (kind !== BLOCK && !this.#isOpen(certificate.message)) return null;
    if (kind === BLOCK) {
      const contradicted = (each: CertificateRecord) => contradicts(each.certificate.message, certificate.message);
      for (const each of at.values()) if (!own(each) && !contradicted(each)) this.#drop(at, each);
    }
    const kept = { ...record, void: at.get(digest)?.void ?? null };
    at.set(digest, kept);
    this.#heights.set(core.height, at);
    this.#byDigest.set(digest, kept);
    if (kind === BLOCK) this.#byBlock.set(core.blockHash, digest);
    const limit = kind === BLOCK ? MAX_BLOCKS_PER_HEIGHT : MAX_SLICES_PER_HEIGHT;
    for (const oldest of [...at.values()].filter(own).slice(0, -limit)) this.#drop(at, oldest);
    this.#newest = Math.max(this.#newest, core.height);
    for (const height of this.#heights.keys()) {
      if (this.#heights.size <= this.#heightsKept) break;
      this.#forget(height);
    }
    this.#updateLatest(kept);
    return kept;
  }

  /** Heights come mostly in order: the first of the map is the oldest, or near it. */
  #forget(height: number): void {
    const at = this.#heights.get(height);
    for (const record of at?.values() ?? []) this.#drop(at as Map<Hex, CertificateRecord>, record);
    this.#heights.delete(height);
  }

  #drop(at: Map<Hex, CertificateRecord>, { digest, certificate }: CertificateRecord): void {
    at.delete(digest);
    this.#byDigest.delete(digest);
    const { blockHash } = certificate.message.core;
    if (this.#byBlock.get(blockHash) === digest) this.#byBlock.delete(blockHash);
  }

  #mark(digest: Hex, mark: CertificateRecord["void"]): CertificateRecord | null {
    const before = this.#byDigest.get(digest);
    if (before === undefined) return null;
    const record = { ...before, void: mark };
    this.#byDigest.set(digest, record);
    this.#heights.get(record.certificate.message.core.height)?.set(digest, record);
    this.#updateLatest(record);
    return record;
  }

  #updateLatest(changed: CertificateRecord): void {
    const { kind, core } = changed.certificate.message;
    if (kind !== BLOCK) return;
    const latestHeight = this.#latest?.certificate.message.core.height ?? -1;
    if (changed.void === null) {
      if (core.height >= latestHeight) this.#latest = changed;
      return;
    }
    if (this.#latest?.digest !== changed.digest) return;
    this.#latest = null;
    for (const { void: mark, certificate, digest } of this.#byDigest.values()) {
      const { message } = certificate;
      if (mark !== null || message.kind !== BLOCK) continue;
      const highest = this.#latest as CertificateRecord | null;
      if (highest === null || message.core.height > highest.certificate.message.core.height) {
        this.#latest = this.#byDigest.get(digest) ?? null;
      }
    }
  }

  #writeTableOnce(table: EpochTable): void {
    const { root } = table.header;
    if (!this.#roots.has(root)) this.#file.append(writeMembers(table));
    if (!this.#epochs.has(table.epoch)) this.#file.append(writeTable(table));
    this.#roots.add(root);
    this.#epochs.add(table.epoch);
  }

  #compact(): void {
    const records = this.all();
    const tables = new Map(records.map(({ table }) => [table.epoch, table]));
    const roots = new Map([...tables.values()].map((table) => [table.header.root, table]));
    this.#file.replace([
      ...[...roots.values()].map(writeMembers),
      ...[...tables.values()].map(writeTable),
      ...records.map(({ certificate, seenAtMs }) => writeCertificate(certificate, seenAtMs)),
      ...records.flatMap(({ digest, void: mark }) =>
        mark === null ? [] : [writeVoid({ type: "void", digest, atMs: mark.atMs, reason: mark.reason })],
      ),
    ]);
    this.#epochs.clear();
    this.#roots.clear();
    for (const epoch of tables.keys()) this.#epochs.add(epoch);
    for (const root of roots.keys()) this.#roots.add(root);
    this.#compactAbove = Math.max(COMPACT_ABOVE_BYTES, COMPACT_FACTOR * this.#file.bytes);
  }
}

/** As far as the two messages alone show it: whether a shorter slice is a prefix takes the transactions. */
function contradicts(slice: Message, block: Message): boolean {
  return relate(slice, block).kind === "incompatible";
}

function recordOf(digest: Hex, certificate: Certificate, table: EpochTable, seenAtMs: number): CertificateRecord {
  const encoded = bytesToHex(encodeCertificate(certificate));
  return {
    digest,
    certificate,
    encoded,
    table,
    signedWeight: table.signedWeight(certificate.signers),
    seenAtMs,
    void: null,
  };
}
