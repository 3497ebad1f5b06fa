import { API_BASE, openApiDocument } from "@altlayer/raas";

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly "x-access": string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }>
  >;
}

const WHO: Readonly<Record<string, string>> = {
  public: "everybody",
  session: "whoever is signed in",
  viewer: "members of the team",
  operator: "operators and owners of the team",
  owner: "owners of the team",
};

/** The reference of the HTTP API, from the OpenAPI document that the control plane serves. */
export function apiReference(): string {
  const { paths } = openApiDocument() as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  const lines = [
    "# HTTP API",
    "",
    `Made from the OpenAPI 3.1 document that every control plane serves at \`GET ${API_BASE}/openapi.json\`; the schemas there are the ones that check each request. How to sign in, page through lists and repeat a request safely is told in [The platform](platform.md#api).`,
  ];
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) lines.push("", ...section(method, path, operation));
  }
  return `${lines.join("\n")}\n`;
}

function section(method: string, path: string, operation: Operation): string[] {
  const lines = [
    `## ${operation.operationId}`,
    "",
    `\`${method.toUpperCase()} ${path}\` · ${WHO[operation["x-access"]] ?? operation["x-access"]}`,
    "",
    `${operation.summary}.`,
  ];
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const rows = [
    ...operation.parameters.map(({ name, in: place, required, schema }) => row(name, place, required, schema)),
    ...Object.entries(body?.properties ?? {}).map(([name, schema]) =>
      row(name, "body", body?.required?.includes(name) ?? false, schema),
    ),
  ];
  if (rows.length > 0) lines.push("", "| parameter | in | needed | type |", "|---|---|---|---|", ...rows);
  const [status, answer] = Object.entries(operation.responses).find(([code]) => code !== "default") ?? [];
  const [type, content] = Object.entries(answer?.content ?? {})[0] ?? [];
  const shape = content?.schema === undefined ? (type ?? "nothing") : typeOf(content.schema);
  if (status !== undefined) lines.push("", `Answers ${status}: ${code(shape)}`);
  return lines;
}

const row = (name: string, place: string, required: boolean, schema: Schema): string =>
  `| ${code(name)} | ${place} | ${required ? "required" : "optional"} | ${code(typeOf(schema))} |`;

const code = (text: string): string => `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;

/** Fields deeper than this are looked up in the OpenAPI document. */
const DEPTH = 2;

/** A type in a line, as TypeScript would write it. */
function typeOf(schema: Schema, depth = 0): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants !== undefined) return variants.map((variant) => typeOf(variant, depth)).join(" | ");
  if (schema.items !== undefined) return `${grouped(typeOf(schema.items, depth))}[]`;
  if (schema.properties !== undefined) {
    if (depth >= DEPTH) return "object";
    const fields = Object.entries(schema.properties).map(([name, field]) => `${name}: ${typeOf(field, depth + 1)}`);
    return `{ ${fields.join(", ")} }`;
  }
  return typeof schema.type === "string" ? schema.type : (schema.type?.join(" | ") ?? "any");
}

const grouped = (type: string): string => (type.includes(" | ") ? `(${type})` : type);
