/**
 * A process of `bench/certificates.ts` with one rollup node or several. Its argument is JSON: their configuration files, and
 * whether what the first one sees is recorded. Answers the bench's requests over the channel between them; ends with it.
 */
import { kzg, openEngine } from "@altlayer/engine";
import { BLOCK } from "@altlayer/protocol";
import { createLogger, loadNodeFiles, RollupNode } from "@altlayer/rollup";
import type { Answer, Certified, NodeStatus, Recorded, Request, Sealed } from "./messages.ts";

const { configFiles, record } = JSON.parse(process.argv[2] ?? "{}") as { configFiles: string[]; record: boolean };
/** Milliseconds since 1970, finer than the clock that nodes go by. */
const nowMs = () => performance.timeOrigin + performance.now();
const log = createLogger({ level: "error" });

process.once("disconnect", () => process.exit(0));
const nodes = await Promise.all(
  configFiles.map(async (file) => {
    const options = { ...(await loadNodeFiles(file)), clientVersion: "altlayer/bench" };
    return await RollupNode.start(options, { openEngine, kzg, log });
  }),
);
const recorded = record ? recordOf(nodes[0]) : null;
process.on("message", (request: Request) => {
  const answer: Answer = request === "status" ? nodes.map(statusOf) : (recorded ?? { sealed: [], certificates: [] });
  process.send?.(answer);
});
process.once("SIGTERM", () => {
  void Promise.all(nodes.map((node) => node.close())).finally(() => process.exit(0));
});
process.send?.(nodes.map(statusOf));

function statusOf(node: RollupNode): NodeStatus {
  const mach = node.mach?.service.status();
  const { number, timestamp } = node.engine.heads().unsafe;
  return {
    rpc: node.rpc?.httpUrl ?? null,
    slices: node.flashblocks === null ? null : `${node.flashblocks.url}/slices`,
    gossip: node.gossip?.node.addresses ?? [],
    mach: mach?.addresses ?? [],
    head: { number, timestamp },
    certified: mach?.certified?.number ?? null,
    silence: mach?.silence ?? null,
  };
}

/** When this node's head came to a block, and when it had the first certificate of what was signed. */
function recordOf(node: RollupNode | undefined): Recorded {
  const sealed: Sealed[] = [];
  const certificates: Certified[] = [];
  const seen = new Set<string>();
  node?.engine.onEvent((event) => {
    if (event.kind !== "heads") return;
    const atMs = nowMs();
    for (const { number, hash } of event.change.added) sealed.push({ number, hash, atMs });
  });
  node?.mach?.service.onCertificate(({ digest, certificate }) => {
    if (seen.has(digest)) return;
    seen.add(digest);
    const { kind, core } = certificate.message;
    const { height, parentHash, transactionCount } = core;
    const blockHash = kind === BLOCK ? core.blockHash : null;
    certificates.push({ height, parentHash, blockHash, transactionCount, atMs: nowMs() });
  });
  return { sealed, certificates };
}
