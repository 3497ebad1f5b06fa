import { afterAll, beforeAll, expect, test } from "vitest";
import { parseSpec } from "../src/spec/parse.ts";
import type { TestPlatform } from "./harness.ts";
import { newSpec, removeDir, startTestPlatform } from "./harness.ts";

/** What a team leaves behind: tokens of who was removed, names that are taken, and what the audit log says of all. */

let at: TestPlatform;
beforeAll(async () => {
  at = await startTestPlatform();
}, 60_000);
afterAll(async () => {
  await at?.close();
  if (at) removeDir(at.dataDir);
});

let nextAddress = 1;
const newAddress = () => `0x${(nextAddress++).toString(16).padStart(40, "0")}` as const;

test("who is removed, or no owner any more, is let in by no token that they made", async () => {
  const { people, credentials } = at.platform.services;
  const make = async () => {
    const user = await people.userOfAddress(newAddress(), { ownTeam: false });
    await people.setMember({ teamId: at.teamId, userId: user.id, role: "owner" });
    const own = { teamId: at.teamId, name: "kept", role: "owner", createdBy: user.id, ttlMs: null } as const;
    const caller = at.caller((await credentials.createToken(own)).token);
    expect((await caller.ask("GET", `/teams/${at.teamId}`)).status).toBe(200);
    return { user, caller };
  };
  const [removed, demoted, staying] = [await make(), await make(), await make()];
  expect((await at.owner.ask("DELETE", `/teams/${at.teamId}/members/${removed.user.id}`)).status).toBe(204);
  const role = { role: "operator" };
  expect((await at.owner.ask("PATCH", `/teams/${at.teamId}/members/${demoted.user.id}`, role)).status).toBe(200);
  const statuses = [removed, demoted, staying].map(({ caller }) => caller.ask("GET", `/teams/${at.teamId}`));
  expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual([401, 401, 200]);
  await people.removeMember({ teamId: at.teamId, userId: staying.user.id });
});

test("a plan for a new rollup says what is taken already", async () => {
  const taken = async (spec: unknown) => {
    const { status, body } = await at.owner.ask("POST", `/teams/${at.teamId}/plan`, { spec });
    return [status, body.error?.code, body.error?.details.problems[0].path];
  };
  const spec = parseSpec(newSpec("taken-one"));
  const { id } = await at.platform.services.rollups.create({ teamId: at.teamId, spec, authorId: at.userId });
  const { chain } = newSpec("not-there");
  expect(await taken(newSpec("taken-one"))).toEqual([409, "CONFLICT", "name"]);
  const guarded = (await at.owner.ask("GET", `/teams/${at.teamId}/rollups/${id}`)).body.chainId;
  expect(await taken(newSpec("not-there", { chain: { ...chain, chainId: guarded } }))).toEqual([
    409,
    "CONFLICT",
    "chain.chainId",
  ]);
  expect((await taken(newSpec("not-there")))[0]).toBe(200);
});

test("the audit log says on what of a thing was acted, and no secret of a URL", async () => {
  const url = "https://hooks.example/services/T0/B0/secret-path";
  const destination = { kind: "webhook", name: "chat", url, minSeverity: "warning" };
  expect((await at.owner.ask("POST", `/teams/${at.teamId}/alarm-destinations`, destination)).status).toBe(201);
  const { body } = await at.owner.ask("GET", `/teams/${at.teamId}/audit?limit=1`);
  expect(body.items[0]).toMatchObject({
    action: "destinations.create",
    details: { name: "chat", url: "hooks.example" },
  });
});
