import { afterAll, beforeAll, expect, test } from "vitest";
import { parseSpec } from "../src/spec/parse.ts";
import type { TestPlatform } from "./harness.ts";
import { newSpec, removeDir, startTestPlatform, until } from "./harness.ts";

let at: TestPlatform;
beforeAll(async () => {
  at = await startTestPlatform();
}, 60_000);
afterAll(async () => {
  await at?.close();
  if (at) removeDir(at.dataDir);
});

test("one person's event streams leave some for others, and are given back when they end", async () => {
  const { people, credentials } = at.platform.services;
  const member = async (address: `0x${string}`) => {
    const user = await people.userOfAddress(address, { ownTeam: false });
    await people.setMember({ teamId: at.teamId, userId: user.id, role: "viewer" });
    return (await credentials.createSession(user.id)).secret;
  };
  const [greedy, other] = [await member(`0x${"aa".repeat(20)}`), await member(`0x${"bb".repeat(20)}`)];
  const ending = new AbortController();
  const open = async (secret: string) => {
    const headers = { cookie: `altlayer_session=${secret}` };
    const { signal } = ending;
    const response = await fetch(`${at.platform.url}/api/v1/teams/${at.teamId}/events`, { headers, signal });
    return response.status;
  };
  const statuses = new Set<number>();
  for (let count = 0; count < 50; count++) statuses.add(await open(greedy));
  expect([...statuses]).toEqual([200]);
  expect(await open(greedy)).toBe(429);
  expect(await open(other)).toBe(200);
  ending.abort();
  const again = async () => {
    const once = new AbortController();
    const headers = { cookie: `altlayer_session=${greedy}` };
    const url = `${at.platform.url}/api/v1/teams/${at.teamId}/events`;
    const { status } = await fetch(url, { headers, signal: once.signal });
    once.abort();
    return status;
  };
  await until(again, (status) => status === 200, 60_000);
}, 120_000);

test("who is no operator any more hears no more of the log", async () => {
  const { people, credentials, rollups } = at.platform.services;
  const spec = parseSpec(newSpec("listened-one"));
  const { id } = await rollups.create({ teamId: at.teamId, spec, authorId: at.userId });
  const user = await people.userOfAddress(`0x${"cc".repeat(20)}`, { ownTeam: false });
  await people.setMember({ teamId: at.teamId, userId: user.id, role: "operator" });
  const { secret } = await credentials.createSession(user.id);
  const open = (query: string) =>
    fetch(`${at.platform.url}/api/v1/teams/${at.teamId}/rollups/${id}/events${query}`, {
      headers: { cookie: `altlayer_session=${secret}` },
      signal: AbortSignal.timeout(100_000),
    });
  const log = await open("?logs=true");
  expect(log.status).toBe(200);
  await people.setMember({ teamId: at.teamId, userId: user.id, role: "viewer" });
  // The server ends it at the next heartbeat; whether in good order or not is all the same.
  await log.text().catch((error: Error) => expect(error.name).not.toBe("TimeoutError"));
  expect((await open("?logs=true")).status).toBe(403);
  const plain = await open("");
  expect(plain.status).toBe(200);
  await plain.body?.cancel();
}, 120_000);
