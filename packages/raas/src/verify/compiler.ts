import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { RaasError } from "../errors.ts";
import type { CompilerVersion } from "./compilers.ts";
import { packageOf } from "./compilers.ts";
import type { CompiledContract } from "./match.ts";
import type { ContractName, StandardJson } from "./standard-json.ts";
import { withOutputs } from "./standard-json.ts";

export interface CompilerLimits {
  readonly timeMs: number;
  /** Of the compiler's own memory, and of JavaScript's beside it. */
  readonly memoryMib: number;
  readonly outputBytes: number;
  /** Compilations that wait for the one under way. */
  readonly waiting: number;
}

export const COMPILER_LIMITS: CompilerLimits = {
  timeMs: 25_000,
  memoryMib: 512,
  outputBytes: 64 * 1024 * 1024,
  waiting: 8,
};

export interface Compiled extends CompiledContract {
  readonly abi: readonly unknown[];
  /** The compiler's description of sources and settings, as it hashed it. */
  readonly metadata: string;
}

interface Assembly {
  readonly ".auxdata"?: string | undefined;
  readonly ".data"?: Readonly<Record<string, string | Assembly>> | undefined;
}
const assemblySchema: z.ZodType<Assembly> = z.object({
  ".auxdata": z.string().optional(),
  get ".data"() {
    return z.record(z.string(), z.union([z.string(), assemblySchema])).optional();
  },
});
const places = z.array(z.object({ start: z.number(), length: z.number() }));
const outputSchema = z.object({
  errors: z.array(z.object({ severity: z.string(), formattedMessage: z.string() })).optional(),
  contracts: z
    .record(
      z.string(),
      z.record(
        z.string(),
        z.object({
          abi: z.array(z.unknown()),
          metadata: z.string().optional(),
          evm: z.object({
            legacyAssembly: assemblySchema.nullable().optional(),
            deployedBytecode: z.object({
              object: z.string(),
              immutableReferences: z.record(z.string(), places).optional(),
              linkReferences: z.record(z.string(), z.record(z.string(), places)).optional(),
            }),
          }),
        }),
      ),
    )
    .optional(),
});

const MESSAGES_MAX = 20;
const CHILD = fileURLToPath(new URL("./compile-child.ts", import.meta.url));
const PAGE_KIB = 64;

/** Compiles what strangers send, one after the other, each in a process of its own. */
export class Compiler {
  readonly #limits: CompilerLimits;
  readonly #closing = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(options: { readonly limits?: CompilerLimits } = {}) {
    this.#limits = options.limits ?? COMPILER_LIMITS;
  }

  /**
   * Compiles with an installed compiler.
   * @returns the contracts that have code.
   * @throws RaasError `COMPILATION_FAILED` with the compiler's messages, `COMPILATION_LIMIT`, `RATE_LIMITED` when too many wait,
   *   `CLOSED` when the control plane ends meanwhile
   */
  async compile(
    version: CompilerVersion,
    input: StandardJson,
    contract: ContractName | null,
  ): Promise<readonly Compiled[]> {
    if (this.#waiting > this.#limits.waiting)
      throw new RaasError("RATE_LIMITED", "too many sources wait for the compiler: try again in a minute");
    this.#waiting++;
    const turn = this.#turn.then(() => this.#run(version, withOutputs(input, contract)));
    this.#turn = turn.catch(() => {});
    try {
      return contractsOf(await turn);
    } finally {
      this.#waiting--;
    }
  }

  /** Ends the compilation under way, and refuses those that wait. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#turn;
  }

  async #run(version: CompilerVersion, input: string): Promise<string> {
    const { timeMs, memoryMib, outputBytes } = this.#limits;
    const { signal } = this.#closing;
    const closed = () => new RaasError("CLOSED", "the control plane is closing");
    if (signal.aborted) throw closed();
    const flags = [
      "--permission",
      ...readable(packageOf(version)).map((path) => `--allow-fs-read=${path}`),
      `--max-old-space-size=${memoryMib}`,
      `--wasm-max-mem-pages=${(memoryMib * 1024) / PAGE_KIB}`,
      "--disable-warning=ExperimentalWarning",
    ];
    const child = spawn(process.execPath, [...flags, CHILD, packageOf(version)], {
      // Nothing of ours is handed on, keys in the environment least of all.
      env: {},
      stdio: ["pipe", "pipe", "ignore"],
    });
    return await new Promise<string>((resolve, reject) => {
      const chunks: Buffer[] = [];
      let size = 0;
      let excess: string | null = null;
      const stop = (why: string) => {
        excess ??= why;
        child.kill("SIGKILL");
      };
      const timer = setTimeout(() => stop(`took longer than ${timeMs / 1_000} s`), timeMs);
      const end = () => child.kill("SIGKILL");
      signal.addEventListener("abort", end, { once: true });
      child.stdout.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > outputBytes) stop(`wrote more than ${outputBytes} bytes`);
        else chunks.push(chunk);
      });
      child.once("error", (cause) => reject(new RaasError("INTERNAL", "the compiler cannot be started", { cause })));
      // Whoever is killed while reading breaks the pipe: what matters is how it ended.
      child.stdin.on("error", () => {});
      child.stdin.end(input);
      child.once("close", (code) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        if (signal.aborted) reject(closed());
        else if (code === 0 && excess === null) resolve(Buffer.concat(chunks).toString("utf8"));
        else {
          const why = excess ?? `ended without an answer: it may have needed more than ${memoryMib} MiB`;
          reject(new RaasError("COMPILATION_LIMIT", `the compiler ${why}`));
        }
      });
    });
  }
}

/** Where the compiler's program lies, where ours that runs it looks for it, and ours: in a bundle that is another place. */
function readable(packageName: string): readonly string[] {
  const file = createRequire(import.meta.url).resolve(`${packageName}/package.json`);
  const modules = `${sep}node_modules${sep}`;
  const root = file.slice(0, file.indexOf(modules) + modules.length);
  const own = fileURLToPath(new URL("../../", import.meta.url));
  return [`${root}*`, `${own}*`, `${dirname(CHILD)}${sep}*`];
}

function contractsOf(output: string): readonly Compiled[] {
  const { errors = [], contracts = {} } = outputSchema.parse(JSON.parse(output));
  const failures = errors
    .filter(({ severity }) => severity === "error")
    .map(({ formattedMessage }) => formattedMessage);
  if (failures.length > 0) {
    throw new RaasError("COMPILATION_FAILED", failures.slice(0, MESSAGES_MAX).join("\n").slice(0, 10_000), {
      details: { errors: failures.length },
    });
  }
  return Object.entries(contracts).flatMap(([file, named]) =>
    Object.entries(named).flatMap(([name, { abi, metadata = "", evm }]) => {
      const { object, immutableReferences = {}, linkReferences = {} } = evm.deployedBytecode;
      // Interfaces and abstract contracts have none.
      if (object === "") return [];
      return [
        {
          ...{ file, name, abi, metadata, runtime: object, immutables: immutableReferences },
          libraries: Object.fromEntries(
            Object.entries(linkReferences).flatMap(([source, libraries]) =>
              Object.entries(libraries).map(([library, at]) => [`${source}:${library}`, at]),
            ),
          ),
          auxdata: auxdataOf(evm.legacyAssembly?.[".data"]?.["0"]),
        },
      ];
    }),
  );
}

/** Of an assembly and those in it. */
function auxdataOf(assembly: string | Assembly | undefined): readonly string[] {
  if (assembly === undefined || typeof assembly === "string") return [];
  const own = assembly[".auxdata"];
  return [...(own === undefined ? [] : [own]), ...Object.values(assembly[".data"] ?? {}).flatMap(auxdataOf)];
}
