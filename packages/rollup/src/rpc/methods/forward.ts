import type { Engine } from "@altlayer/engine";
import type { z } from "zod";
import type { RpcMethod } from "../json-rpc/method.ts";
import { defineMethod } from "../json-rpc/method.ts";

/**
 * A method that the engine answers natively: parameters are checked and normalised here, the result passes through as
 * the JSON text that the engine wrote.
 */
export function forwarded(
  engine: Pick<Engine, "query">,
  definition: { readonly name: string; readonly params: readonly z.ZodType[] },
): RpcMethod {
  return defineMethod({
    name: definition.name,
    params: definition.params,
    run: (args) => engine.query(definition.name, JSON.stringify(args.map((value) => value ?? null))),
  });
}
