/**
 * Every metric of a rollup node: the one table that the registry, the documentation and the checks of dashboard and
 * alarm rules come from. Labels have few values, all known beforehand: none comes from a request.
 */
export interface MetricDefinition {
  readonly kind: "gauge" | "counter" | "histogram";
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly buckets?: readonly number[];
}

/** From half a millisecond to ten seconds: blocks and requests both lie well inside. */
const DURATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export const METRICS = {
  nodeInfo: {
    kind: "gauge",
    name: "altlayer_node_info",
    help: "Always 1; the labels tell version, chain and role",
    labels: ["version", "chain_id", "role"],
  },
  headNumber: { kind: "gauge", name: "altlayer_head_block_number", help: "Number of an L2 head", labels: ["head"] },
  headTime: {
    kind: "gauge",
    name: "altlayer_head_timestamp_seconds",
    help: "Timestamp of an L2 head, Unix time",
    labels: ["head"],
  },
  headAge: {
    kind: "gauge",
    name: "altlayer_head_age_seconds",
    help: "The chain's clock less the head's timestamp",
    labels: ["head"],
  },
  blocksSealed: { kind: "counter", name: "altlayer_blocks_sealed_total", help: "Blocks that this node built" },
  blocksImported: {
    kind: "counter",
    name: "altlayer_blocks_imported_total",
    help: "Blocks of others that this node executed and found valid",
  },
  blockTransactions: {
    kind: "counter",
    name: "altlayer_block_transactions_total",
    help: "Transactions in the blocks that this node built or imported, deposits included",
  },
  blockGas: {
    kind: "counter",
    name: "altlayer_block_gas_used_total",
    help: "Gas used by the blocks that this node built or imported",
  },
  blockBuild: {
    kind: "histogram",
    name: "altlayer_block_build_duration_seconds",
    help: "From opening a block to having it sealed, waiting for its time included",
    buckets: DURATION_BUCKETS,
  },
  blockSeal: {
    kind: "histogram",
    name: "altlayer_block_seal_duration_seconds",
    help: "State root, header and durable journal record of a block",
    buckets: DURATION_BUCKETS,
  },
  slicesPublished: {
    kind: "counter",
    name: "altlayer_slices_published_total",
    help: "Slices that this node made or, as a follower, repeated",
  },
  slicesUndone: {
    kind: "counter",
    name: "altlayer_slices_undone_total",
    help: "Published slices that did not become a block",
  },
  slicesFollowed: {
    kind: "counter",
    name: "altlayer_slices_followed_total",
    help: "Slices of the sequencer's stream: executed, refused, diverged (execution here came to another id)",
    labels: ["event"],
  },
  reorgs: { kind: "counter", name: "altlayer_reorgs_total", help: "Changes of head that dropped blocks" },
  reorgedBlocks: { kind: "counter", name: "altlayer_reorged_blocks_total", help: "Blocks dropped by changes of head" },
  poolTransactions: {
    kind: "gauge",
    name: "altlayer_pool_transactions",
    help: "Pooled transactions: executable now, or waiting for an earlier nonce",
    labels: ["state"],
  },
  poolBytes: { kind: "gauge", name: "altlayer_pool_bytes", help: "Bytes of pooled transactions" },
  rpcDuration: {
    kind: "histogram",
    name: "altlayer_rpc_request_duration_seconds",
    help: "JSON-RPC requests by class of method and outcome",
    labels: ["class", "outcome"],
    buckets: DURATION_BUCKETS,
  },
  rpcSubscriptions: { kind: "gauge", name: "altlayer_rpc_subscriptions", help: "Open WebSocket subscriptions" },
  sequencerActive: { kind: "gauge", name: "altlayer_sequencer_active", help: "1 while this node builds blocks" },
  windowUsed: {
    kind: "gauge",
    name: "altlayer_sequencing_window_used_blocks",
    help: "L1 blocks of the sequencing window that the oldest block whose data must still be posted has used up",
  },
  windowSize: {
    kind: "gauge",
    name: "altlayer_sequencing_window_blocks",
    help: "L1 blocks within which a block's data must be posted",
  },
  windowLevel: {
    kind: "gauge",
    name: "altlayer_sequencing_window_level",
    help: "1 for what the sequencer does about the window: clear, warning, throttled, stopped, expired",
    labels: ["level"],
  },
  batcherLagBlocks: {
    kind: "gauge",
    name: "altlayer_batcher_lag_blocks",
    help: "Unsafe blocks whose data is not known to be included on the L1",
  },
  batcherLagSeconds: {
    kind: "gauge",
    name: "altlayer_batcher_lag_seconds",
    help: "Chain time between the unsafe head and the last block whose data is known to be included on the L1",
  },
  batcherBacklog: {
    kind: "gauge",
    name: "altlayer_batcher_backlog_bytes",
    help: "Bytes of unsafe blocks on their way to the L1",
  },
  batcherThrottle: {
    kind: "gauge",
    name: "altlayer_batcher_throttle_active",
    help: "1 while the batcher limits the size of new blocks",
  },
  batcherChannels: { kind: "counter", name: "altlayer_batcher_channels_total", help: "Channels closed" },
  batcherChannelBytes: {
    kind: "counter",
    name: "altlayer_batcher_channel_bytes_total",
    help: "Bytes of closed channels, before and after compression",
    labels: ["stage"],
  },
  batcherRestarts: {
    kind: "counter",
    name: "altlayer_batcher_restarts_total",
    help: "Times that the batcher started over at the safe head",
  },
  l1Transactions: {
    kind: "counter",
    name: "altlayer_l1_transactions_total",
    help: "The role's L1 transactions: submitted, bumped (sent again with higher fees), included, reverted, lost",
    labels: ["role", "event"],
  },
  l1TransactionsPending: {
    kind: "gauge",
    name: "altlayer_l1_transactions_pending",
    help: "The role's L1 transactions that are not included yet",
    labels: ["role"],
  },
  l1BlockNumber: {
    kind: "gauge",
    name: "altlayer_l1_block_number",
    help: "Number of an L1 head as this node knows it",
    labels: ["head"],
  },
  l1HeadAge: {
    kind: "gauge",
    name: "altlayer_l1_head_age_seconds",
    help: "The chain's clock less the timestamp of the L1's latest block: a stalled L1, or a clock that is off",
  },
  l1Reachable: { kind: "gauge", name: "altlayer_l1_reachable", help: "1 if the last request to the L1 was answered" },
  l1Requests: {
    kind: "counter",
    name: "altlayer_l1_requests_total",
    help: "Requests sent to the L1, retries included",
  },
  l1Errors: {
    kind: "counter",
    name: "altlayer_l1_request_errors_total",
    help: "Requests to the L1 that failed, by error code",
    labels: ["code"],
  },
  derivationPhase: {
    kind: "gauge",
    name: "altlayer_derivation_phase",
    help: "1 for the phase that derivation is in",
    labels: ["phase"],
  },
  derivationIdle: {
    kind: "gauge",
    name: "altlayer_derivation_idle",
    help: "1 when everything that the L1 holds is derived from",
  },
  derivationL1Block: {
    kind: "gauge",
    name: "altlayer_derivation_l1_block_number",
    help: "The L1 block up to whose data everything is derived",
  },
  derivationFailures: {
    kind: "counter",
    name: "altlayer_derivation_failures_total",
    help: "Steps of derivation that failed, by severity: temporary ones are retried, a reset starts over",
    labels: ["severity"],
  },
  gamesCreated: { kind: "counter", name: "altlayer_proposer_games_created_total", help: "Dispute games created" },
  gamesResolved: { kind: "counter", name: "altlayer_proposer_games_resolved_total", help: "Dispute games resolved" },
  gamesOpen: { kind: "gauge", name: "altlayer_proposer_games_open", help: "Dispute games in progress" },
  proposedBlock: {
    kind: "gauge",
    name: "altlayer_proposer_block_number",
    help: "L2 block of the newest dispute game",
  },
  roleBalance: {
    kind: "gauge",
    name: "altlayer_role_balance_wei",
    help: "L1 balance of a role's account",
    labels: ["role"],
  },
  roleRunway: {
    kind: "gauge",
    name: "altlayer_role_runway_days",
    help: "How long the balance lasts at the spending of the last day (or since the start); +Inf without spending",
    labels: ["role"],
  },
  engineFailed: {
    kind: "gauge",
    name: "altlayer_engine_failed",
    help: "1 once the engine has taken itself out of service",
  },
  engineJournal: { kind: "gauge", name: "altlayer_engine_journal_bytes", help: "Size of the engine's journal" },
  engineCheckpointAge: {
    kind: "gauge",
    name: "altlayer_engine_checkpoint_age_blocks",
    help: "Blocks since the last checkpoint: what a restart replays",
  },
  engineCheckpointBytes: {
    kind: "gauge",
    name: "altlayer_engine_checkpoint_age_bytes",
    help: "Bytes of the journal since the last checkpoint",
  },
  engineOldestState: {
    kind: "gauge",
    name: "altlayer_engine_oldest_state_block_number",
    help: "The oldest block whose state can be read",
  },
  engineAccounts: {
    kind: "gauge",
    name: "altlayer_engine_accounts",
    help: "Accounts in the state, all held in memory",
  },
  engineBlocksInMemory: {
    kind: "gauge",
    name: "altlayer_engine_blocks_in_memory",
    help: "Blocks whose state changes are held in memory",
  },
  engineUnindexed: {
    kind: "gauge",
    name: "altlayer_engine_unindexed_blocks",
    help: "Blocks that the history index does not have yet",
  },
  dataDirFree: {
    kind: "gauge",
    name: "altlayer_data_dir_free_bytes",
    help: "Free space where the data directory lies",
  },
  dataDirSize: {
    kind: "gauge",
    name: "altlayer_data_dir_size_bytes",
    help: "Size of the file system where the data directory lies",
  },
  gossipPeers: { kind: "gauge", name: "altlayer_gossip_peers", help: "Connected peers" },
  gossipBlocks: {
    kind: "counter",
    name: "altlayer_gossip_blocks_total",
    help: "Blocks received from peers, refused, and published",
    labels: ["event"],
  },
  machCertified: {
    kind: "gauge",
    name: "altlayer_mach_certified_block_number",
    help: "The highest block of this chain under a MACH certificate",
  },
  machCertificateAge: {
    kind: "gauge",
    name: "altlayer_mach_certified_age_seconds",
    help: "Age of that block, by its timestamp",
  },
  machPeers: { kind: "gauge", name: "altlayer_mach_peers", help: "Connected peers of the MACH service" },
  machSigning: {
    kind: "gauge",
    name: "altlayer_mach_signing",
    help: "1 while this node's operator signs; 0 for its silence, and on nodes without operator",
  },
  machVoid: {
    kind: "counter",
    name: "altlayer_mach_void_certificates_total",
    help: "Certificates that the L1 made void: raise the alarm",
  },
  machSuspects: {
    kind: "gauge",
    name: "altlayer_mach_suspect_blocks",
    help: "Blocks of the sequencer that operators alert against",
  },
  clockOffset: {
    kind: "gauge",
    name: "altlayer_clock_offset_seconds",
    help: "The chain's clock less the machine's (resumed development chains)",
  },
} as const satisfies Record<string, MetricDefinition>;

/**
 * Metrics of the process, which all nodes in it share (prom-client's defaults). Those that the dashboard and the alarm
 * rules read; more are served.
 */
export const PROCESS_METRICS = [
  "process_cpu_seconds_total",
  "process_resident_memory_bytes",
  "process_open_fds",
  "nodejs_eventloop_lag_p99_seconds",
  "nodejs_heap_size_used_bytes",
] as const;
