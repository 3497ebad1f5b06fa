import { z } from "zod";
import type { RpcMethod } from "../json-rpc/method.ts";
import { defineMethod, json, plain } from "../json-rpc/method.ts";
import { list, object, text } from "../json-rpc/params.ts";

/**
 * OP Stack protocol version that this node speaks: version type 0, no build, 9.0.0 (Holocene), no prerelease
 * (specs/protocol/superchain-upgrades.md, "Protocol Version Format").
 */
const PROTOCOL_VERSION = `0x${"00".repeat(16)}${"00000009"}${"00000000"}${"00000000"}${"00000000"}`;

export interface ClientVersion {
  /** Two letters, as the Engine API's identification specification wants. */
  readonly code: string;
  readonly name: string;
  readonly version: string;
  /** First four bytes of the build's commit. */
  readonly commit: string;
}

/** What the two clients tell each other about themselves. */
export function exchangeMethods(options: {
  readonly clientVersion: ClientVersion;
  /** Names of the engine_ methods, this file's aside. */
  readonly capabilities: readonly string[];
}): RpcMethod[] {
  return [
    defineMethod({
      name: "engine_exchangeCapabilities",
      params: [list(text)],
      // common.md: the method itself is not listed.
      run: () => json([...options.capabilities, "engine_getClientVersionV1", "engine_signalSuperchainV1"]),
    }),
    defineMethod({
      name: "engine_getClientVersionV1",
      params: [z.unknown().optional()],
      run: () => json([options.clientVersion]),
    }),
    defineMethod({
      name: "engine_exchangeTransitionConfigurationV1",
      params: [object.optional()],
      // Deprecated since Shanghai. The OP Stack was never on proof of work, so the difficulty is zero.
      run: () =>
        json({
          terminalTotalDifficulty: "0x0",
          terminalBlockHash: `0x${"00".repeat(32)}`,
          terminalBlockNumber: "0x0",
        }),
    }),
    defineMethod({
      name: "engine_signalSuperchainV1",
      params: [object.optional()],
      run: () => plain(PROTOCOL_VERSION),
    }),
  ];
}
