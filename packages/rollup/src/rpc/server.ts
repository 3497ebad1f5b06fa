import { SliceFeed } from "../slices/slice-feed.ts";
import { ChainFeed } from "./filters/chain-feed.ts";
import { FilterStore } from "./filters/filter-store.ts";
import { Subscriptions } from "./filters/subscriptions.ts";
import { JsonRpcHandler } from "./json-rpc/handler.ts";
import type { RpcMethod } from "./json-rpc/method.ts";
import { adminMethods } from "./methods/admin.ts";
import { debugMethods } from "./methods/debug.ts";
import { blockMethods } from "./methods/eth/blocks.ts";
import { callMethods } from "./methods/eth/calls.ts";
import { feeMethods } from "./methods/eth/fees.ts";
import { fillMethods } from "./methods/eth/fill.ts";
import { logMethods } from "./methods/eth/logs.ts";
import { nodeMethods } from "./methods/eth/node.ts";
import { sendMethods } from "./methods/eth/send.ts";
import { stateMethods } from "./methods/eth/state.ts";
import { subscribeMethods } from "./methods/eth/subscribe.ts";
import { transactionMethods } from "./methods/eth/transactions.ts";
import { machMethods } from "./methods/mach.ts";
import { netMethods } from "./methods/net.ts";
import { optimismMethods } from "./methods/optimism.ts";
import { sequencerMethods } from "./methods/sequencer.ts";
import { txpoolMethods } from "./methods/txpool.ts";
import { web3Methods } from "./methods/web3.ts";
import type { ListenOptions, RpcLimits } from "./options.ts";
import { defaultLimits, defaultListen } from "./options.ts";
import type { RpcDependencies } from "./providers.ts";
import { SubmitCoalescer } from "./submit/coalescer.ts";
import { inclusionOf } from "./submit/inclusion.ts";
import type { Listener } from "./transport/listener.ts";
import { listen } from "./transport/listener.ts";

export interface RpcServerOptions {
  readonly listen?: Partial<ListenOptions>;
  readonly limits?: Partial<RpcLimits>;
}

export interface RpcServer {
  readonly host: string;
  readonly port: number;
  readonly httpUrl: string;
  readonly wsUrl: string;
  /** Open WebSocket subscriptions. */
  readonly subscriptions: number;
  /** Stops listening, ends subscriptions and filters. The engine stays open. */
  close(): Promise<void>;
}

/** The public methods over one engine, with the state they need (filters, subscriptions, waiting submissions). */
export interface RpcApi {
  readonly methods: readonly RpcMethod[];
  readonly subscriptions: Subscriptions;
  close(): void;
}

/** Builds every method of the public API. The Engine API server serves the same ones beside its own. */
export function createRpcApi(options: { readonly limits: RpcLimits }, dependencies: RpcDependencies): RpcApi {
  const { engine, node, optimism } = dependencies;
  const forward = () => (dependencies.forwards?.() === false ? undefined : dependencies.forward);
  const { limits } = options;
  const feed = new ChainFeed({ engine });
  const filters = new FilterStore({ limits }, { feed });
  const transaction = (hash: string) => engine.query("eth_getTransactionByHash", `["${hash}"]`);
  const slices = dependencies.slices ?? new SliceFeed({ engine });
  const { mach = () => null } = dependencies;
  const subscriptions = new Subscriptions({ limits }, { feed, slices, node, transaction, mach });
  const coalescer = new SubmitCoalescer({ batch: limits.submitBatch, queue: limits.submitQueue }, { engine });
  const inclusion = inclusionOf({ engine, forwarded: () => forward() !== undefined });
  const methods = [
    ...blockMethods({ engine }),
    ...transactionMethods({ engine }),
    ...stateMethods({ engine }),
    ...callMethods({ engine }),
    ...feeMethods({ engine }),
    ...fillMethods({ engine, node }),
    ...logMethods({ limits }, { engine, filters }),
    ...subscribeMethods({ limits }, { subscriptions }),
    ...sendMethods({ limits }, { coalescer, inclusion, forward }),
    ...nodeMethods({ engine, node }),
    ...netMethods({ node }),
    ...web3Methods({ node }),
    ...adminMethods({ engine, node }),
    ...(dependencies.sequencer === undefined ? [] : sequencerMethods(dependencies.sequencer)),
    ...txpoolMethods({ engine }),
    ...debugMethods({ engine, node }),
    ...(dependencies.mach === undefined ? [] : machMethods(mach)),
    ...(optimism === undefined ? [] : optimismMethods({ engine, node, optimism })),
  ];
  return {
    methods,
    subscriptions,
    close: () => {
      inclusion.close();
      filters.close();
      feed.close();
    },
  };
}

/**
 * Starts JSON-RPC over HTTP and WebSocket on one port.
 *
 * @example
 * const server = await startRpcServer({ listen: { port: 9545 } }, { engine, node });
 * console.log(server.httpUrl);
 * await server.close();
 */
export async function startRpcServer(options: RpcServerOptions, dependencies: RpcDependencies): Promise<RpcServer> {
  const limits = { ...defaultLimits, ...options.limits };
  const api = createRpcApi({ limits }, dependencies);
  const methods = new Map(api.methods.map((method) => [method.name, method]));
  const { onInternalError, observe, current } = dependencies;
  const handler = new JsonRpcHandler(
    { limits },
    {
      methods,
      ...(observe === undefined ? {} : { observe }),
      ...(current === undefined ? {} : { current }),
      ...(onInternalError === undefined ? {} : { onInternalError }),
    },
  );
  let listener: Listener;
  try {
    listener = await listen({ listen: { ...defaultListen, ...options.listen }, limits }, { handler });
  } catch (error) {
    api.close();
    throw error;
  }
  return {
    host: listener.host,
    port: listener.port,
    httpUrl: listener.httpUrl,
    wsUrl: listener.wsUrl,
    get subscriptions() {
      return api.subscriptions.open;
    },
    close: async () => {
      api.close();
      await listener.close();
    },
  };
}
