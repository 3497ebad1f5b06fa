import type { Engine, ExecutionPayload, Hex } from "@altlayer/engine";
import type { L2BlockRef, RollupConfig } from "@altlayer/protocol";
import { l2BlockRefFromPayload } from "@altlayer/protocol";
import { RollupError } from "../errors.ts";
import { Lru } from "../l1/lru.ts";

/** Looks up L2 blocks with their L1 origins. */
export class L2Chain {
  readonly #config: RollupConfig;
  readonly #engine: Engine;
  readonly #refs = new Lru<Hex, L2BlockRef>({ maxWeight: 4096 });

  constructor(options: { readonly rollup: RollupConfig }, dependencies: { readonly engine: Engine }) {
    this.#config = options.rollup;
    this.#engine = dependencies.engine;
  }

  async byHash(hash: Hex): Promise<L2BlockRef> {
    const known = this.#refs.get(hash);
    if (known) return known;
    const payload = await this.#engine.payloadByHash(hash);
    if (!payload) throw missing(hash);
    return this.remember(payload);
  }

  /** The canonical block of that number. */
  async byNumber(number: number): Promise<L2BlockRef> {
    return this.remember(await this.payload(number));
  }

  async payload(number: number): Promise<ExecutionPayload> {
    const payload = await this.#engine.payloadByNumber(number);
    if (!payload) throw missing(number);
    return payload;
  }

  remember(payload: ExecutionPayload): L2BlockRef {
    const ref = l2BlockRefFromPayload(this.#config, payload);
    this.#refs.set(ref.hash, ref);
    return ref;
  }
}

function missing(block: Hex | number): RollupError {
  return new RollupError("DERIVATION_RESET", `the engine does not have L2 block ${block}`, {
    severity: "reset",
    data: { block },
  });
}
