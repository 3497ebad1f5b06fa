export { giveOrder } from "./admin/client.ts";
export { type BeaconFacadeService, type BeaconFacadeServiceOptions, startBeaconFacade } from "./beacon/service.ts";
export { type Clock, SystemClock } from "./clock.ts";
export { loadNodeFiles } from "./config/load.ts";
export { type NodeConfig, type NodeConfigInput, nodeConfigSchema, parseNodeConfig } from "./config/node-config.ts";
export { createDurably, writeDurably } from "./durable-file.ts";
export { describeError, RollupError, type RollupErrorCode, type Severity } from "./errors.ts";
export { EngineApiClient } from "./external-engine/engine-api-client.ts";
export { bumpFees, FEE_DEFAULTS, type FeeLimits, type Fees, marketFees } from "./l1/fees.ts";
export type { L1Finality, L1Heads } from "./l1/head-watcher.ts";
export { type KeyReference, keyReferenceSchema, loadAccount, localAccount, type ProvidedAccount } from "./l1/keys.ts";
export type { Kzg } from "./l1/kzg.ts";
export { SharedL1 } from "./l1/shared-l1.ts";
export { createLogger, type Logger, type LogLevel, type LogSink, loggerTo, silentLogger } from "./log.ts";
export { METRICS, type MetricDefinition, PROCESS_METRICS } from "./metrics/definitions.ts";
export { createProcessMetrics } from "./metrics/registry.ts";
export { RollupNode, type RollupNodeDependencies, type RollupNodeOptions } from "./node/node.ts";
export { PROXY_ERRORS, type ProxyErrorCode } from "./proxy/errors.ts";
export type { FinalHeadStatus } from "./proxy/final-head.ts";
export { PROXY_METRICS } from "./proxy/metrics.ts";
export type { CertifiedTag } from "./proxy/pin.ts";
export { type FinalityProxy, type ProxyOptions, startProxy } from "./proxy/proxy.ts";
export type { ClientVersion } from "./rpc/engine-api/exchange-methods.ts";
export { createToken } from "./rpc/engine-api/jwt.ts";
export { type EngineApiOptions, startEngineApiServer } from "./rpc/engine-api/server.ts";
export { RpcError } from "./rpc/errors.ts";
export type { ListenOptions, RpcLimits } from "./rpc/options.ts";
export type {
  ForwardTransaction,
  L2BlockRef,
  NodeInfo,
  OptimismProvider,
  PeerInfo,
  RpcDependencies,
  SyncProgress,
} from "./rpc/providers.ts";
export { type RpcServer, type RpcServerOptions, startRpcServer } from "./rpc/server.ts";
export { QUIET_HEADER } from "./rpc/transport/http.ts";
export type { SnapshotBlock } from "./snapshot/create.ts";
export { snapshotOfStopped } from "./snapshot/source.ts";
