import { keccak256 } from "viem/utils";
import { RaasError } from "../errors.ts";
import type { Hex } from "../spec/primitives.ts";
import type { VerifiedContract, VerifiedStore } from "../store/verified.ts";
import type { Compiled, Compiler } from "./compiler.ts";
import type { CompilerVersion } from "./compilers.ts";
import { type Match, type Mismatch, matchRuntime } from "./match.ts";
import { codeAt, type DeployedCode } from "./proxy.ts";
import { contractName, type StandardJson } from "./standard-json.ts";

export interface VerifyRequest {
  readonly compiler: CompilerVersion;
  readonly input: StandardJson;
  /** `Token` or `src/Token.sol:Token`; null: whichever matches. */
  readonly contract: string | null;
}

/** Where a rollup's contracts are read and what is known of them is kept. */
export interface Place {
  readonly rollupId: string;
  readonly rpcUrl: string;
}

const REASONS_MAX = 10;

/** What is known of contracts' sources, and how it comes to be known. */
export class Verification {
  readonly #store: VerifiedStore;
  readonly #compiler: Compiler;

  constructor(dependencies: { readonly store: VerifiedStore; readonly compiler: Compiler }) {
    this.#store = dependencies.store;
    this.#compiler = dependencies.compiler;
  }

  /** A contract with its verified source, and its implementation's where it is a proxy. @throws RaasError `UPSTREAM` */
  async contract({ rollupId, rpcUrl }: Place, address: Hex) {
    const found = await codeAt(rpcUrl, address);
    if (found === null) throw new RaasError("UPSTREAM", "the node does not tell the code of this address");
    const known = async ({ address: at, code }: DeployedCode) => {
      const codeHash = code === "0x" ? null : keccak256(code);
      const verified = codeHash === null ? null : await this.#store.find(rollupId, codeHash);
      return { address: at, codeHash, codeBytes: (code.length - 2) / 2, verified };
    };
    const { own, implementation } = found;
    return { ...(await known(own)), implementation: implementation === null ? null : await known(implementation) };
  }

  /**
   * Compiles the sources and, if they make the code at the address, keeps them for this code.
   * @throws RaasError `NOT_A_CONTRACT`, `NO_MATCH` with the reason for each contract, and what `Compiler.compile` throws
   */
  async verify({ rollupId, rpcUrl }: Place, address: Hex, request: VerifyRequest): Promise<VerifiedContract> {
    const deployed = (await codeAt(rpcUrl, address))?.own;
    if (deployed === undefined || deployed.code === "0x")
      throw new RaasError("NOT_A_CONTRACT", `there is no code at ${address}`);
    const codeHash = keccak256(deployed.code);
    await this.#store.requireRoom(rollupId, codeHash);
    const { compiler, input } = request;
    const wanted = request.contract === null ? null : contractName(request.contract);
    const compiled = await this.#compiler.compile(compiler, input, wanted);
    const candidates = compiled.filter(
      ({ file, name }) => wanted === null || (name === wanted.name && (wanted.file ?? file) === file),
    );
    const { contract, match } = bestOf(candidates, deployed);
    return await this.#store.keep(rollupId, {
      codeHash,
      match: match.kind,
      compiler,
      file: contract.file,
      name: contract.name,
      abi: contract.abi,
      metadata: contract.metadata,
      sources: Object.fromEntries(Object.entries(input.sources).map(([path, { content }]) => [path, content])),
      settings: input.settings,
      immutables: match.immutables,
      libraries: match.libraries,
    });
  }

  async close(): Promise<void> {
    await this.#compiler.close();
  }
}

function bestOf(
  candidates: readonly Compiled[],
  deployed: DeployedCode,
): { readonly contract: Compiled; readonly match: Match } {
  if (candidates.length === 0) throw new RaasError("NO_MATCH", "these sources hold no such contract with code");
  const reasons: string[] = [];
  let best: { readonly contract: Compiled; readonly match: Match } | null = null;
  for (const contract of candidates) {
    const match: Match | Mismatch = matchRuntime(contract, deployed);
    if (match.kind === "none") reasons.push(`${contract.file}:${contract.name}: ${match.reason}`);
    else if (best === null || match.kind === "full") best = { contract, match };
    if (best?.match.kind === "full") break;
  }
  if (best !== null) return best;
  throw new RaasError("NO_MATCH", `these sources make other code: ${reasons.slice(0, REASONS_MAX).join("; ")}`, {
    details: { reasons: reasons.slice(0, REASONS_MAX) },
  });
}
