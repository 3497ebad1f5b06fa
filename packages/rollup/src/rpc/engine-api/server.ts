import { JsonRpcHandler } from "../json-rpc/handler.ts";
import type { ListenOptions, RpcLimits } from "../options.ts";
import { defaultLimits, defaultListen } from "../options.ts";
import type { RpcDependencies } from "../providers.ts";
import type { RpcServer } from "../server.ts";
import { createRpcApi } from "../server.ts";
import { listen } from "../transport/listener.ts";
import type { ClientVersion } from "./exchange-methods.ts";
import { exchangeMethods } from "./exchange-methods.ts";
import { forkchoiceMethods } from "./forkchoice-methods.ts";
import { engineForks } from "./forks.ts";
import { jwtAuthorizer } from "./jwt.ts";
import type { PayloadBuilderOptions } from "./payload-builder.ts";
import { defaultPayloadBuilder, PayloadBuilder } from "./payload-builder.ts";
import { payloadMethods } from "./payload-methods.ts";

export interface EngineApiOptions {
  readonly listen?: Partial<ListenOptions>;
  readonly limits?: Partial<RpcLimits>;
  readonly builder?: Partial<PayloadBuilderOptions>;
  /** The 32 bytes shared with the consensus client. */
  readonly jwtSecret: Uint8Array;
  readonly clientVersion: ClientVersion;
}

/** No page can know the secret, so any host name may be used; and no page has business here. */
const engineApiListen = { virtualHosts: ["*"], corsOrigins: [] };

/** Payloads of a large block exceed the public limits. go-ethereum allows its Engine API 128 MiB, too. */
const engineApiLimits = {
  ...defaultLimits,
  bodyBytes: 128 * 1024 * 1024,
  responseBytes: 256 * 1024 * 1024,
};

/**
 * Starts the authenticated port that a consensus client (op-node) drives: the Engine API beside the public methods,
 * over HTTP and WebSocket.
 */
export async function startEngineApiServer(
  options: EngineApiOptions,
  dependencies: RpcDependencies & { readonly now?: () => number },
): Promise<RpcServer> {
  const { engine, node, now = Date.now, onInternalError, observe } = dependencies;
  const limits = { ...engineApiLimits, ...options.limits };
  const forks = engineForks(node.chainConfig);
  const builder = new PayloadBuilder({ ...defaultPayloadBuilder, ...options.builder }, { engine });
  const api = createRpcApi({ limits }, dependencies);
  const engineMethods = [
    ...payloadMethods({ forks }, { engine, builder }),
    ...forkchoiceMethods({ forks }, { engine, builder }),
  ];
  const capabilities = engineMethods.map((method) => method.name);
  const all = [
    ...api.methods,
    ...engineMethods,
    ...exchangeMethods({ clientVersion: options.clientVersion, capabilities }),
  ];
  const handler = new JsonRpcHandler(
    { limits },
    {
      methods: new Map(all.map((method) => [method.name, method])),
      ...(observe === undefined ? {} : { observe }),
      ...(onInternalError === undefined ? {} : { onInternalError }),
    },
  );
  const authorize = jwtAuthorizer({ secret: options.jwtSecret, now });
  const listener = await listen(
    {
      listen: { ...defaultListen, ...engineApiListen, ...options.listen },
      limits,
    },
    { handler, authorize },
  ).catch((error: unknown) => {
    api.close();
    throw error;
  });
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
      await builder.close();
    },
  };
}
