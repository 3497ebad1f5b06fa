import type { JsonSchema } from "./parse.ts";
import { specJsonSchema } from "./parse.ts";

interface Node extends JsonSchema {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly "x-altlayer"?: Readonly<Record<string, string>>;
}

const CHANGED_BY: Readonly<Record<string, string>> = {
  "us live": "by us, at once",
  "us restart": "by us, with a restart of the node",
  "owner signature": "by the owner's signature on the L1",
  "never none": "never",
};

/** The reference of the spec as Markdown, from the schema alone. */
export function specReference(): string {
  const lines = [
    "# The rollup spec",
    "",
    "Made from the schema in `packages/raas/src/spec` (`altlayer spec --reference`): a test holds the two together. Fields without a default are required.",
    "",
    ...section(specJsonSchema() as Node, "", new Set()),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

function section(node: Node, path: string, required: ReadonlySet<string>): string[] {
  if (node.properties !== undefined) {
    const inner = new Set(node.required ?? []);
    return Object.entries(node.properties).flatMap(([name, child]) =>
      section(child, path === "" ? name : `${path}.${name}`, inner.has(name) ? new Set([name]) : new Set()),
    );
  }
  if (node.items?.properties !== undefined) return section(node.items, `${path}[]`, new Set());
  const notes = node["x-altlayer"] ?? {};
  const unit = notes.unit === undefined ? "" : `, in ${notes.unit}`;
  const fallback =
    node.default !== undefined
      ? `default \`${JSON.stringify(node.default)}\``
      : required.size > 0
        ? "required"
        : "optional";
  return [
    `## \`${path}\``,
    "",
    `${node.title}: ${node.description}`,
    "",
    `- **Value:** ${describeValue(node)}${unit}; ${fallback}`,
    `- **Changed:** ${CHANGED_BY[`${notes.change} ${notes.effect}`] ?? notes.change}`,
    `- **Cost:** ${notes.cost}`,
    `- **Trust:** ${notes.trust}`,
    "",
  ];
}

function describeValue({ type, enum: values, minimum, maximum, pattern }: Node): string {
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(", ");
  const range = minimum !== undefined && maximum !== undefined ? ` from ${minimum} to ${maximum}` : "";
  return `${type ?? "value"}${range}${pattern === undefined ? "" : ` of the form \`${pattern}\``}`;
}
