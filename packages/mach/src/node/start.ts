import { generateKeyPairSync } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Hex, MACH_PARAMETERS, MachDigests, type MachParameters } from "@altlayer/protocol";
import { OPERATOR_LIMITS, type OperatorConfig } from "../core/types.ts";
import { MachError } from "../errors.ts";
import { AlertFile } from "./alert-file.ts";
import { CertificateStore } from "./certificates/certificate-store.ts";
import { Counters } from "./counters.ts";
import { Links } from "./links/links.ts";
import { MachNode } from "./mach-node.ts";
import { FurthestFile } from "./operator/furthest-file.ts";
import { openOperatorJournal } from "./operator/operator-journal.ts";
import { OperatorSeat } from "./operator/operator-seat.ts";
import { MACH_TUNING, type MachDependencies, type MachOperatorOptions, type MachOptions } from "./options.ts";
import type { MachService, MachStatus } from "./service.ts";
import { domainOf, journalIdentity } from "./service-domain.ts";
import { type ServiceTerms, TableContract } from "./table/table-contract.ts";
import { TableSource } from "./table/table-source.ts";

const MAX_CONNECTIONS = 256;
/** Of a private key; one of Ed25519 has the public key behind it. */
const SECP256K1_BYTES = 32;
const ED25519_BYTES = 64;
const SYNC_MS = 1_000;
const CATCH_UP_POLL_MS = 20;
/** How long signatures under a report are waited for. */
const REPORT_MS = 5_000;

/**
 * Starts MACH of one rollup: gathers, checks, keeps and passes on certificates, and with an operator signs.
 * @throws MachError `SERVICE_NOT_STARTED` while the L1 has no table of the service (temporary), `JOURNAL_..` where the
 *   operator's journal is missing, held by another process or damaged, `SIGNER_FOREIGN` where the signer is not the
 *   operator's
 */
export async function startMach(options: MachOptions, dependencies: MachDependencies): Promise<MachService> {
  const { service, dataDir, network, tuning = {} } = options;
  const { chain, l1, bn254, keccak256, clock, log } = dependencies;
  const operator =
    options.operator === undefined ? null : { ...options.operator, address: lower(options.operator.address) };
  if (operator !== null && lower(operator.signer.operator) !== operator.address) {
    throw new MachError("SIGNER_FOREIGN", "the signer holds another operator's key", { operator: operator.address });
  }
  const digests = new MachDigests(domainOf(service, keccak256), { keccak256 });
  const contract = new TableContract(service, { l1 });
  const terms = await contract.terms();
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const counters = new Counters();
  const { certificateHeights, sliceAggregators } = { ...MACH_TUNING, ...tuning };
  const identity = digests.domainSeparator;
  const { store } = await CertificateStore.open(
    { file: path.join(dataDir, "certificates.log"), identity, heights: certificateHeights },
    { bn254, keccak256, digestOf: ({ message }) => digests.message(message) },
  );
  const alertFile = await AlertFile.open({ file: path.join(dataDir, "alerts.log"), identity });
  const tables = new TableSource(
    { terms },
    { contract, bn254, keccak256, log, onTable: (table) => node.onTable(table) },
  );
  const node = new MachNode(
    {
      terms,
      digests,
      store,
      alertFile,
      counters,
      certificateHeights,
      sliceAggregators,
      wantTable: (base) => tables.want(base),
      l1Block: (number) => tables.l1Block(number),
      operator: operator && { address: operator.address, sign: (report) => operator.signer.signReport(report) },
    },
    { bn254, clock, log },
  );
  const closers: (() => unknown)[] = [() => store.close(), () => alertFile.close()];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    if (operator !== null) {
      node.seat = await takeSeat({ ...options, operator }, { ...dependencies, node, digests, terms, counters });
      closers.push(() => node.seat?.close());
    }
    node.links = await Links.start(
      {
        domainSeparator: identity,
        identityKey: await identityKey(path.join(dataDir, "peer.key")),
        listen: network.listen ?? [],
        peers: network.peers,
        maxConnections: network.maxConnections ?? MAX_CONNECTIONS,
      },
      {
        ownLink: async (peerId) => {
          if (operator === null) return null;
          const link = { peerId, operator: operator.address, issuedAt: Math.floor(clock.nowMs() / 1000) };
          const signature = await operator.signer.signLink(link);
          return { operator: link.operator, issuedAt: link.issuedAt, signature };
        },
        onFrame: (peer, frame) => node.onFrame(peer, frame),
        onGone: (peer) => node.onGone(peer),
        count: counters.count,
        log,
      },
    );
    closers.push(() => node.links.close());
    closers.push(() => tables.close());
    closers.push(chain.follow((event) => node.onChain(event), { slices: false }));
    const tick = setInterval(() => {
      node.tick();
      node.seat?.tick();
    }, tuning.tickMs ?? MACH_TUNING.tickMs);
    closers.push(() => clearInterval(tick));
    closers.push(
      syncing(async () => {
        await store.sync();
        await alertFile.sync();
        await node.seat?.sync();
      }, log),
    );
  } catch (error) {
    await close();
    throw error;
  }

  return {
    terms,
    status: () => statusOf(node, { store, counters }),
    certificate: (query) => store.find(query),
    certificatesAt: (height) => store.at(height),
    certificates: () => store.all(),
    certificatesNear: (height) => store.near(height),
    furthestShares: () => node.seat?.furthestShares ?? [],
    table: (epoch) => (epoch === undefined ? node.tables.newest : (node.tables.of(epoch) ?? null)),
    alerts: (height) => node.alerts.suspects(height),
    onCertificate: (listener) => node.certificates.add(listener),
    onShare: (listener) => node.shares.add(listener),
    onAlert: (listener) => node.alertEvents.add(listener),
    onVoid: (listener) => node.voids.add(listener),
    report: (epochs, timeoutMs = REPORT_MS) => node.reports.gather(epochs, timeoutMs),
    async catchUp(timeoutMs) {
      for (const peer of node.links.peers) node.request(peer);
      const endMs = performance.now() + timeoutMs;
      while ((node.servedBy < network.peers.length || node.isChecking) && performance.now() < endMs) {
        await new Promise((resolve) => setTimeout(resolve, CATCH_UP_POLL_MS));
      }
      return node.servedBy;
    },
    close,
  };
}

async function takeSeat(
  options: MachOptions & { readonly operator: MachOperatorOptions },
  context: MachDependencies & {
    readonly node: MachNode;
    readonly digests: MachDigests;
    readonly terms: ServiceTerms;
    readonly counters: Counters;
  },
): Promise<OperatorSeat> {
  const { operator, dataDir } = options;
  const { address, signer, restored = false, quarantineIfLost = false, createJournal = false } = operator;
  const { node, digests, keccak256 } = context;
  const identity = journalIdentity(digests, address, keccak256);
  const journal = await openOperatorJournal(
    { file: path.join(dataDir, "signing.journal"), identity, create: createJournal || restored || quarantineIfLost },
    { signer, chain: context.chain },
  );
  const furthest = await FurthestFile.open({ file: path.join(dataDir, "furthest.log"), identity });
  return new OperatorSeat(
    {
      address,
      restored: restored || (journal.isNew && !createJournal),
      config: operatorConfig(options, context.terms),
    },
    {
      ...context,
      signer,
      journal,
      furthest,
      count: context.counters.count,
      broadcast: (frame, to) => node.links.broadcast(frame, to),
      sendTo: (to, frame) => node.sendTo(to, frame),
      onShare: (share, again) => node.onOwnShare(address, share, again),
      onAlert: (alert, signature) => {
        const signed = { operator: address, alert, signature };
        if (node.alerts.take(signed) === "new") node.links.broadcast({ type: "alert", signed });
      },
    },
  );
}

/** Section 11's columns are told apart by K. */
function operatorConfig(
  { rollup, tuning = {} }: MachOptions,
  { schedule }: ServiceTerms,
): Omit<OperatorConfig, "index"> {
  const columns: readonly MachParameters[] = Object.values(MACH_PARAMETERS);
  const parameters = columns.find(({ depth }) => depth === schedule.depth) ?? MACH_PARAMETERS.development;
  return {
    schedule,
    originDepth: tuning.originDepth ?? parameters.originDepth,
    maxAheadSeconds: tuning.maxAheadSeconds ?? parameters.maxAheadSeconds,
    resendMs: tuning.resendMs ?? MACH_TUNING.resendMs,
    genesis: rollup.genesis,
    blockSeconds: rollup.blockSeconds,
    limits: OPERATOR_LIMITS,
  };
}

function statusOf(
  node: MachNode,
  { store, counters }: { readonly store: CertificateStore; readonly counters: Counters },
): MachStatus {
  const { seat, tables } = node;
  const table = tables.newest;
  const latest = store.find("latest");
  const state = seat?.shell?.state ?? null;
  return {
    role: seat === null ? "observer" : "operator",
    operator: seat?.address ?? null,
    index: (seat === null ? undefined : table?.indexOf(seat.address)) ?? null,
    silence: seat === null ? "NO_OPERATOR" : seat.silence,
    quarantineHeight: state?.quarantineHeight ?? null,
    tip: state?.tip ?? null,
    table: table === null ? null : { epoch: table.epoch, operators: table.members.size, commitment: table.commitment },
    peers: node.links.peers.map(({ id, operator }) => ({ id, operator })),
    addresses: node.links.addresses,
    certified:
      latest === null
        ? null
        : {
            number: latest.certificate.message.core.height,
            hash: latest.certificate.message.core.blockHash,
            digest: latest.digest,
          },
    counters: counters.snapshot(),
  };
}

/** Certificates and what was seen of others reach the disk within a second or two. @returns how to stop */
function syncing(sync: () => Promise<void>, log: MachDependencies["log"]): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    last = sync().catch((error) => log.error("certificates and shares not written", { error: String(error) }));
  }, SYNC_MS);
  return async () => {
    clearInterval(timer);
    await last;
  };
}

/**
 * The peer id's key: made at the first start, since links and tables of peers name it. Ed25519, whose signatures Node makes
 * itself: with secp256k1 a handshake takes milliseconds. Keys of that kind, from before, stay.
 */
async function identityKey(file: string): Promise<Uint8Array> {
  const found = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return null;
  });
  if (found?.length === SECP256K1_BYTES || found?.length === ED25519_BYTES) return new Uint8Array(found);
  const { d = "", x = "" } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const key = Buffer.concat([Buffer.from(d, "base64url"), Buffer.from(x, "base64url")]);
  await writeFile(file, key, { mode: 0o600 });
  await chmod(file, 0o600);
  return new Uint8Array(key);
}

function lower(address: Hex): Hex {
  return address.toLowerCase() as Hex;
}
