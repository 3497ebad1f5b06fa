import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROUTES } from "../src/api/server.ts";
import { TEAM_ROLES } from "../src/auth/roles.ts";
import { parseSpec } from "../src/spec/parse.ts";
import type { Answer, TestPlatform } from "./harness.ts";
import { Caller, newSpec, startTestPlatform } from "./harness.ts";

/**
 * Every route by every kind of caller, from the OpenAPI document itself: a route that is added without thought of who
 * may call it fails here.
 */

let at: TestPlatform;
let rollup: string;
let strangers: { readonly team: string; readonly rollup: string };

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly access: string;
  readonly name: string;
}

const operations = async (): Promise<readonly Operation[]> => {
  const { body } = await at.anonymous.ask("GET", "/openapi.json");
  return Object.entries(
    body.paths as Record<string, Record<string, { "x-access": string; operationId: string }>>,
  ).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path: path.replace("/api/v1", ""),
      method: method.toUpperCase(),
      access: operation["x-access"],
      name: operation.operationId,
    })),
  );
};

let nextAddress = 1;
const newAddress = () => `0x${(nextAddress++).toString(16).padStart(40, "0")}` as const;

/** A session of a new user with this role in the team, or none. */
async function session(role: (typeof TEAM_ROLES)[number] | null): Promise<Caller> {
  const { people, credentials } = at.platform.services;
  const user = await people.userOfAddress(newAddress(), { ownTeam: true });
  if (role !== null) await people.setMember({ teamId: at.teamId, userId: user.id, role });
  const { secret, csrf } = await credentials.createSession(user.id);
  return new Caller({
    url: at.platform.url,
    headers: { cookie: `altlayer_session=${secret}`, "x-altlayer-csrf": csrf },
  });
}

async function token(role: (typeof TEAM_ROLES)[number]): Promise<Caller> {
  const made = await at.platform.services.credentials.createToken({
    teamId: at.teamId,
    name: role,
    role,
    createdBy: at.userId,
    ttlMs: null,
  });
  return at.caller(made.token);
}

/** Ids that exist, so that a refusal is about the caller and not about the place. */
async function placeOf({ path }: Operation): Promise<string> {
  const { people, credentials } = at.platform.services;
  const user = await people.userOfAddress(newAddress(), { ownTeam: false });
  await people.setMember({ teamId: at.teamId, userId: user.id, role: "viewer" });
  const made = await credentials.createToken({
    teamId: at.teamId,
    name: "target",
    role: "viewer",
    createdBy: at.userId,
    ttlMs: null,
  });
  const ids: Record<string, string> = {
    team: at.teamId,
    rollup,
    user: user.id,
    token: made.id,
    network: "development",
    hash: `0x${"11".repeat(32)}`,
    address: newAddress(),
    block: "1",
    role: "batcher",
  };
  return path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? "unknown");
}

async function ask(caller: Caller, operation: Operation, path: string): Promise<Answer> {
  if (/\/events$/.test(path)) return await caller.head(path);
  // An empty body passes no schema that matters: whoever is let in is told so, and nothing is done.
  return await caller.ask(operation.method, path, operation.method === "GET" ? undefined : {});
}

beforeAll(async () => {
  at = await startTestPlatform();
  const { rollups, people } = at.platform.services;
  rollup = (await rollups.create({ teamId: at.teamId, spec: parseSpec(newSpec("guarded-one")), authorId: at.userId }))
    .id;
  const other = await people.userOfAddress(newAddress(), { ownTeam: true });
  const [team] = await people.teamsOf(other.id);
  const theirs = await rollups.create({ teamId: team!.id, spec: parseSpec(newSpec("theirs-one")), authorId: other.id });
  strangers = { team: team!.id, rollup: theirs.id };
});

afterAll(async () => {
  await at?.close();
  if (at) rmSync(at.dataDir, { recursive: true, force: true });
});

describe("who may call what", () => {
  test("the document names every route, each with its access", async () => {
    const documented = (await operations()).map(({ name }) => name).sort();
    expect(documented).toEqual(ROUTES.map(({ name }) => name).sort());
  });

  test("nobody gets in without signing in", async () => {
    for (const operation of await operations()) {
      if (operation.access === "public") continue;
      const answer = await ask(at.anonymous, operation, await placeOf(operation));
      expect([operation.name, answer.status, answer.body?.error?.code]).toEqual([
        operation.name,
        401,
        "UNAUTHENTICATED",
      ]);
    }
  });

  test("a stranger does not even learn that the team is there", async () => {
    const stranger = await session(null);
    for (const operation of await operations()) {
      if (!operation.path.startsWith("/teams/")) continue;
      const answer = await ask(stranger, operation, await placeOf(operation));
      expect([operation.name, answer.status, answer.body?.error?.code]).toEqual([operation.name, 404, "NOT_FOUND"]);
    }
  });

  test("an owner does not reach another team's rollup through the own team", async () => {
    for (const operation of await operations()) {
      if (!operation.path.includes("{rollup}") || !operation.path.includes("{team}")) continue;
      const path = (await placeOf(operation)).replace(rollup, strangers.rollup);
      const answer = await ask(at.owner, operation, path);
      expect([operation.name, answer.status, answer.body?.error?.code]).toEqual([operation.name, 404, "NOT_FOUND"]);
    }
  });

  test.each(TEAM_ROLES)(
    "a %s reaches what the document allows, by session and by token, and nothing else",
    async (role) => {
      for (const make of [session, token]) {
        for (const operation of await operations()) {
          if (!operation.path.startsWith("/teams/")) continue;
          const allowed = TEAM_ROLES.indexOf(role) >= TEAM_ROLES.indexOf(operation.access as never);
          const answer = await ask(await make(role), operation, await placeOf(operation));
          // A block or a token may be missing; the team and its rollup must not seem to be.
          const { code, details } = answer.body?.error ?? {};
          const missing = code === "NOT_FOUND" && (details.team !== undefined || details.rollup !== undefined);
          if (allowed)
            expect([operation.name, [401, 403].includes(answer.status) || missing]).toEqual([operation.name, false]);
          else
            expect([operation.name, answer.status, answer.body.error.code]).toEqual([operation.name, 403, "FORBIDDEN"]);
        }
      }
    },
  );

  test("a token makes no tokens and no teams", async () => {
    const owner = await token("owner");
    expect((await owner.ask("POST", `/teams/${at.teamId}/tokens`, { name: "x", role: "viewer" })).status).toBe(403);
    expect((await owner.ask("POST", "/teams", { name: "x" })).status).toBe(403);
  });

  test("a revoked token and a removed member are out at once", async () => {
    const { credentials, people } = at.platform.services;
    const made = await credentials.createToken({
      teamId: at.teamId,
      name: "gone",
      role: "owner",
      createdBy: at.userId,
      ttlMs: null,
    });
    const caller = at.caller(made.token);
    expect((await caller.ask("GET", `/teams/${at.teamId}`)).status).toBe(200);
    expect((await at.owner.ask("DELETE", `/teams/${at.teamId}/tokens/${made.id}`)).status).toBe(204);
    expect((await caller.ask("GET", `/teams/${at.teamId}`)).status).toBe(401);
    const user = await people.userOfAddress(newAddress(), { ownTeam: false });
    await people.setMember({ teamId: at.teamId, userId: user.id, role: "viewer" });
    const { secret } = await credentials.createSession(user.id);
    const member = new Caller({ url: at.platform.url, headers: { cookie: `altlayer_session=${secret}` } });
    expect((await member.ask("GET", `/teams/${at.teamId}`)).status).toBe(200);
    expect((await at.owner.ask("DELETE", `/teams/${at.teamId}/members/${user.id}`)).status).toBe(204);
    expect((await member.ask("GET", `/teams/${at.teamId}`)).status).toBe(404);
    const last = await at.owner.ask("DELETE", `/teams/${at.teamId}/members/${at.userId}`);
    const others = (await people.members(at.teamId)).filter(({ role }) => role === "owner").length;
    if (others > 1) expect(last.status).toBe(204);
    else expect([last.status, last.body.error.code]).toEqual([409, "CONFLICT"]);
    await people.setMember({ teamId: at.teamId, userId: at.userId, role: "owner" });
  });
});

describe("what arrives, whoever sends it", () => {
  test("a spec too large is refused before it is read, and a form is no request", async () => {
    const large = await at.owner.ask("POST", `/teams/${at.teamId}/plan`, { spec: { name: "x".repeat(1_100_000) } });
    expect([large.status, large.body.error.code]).toEqual([413, "TOO_LARGE"]);
    const form = await at.owner.ask("POST", "/teams", { name: "x" }, { "content-type": "text/plain" });
    expect([form.status, form.body.error.code]).toEqual([400, "BAD_REQUEST"]);
  });

  test("a foreign page cannot act: no header, no deed; a foreign host or origin is refused", async () => {
    const { credentials } = at.platform.services;
    const { secret } = await credentials.createSession(at.userId);
    const cookieOnly = new Caller({ url: at.platform.url, headers: { cookie: `altlayer_session=${secret}` } });
    const made = await cookieOnly.ask("POST", "/teams", { name: "forged" });
    expect([made.status, made.body.error.code]).toEqual([403, "CSRF_REJECTED"]);
    expect((await cookieOnly.ask("GET", "/teams")).status).toBe(200);
    const origin = await at.anonymous.ask(
      "POST",
      "/session/link",
      { token: "x".repeat(43) },
      { origin: "https://evil.example" },
    );
    expect([origin.status, origin.body.error.code]).toEqual([403, "CSRF_REJECTED"]);
    expect(await at.anonymous.statusWithHost("evil.example")).toBe(403);
    expect(await at.anonymous.statusWithHost("localhost:1234")).toBe(200);
  });

  test("the sign-in link works once, and no session outlives its end", async () => {
    const link = await at.platform.signInLink();
    const secret = link.split("#sign-in=")[1];
    const first = await at.anonymous.ask("POST", "/session/link", { token: secret });
    expect(first.status).toBe(200);
    const cookie = first.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    const again = await at.anonymous.ask("POST", "/session/link", { token: secret });
    expect([again.status, again.body.error.code]).toEqual([401, "UNAUTHENTICATED"]);
    const signedIn = new Caller({
      url: at.platform.url,
      headers: { cookie: cookie.split(";")[0]!, "x-altlayer-csrf": first.body.csrfToken },
    });
    expect((await signedIn.ask("DELETE", "/session")).status).toBe(204);
    expect((await signedIn.ask("GET", "/session")).status).toBe(401);
  });

  test("a new link is for who reads the secret of this start, and for no token", async () => {
    const refused = await at.anonymous.ask("POST", "/session/link/new", { secret: "x".repeat(43) });
    expect([refused.status, refused.body.error.code]).toEqual([401, "UNAUTHENTICATED"]);
    const { secret } = at.platform.services.signIn;
    const made = await at.anonymous.ask("POST", "/session/link/new", { secret });
    const token = made.body.url.split("#sign-in=")[1];
    const signedIn = await at.anonymous.ask("POST", "/session/link", { token });
    expect([signedIn.status, signedIn.body.user.id]).toEqual([200, at.userId]);
    expect((await at.anonymous.ask("POST", "/session/link", { token })).status).toBe(401);
  });

  test("one idempotency key does one thing", async () => {
    const headers = { "idempotency-key": "make-team-1" };
    const first = await at.owner.ask("POST", "/teams", { name: "once" }, headers);
    const second = await at.owner.ask("POST", "/teams", { name: "once" }, headers);
    expect([second.status, second.body, second.headers.get("idempotency-replayed")]).toEqual([201, first.body, "true"]);
    const other = await at.owner.ask("POST", "/teams", { name: "twice" }, headers);
    expect([other.status, other.body.error.code]).toEqual([409, "IDEMPOTENCY_CONFLICT"]);
  });

  test("pages follow each other without gap or repetition", async () => {
    const { records } = at.platform.services;
    const other = (await at.owner.ask("POST", "/teams", { name: "paged" })).body.id;
    const entry = { actor: { id: "a", name: "a" }, target: null, details: {}, ip: "127.0.0.1" };
    for (let index = 0; index < 7; index++) await records.audit(other, { ...entry, action: `did ${index}` });
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const { body }: Answer = await at.owner.ask(
        "GET",
        `/teams/${other}/audit?limit=3${cursor === "" ? "" : `&cursor=${cursor}`}`,
      );
      seen.push(...body.items.map(({ action }: { action: string }) => action));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((index) => `did ${index}`));
  });

  test("the limit of requests is told, and the console's files stay in their folder", async () => {
    const console = mkdtempSync(join(tmpdir(), "altlayer-console-"));
    const { writeFileSync } = await import("node:fs");
    writeFileSync(join(console, "index.html"), "<!doctype html><title>console</title>");
    const limited = await startTestPlatform({ requestsPerMinute: 5, consoleDir: console });
    try {
      const page = await fetch(`${limited.platform.url}/rollups/some-page`);
      expect([page.status, (await page.text()).includes("console")]).toEqual([200, true]);
      expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
      const outside = await fetch(`${limited.platform.url}/..%2f..%2f..%2fetc%2fpasswd`);
      expect(await outside.text()).not.toContain("root:");
      const answers: number[] = [];
      for (let index = 0; index < 7; index++) answers.push((await limited.anonymous.ask("GET", "/health")).status);
      expect(answers.at(-1)).toBe(429);
    } finally {
      await limited.close();
      rmSync(limited.dataDir, { recursive: true, force: true });
      rmSync(console, { recursive: true, force: true });
    }
  });
});
