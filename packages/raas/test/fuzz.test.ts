import { rmSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { ROUTES } from "../src/api/server.ts";
import { parseSpec } from "../src/spec/parse.ts";
import type { TestPlatform } from "./harness.ts";
import { Caller, newSpec, startTestPlatform } from "./harness.ts";
import type { JsonSchema } from "./schema-arbitrary.ts";
import { nearly } from "./schema-arbitrary.ts";

/** Every route, by paths, queries and bodies that are nearly what it takes, made from its own schema. */

let at: TestPlatform;
let rollup: string;

beforeAll(async () => {
  at = await startTestPlatform();
  const spec = parseSpec(newSpec("guarded-one"));
  rollup = (await at.platform.services.rollups.create({ teamId: at.teamId, spec, authorId: at.userId })).id;
});

afterAll(async () => {
  await at?.close();
  if (at) rmSync(at.dataDir, { recursive: true, force: true });
});

/** A session of its own. */
async function viewer(): Promise<Caller> {
  const { secret, csrf } = await at.platform.services.credentials.createSession(at.userId);
  const headers = { cookie: `altlayer_session=${secret}`, "x-altlayer-csrf": csrf };
  return new Caller({ url: at.platform.url, headers });
}

test("no input makes a route fail on our side, and every answer has its documented shape", async () => {
  const spec = newSpec("fuzzed-one") as Record<string, unknown>;
  const mutated = fc
    .tuple(fc.constantFrom(...Object.keys(spec)), fc.jsonValue())
    .map(([key, value]) => ({ spec: { ...spec, [key]: value }, revision: 1 }));
  const segment = fc.oneof(
    fc.constantFrom(at.teamId, rollup, "development", "..%2f..", "%00", "a".repeat(90)),
    fc.string({ minLength: 1 }).map(encodeURIComponent),
  );
  for (const route of ROUTES) {
    const body =
      route.body === undefined ? fc.jsonValue() : nearly(z.toJSONSchema(route.body, { io: "input" }) as JsonSchema);
    const asked = Object.keys((route.query as z.ZodObject | undefined)?.shape ?? {});
    await fc.assert(
      fc.asyncProperty(fc.oneof(body, mutated), segment, fc.boolean(), fc.string(), async (value, id, known, text) => {
        // Whose session ends is not the one that all others use.
        const caller = route.name === "session.end" ? await viewer() : at.owner;
        const path = route.path.replace(/:(\w+)/g, (_, name: string) =>
          known && name === "team" ? at.teamId : known && name === "rollup" ? rollup : id,
        );
        const query = asked.map((name) => `${name}=${encodeURIComponent(text)}`).join("&");
        const target = query === "" || known ? path : `${path}?${query}`;
        const answer =
          route.content === "text/event-stream"
            ? await caller.head(target)
            : await caller.ask(route.method, target, route.method === "GET" ? undefined : value);
        expect(answer.status === 502 || answer.status < 500, `${route.name} ${answer.status}`).toBe(true);
        if (answer.status >= 400) {
          expect(answer.body.error).toMatchObject({
            code: expect.any(String),
            number: expect.any(Number),
            message: expect.any(String),
            details: expect.any(Object),
            requestId: expect.any(String),
          });
        } else if (route.response !== undefined) route.response.parse(answer.body);
      }),
      { numRuns: 12 },
    );
  }
}, 300_000);
