import { exampleYaml, specJsonSchema, specReference } from "@altlayer/raas";
import { EXIT } from "../errors.ts";
import type { Output } from "../output.ts";

export interface SpecCommandOptions {
  readonly reference?: boolean;
}

/** `altlayer spec`: an example to start from, the reference as Markdown, or with --json the JSON Schema. */
export async function spec(options: SpecCommandOptions, output: Output): Promise<number> {
  if (output.json) output.answer(specJsonSchema());
  else output.line((options.reference === true ? specReference() : exampleYaml()).trimEnd());
  return EXIT.ok;
}
