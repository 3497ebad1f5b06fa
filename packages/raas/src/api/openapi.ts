import { z } from "zod";
import type { Route } from "./route.ts";

const ERROR = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "number", "message", "details", "requestId"],
      properties: {
        code: { type: "string" },
        number: { type: "integer" },
        message: { type: "string" },
        details: { type: "object" },
        requestId: { type: "string" },
      },
    },
  },
};

/** The OpenAPI 3.1 document of the routes, from the very schemas that check requests. */
export function openApiOf(
  routes: readonly Route[],
  options: { readonly version: string; readonly base: string },
): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = `${options.base}${route.path.replace(/:([a-zA-Z]+)/g, "{$1}")}`;
    const operations = paths[path] ?? {};
    paths[path] = operations;
    operations[route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: "3.1.0",
    info: { title: "AltLayer control plane", version: options.version },
    paths,
    components: {
      schemas: { Error: ERROR },
      securitySchemes: {
        session: { type: "apiKey", in: "cookie", name: "altlayer_session" },
        token: { type: "http", scheme: "bearer" },
      },
    },
  };
}

function operationOf(route: Route): unknown {
  return {
    operationId: route.name,
    summary: route.summary,
    "x-access": route.access,
    security: route.access === "public" ? [] : [{ session: [] }, { token: [] }],
    parameters: [...parametersOf(route.params, "path"), ...parametersOf(route.query, "query")],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: { required: true, content: { "application/json": { schema: jsonSchema(route.body, "input") } } },
        }),
    responses: {
      [String(statusOf(route))]: responseOf(route),
      default: {
        description: "error",
        content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
      },
    },
  };
}

export function statusOf(route: Route): number {
  return route.status ?? (route.response === undefined && route.content === undefined ? 204 : 200);
}

function responseOf(route: Route): unknown {
  if (route.response !== undefined) {
    return { description: "done", content: { "application/json": { schema: jsonSchema(route.response, "output") } } };
  }
  if (route.content !== undefined) return { description: "done", content: { [route.content]: {} } };
  return { description: "done" };
}

function parametersOf(schema: z.ZodType | undefined, place: "path" | "query"): readonly unknown[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, "input") as {
    properties?: Record<string, unknown>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: property,
  }));
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: "draft-2020-12", unrepresentable: "any" });
  return rest;
}
