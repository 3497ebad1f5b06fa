import { statfs } from "node:fs/promises";
import type { ObservedNode } from "./parts.ts";
import type { Metrics, NodeMetrics } from "./registry.ts";

const LEVELS = ["clear", "warning", "throttled", "stopped", "expired"] as const;
const PHASES = ["starting", "deriving", "stopped"] as const;

/** Reads all parts once, at a scrape: what runs between two scrapes only counts in plain numbers. */
export async function collect(own: NodeMetrics, node: ObservedNode): Promise<void> {
  collectHeads(own.metrics, node);
  collectL1(own, node);
  collectRoles(own, node);
  collectDerivation(own, node);
  own.metrics.rpcSubscriptions.set(node.rpc?.subscriptions ?? 0);
  own.metrics.clockOffset.set((node.clock.nowMs() - Date.now()) / 1000);
  if (node.gossip) {
    own.metrics.gossipPeers.set(node.gossip.node.peers().length);
    for (const [event, total] of Object.entries(node.gossip.counts)) own.countTo("gossipBlocks", total, { event });
  }
  for (const [event, total] of Object.entries(node.sliceFollower?.counts ?? {})) {
    own.countTo("slicesFollowed", total, { event });
  }
  collectMach(own, node);
  await Promise.all([collectDisk(own.metrics, node.dataDir), collectEngine(own.metrics, node)]);
}

function collectMach(own: NodeMetrics, { mach, clock }: ObservedNode): void {
  if (!mach) return;
  const { metrics } = own;
  const core = mach.branch.head?.certificate.message.core;
  if (core) {
    metrics.machCertified.set(core.height);
    metrics.machCertificateAge.set(clock.nowMs() / 1000 - core.timestamp);
  }
  const { peers, silence } = mach.service.status();
  metrics.machPeers.set(peers.length);
  metrics.machSigning.set(silence === null ? 1 : 0);
  metrics.machSuspects.set(mach.service.alerts().length);
  own.countTo("machVoid", mach.voidCount);
}

function collectHeads({ headNumber, headTime, headAge, sequencerActive }: Metrics, node: ObservedNode): void {
  const nowSeconds = node.clock.nowMs() / 1000;
  for (const [head, { number, timestamp }] of Object.entries(node.engine.heads())) {
    headNumber.set({ head }, number);
    headTime.set({ head }, timestamp);
    headAge.set({ head }, nowSeconds - timestamp);
  }
  sequencerActive.set(node.sequencer?.active ? 1 : 0);
}

function collectL1(own: NodeMetrics, { watcher, l1, clock }: ObservedNode): void {
  const { metrics } = own;
  metrics.l1Reachable.set(l1.reachable ? 1 : 0);
  for (const [head, block] of Object.entries(watcher.heads ?? {})) {
    if (block) metrics.l1BlockNumber.set({ head }, block.number);
  }
  if (watcher.heads) metrics.l1HeadAge.set(clock.nowMs() / 1000 - watcher.heads.latest.timestamp);
  own.countTo("l1Requests", l1.counts.requests);
  for (const [code, total] of l1.counts.errors) own.countTo("l1Errors", total, { code });
}

function collectRoles(own: NodeMetrics, node: ObservedNode): void {
  const { metrics } = own;
  const { windowGuard, batcher, proposer, transactions, balances, engine } = node;
  if (windowGuard) {
    const { level, usedBlocks, windowBlocks } = windowGuard.status;
    metrics.windowUsed.set(usedBlocks);
    metrics.windowSize.set(windowBlocks);
    for (const name of LEVELS) metrics.windowLevel.set({ level: name }, name === level ? 1 : 0);
  }
  if (batcher) {
    const { unsafe } = engine.heads();
    const { posted, counts } = batcher;
    metrics.batcherLagBlocks.set(Math.max(0, unsafe.number - posted.number));
    metrics.batcherLagSeconds.set(Math.max(0, unsafe.timestamp - posted.timestamp));
    metrics.batcherBacklog.set(batcher.backlogBytes);
    metrics.batcherThrottle.set(batcher.throttle === null ? 0 : 1);
    own.countTo("batcherChannels", counts.channels);
    own.countTo("batcherChannelBytes", counts.contentBytes, { stage: "content" });
    own.countTo("batcherChannelBytes", counts.compressedBytes, { stage: "compressed" });
    own.countTo("batcherRestarts", counts.restarts);
  }
  if (proposer) {
    own.countTo("gamesCreated", proposer.created);
    own.countTo("gamesResolved", proposer.resolved);
    metrics.gamesOpen.set(proposer.open);
    if (proposer.lastProposed !== null) metrics.proposedBlock.set(proposer.lastProposed);
  }
  for (const [role, manager] of transactions) {
    metrics.l1TransactionsPending.set({ role }, manager.pending);
    for (const [event, total] of Object.entries(manager.counts)) own.countTo("l1Transactions", total, { role, event });
  }
  for (const [role, { runway }] of balances.roles) {
    if (runway.balanceWei !== null) metrics.roleBalance.set({ role }, Number(runway.balanceWei));
    if (runway.days !== null) metrics.roleRunway.set({ role }, runway.days);
  }
}

function collectDerivation(own: NodeMetrics, { driver }: ObservedNode): void {
  if (!driver) return;
  const { phase, idle, currentL1 } = driver.status;
  for (const name of PHASES) own.metrics.derivationPhase.set({ phase: name }, name === phase ? 1 : 0);
  own.metrics.derivationIdle.set(idle ? 1 : 0);
  if (currentL1) own.metrics.derivationL1Block.set(currentL1.number);
  for (const [severity, total] of Object.entries(driver.failures)) {
    own.countTo("derivationFailures", total, { severity });
  }
}

async function collectDisk({ dataDirFree, dataDirSize }: Metrics, dataDir: string): Promise<void> {
  const { bavail, blocks, bsize } = await statfs(dataDir);
  dataDirFree.set(bavail * bsize);
  dataDirSize.set(blocks * bsize);
}

async function collectEngine(metrics: Metrics, { engine }: ObservedNode): Promise<void> {
  // A failed or closing engine answers no more: `engineFailed` says so, the last numbers stand.
  const stats = await engine.stats().catch(() => null);
  if (!stats) return;
  metrics.poolTransactions.set({ state: "executable" }, stats.poolExecutable);
  metrics.poolTransactions.set({ state: "waiting" }, stats.poolWaiting);
  metrics.poolBytes.set(stats.poolBytes);
  metrics.engineJournal.set(stats.journalBytes);
  metrics.engineCheckpointAge.set(stats.checkpointAgeBlocks);
  metrics.engineCheckpointBytes.set(stats.checkpointAgeBytes);
  metrics.engineOldestState.set(stats.oldestStateBlock);
  metrics.engineAccounts.set(stats.accounts);
  metrics.engineBlocksInMemory.set(stats.blocksInMemory);
  metrics.engineUnindexed.set(stats.unindexedBlocks);
}
