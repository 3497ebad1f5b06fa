import { z } from "zod";

/**
 * Solidity's standard JSON input, as far as it is taken from strangers: sources by their content (no URLs), and of the
 * settings those that change what comes out. The model checker, which may run for as long as it likes, is not among them.
 */
const PATHS_MAX = 1_000;
const path = z.string().min(1).max(300);

const settings = z.strictObject({
  remappings: z.array(z.string().max(300)).max(200).optional(),
  optimizer: z
    .strictObject({
      enabled: z.boolean().optional(),
      runs: z.number().int().min(0).max(4_294_967_295).optional(),
      details: z.record(z.string().max(40), z.unknown()).optional(),
    })
    .optional(),
  evmVersion: z
    .string()
    .regex(/^[a-zA-Z]{1,30}$/)
    .optional(),
  viaIR: z.boolean().optional(),
  libraries: z
    .record(z.string().max(300), z.record(z.string().max(100), z.string().regex(/^0x[0-9a-fA-F]{40}$/)))
    .optional(),
  metadata: z
    .strictObject({
      appendCBOR: z.boolean().optional(),
      useLiteralContent: z.boolean().optional(),
      bytecodeHash: z.enum(["ipfs", "bzzr1", "none"]).optional(),
    })
    .optional(),
  debug: z.strictObject({ revertStrings: z.enum(["default", "strip", "debug"]).optional() }).optional(),
});

export const standardJsonSchema = z.object({
  language: z.literal("Solidity"),
  sources: z
    .record(path, z.object({ content: z.string() }))
    .refine((sources) => Object.keys(sources).length <= PATHS_MAX, `at most ${PATHS_MAX} files`)
    .refine((sources) => Object.keys(sources).length > 0, "at least one file"),
  // What a build tool asked to have written out, and for how long it checked, is its own.
  settings: z
    .preprocess((value) => {
      if (typeof value !== "object" || value === null) return value;
      const {
        outputSelection: _out,
        stopAfter: _stop,
        modelChecker: _checker,
        ...rest
      } = value as Record<string, unknown>;
      return rest;
    }, settings)
    .default({}),
});
export type StandardJson = z.output<typeof standardJsonSchema>;

/** One file with the settings that people know by heart. */
export const singleFileSchema = z.strictObject({
  file: path.default("Contract.sol"),
  content: z.string().min(1),
  optimizerRuns: z.number().int().min(0).max(4_294_967_295).nullable().default(null).describe("null: not optimized"),
  evmVersion: z
    .string()
    .regex(/^[a-zA-Z]{1,30}$/)
    .nullable()
    .default(null)
    .describe("null: the compiler's own"),
  viaIR: z.boolean().default(false),
});

export function standardJsonOf({
  file,
  content,
  optimizerRuns,
  evmVersion,
  viaIR,
}: z.output<typeof singleFileSchema>): StandardJson {
  return {
    language: "Solidity",
    sources: { [file]: { content } },
    settings: {
      optimizer: optimizerRuns === null ? { enabled: false } : { enabled: true, runs: optimizerRuns },
      ...(evmVersion === null ? {} : { evmVersion }),
      ...(viaIR ? { viaIR } : {}),
    },
  };
}

const OUTPUTS = [
  "abi",
  "metadata",
  "evm.legacyAssembly",
  "evm.deployedBytecode.object",
  "evm.deployedBytecode.immutableReferences",
  "evm.deployedBytecode.linkReferences",
];

/** The input with the outputs that a comparison needs, of one contract where it is known which. */
export function withOutputs(input: StandardJson, contract: ContractName | null): string {
  const file = contract?.file ?? "*";
  return JSON.stringify({
    ...input,
    settings: { ...input.settings, outputSelection: { [file]: { [contract?.name ?? "*"]: OUTPUTS } } },
  });
}

export interface ContractName {
  /** Null: in whichever file. */
  readonly file: string | null;
  readonly name: string;
}

/** `Token`, or `src/Token.sol:Token`. */
export function contractName(text: string): ContractName {
  const at = text.lastIndexOf(":");
  return at === -1 ? { file: null, name: text } : { file: text.slice(0, at), name: text.slice(at + 1) };
}
