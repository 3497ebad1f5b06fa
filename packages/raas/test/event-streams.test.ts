import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestPlatform } from "./harness.ts";
import { removeDir, startTestPlatform, until } from "./harness.ts";

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
