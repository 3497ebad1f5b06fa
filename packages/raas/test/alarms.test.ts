import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SMTPServer } from "smtp-server";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Anvil } from "../../deployer/test/anvil.ts";
import type { AlarmBody } from "../src/alarms/message.ts";
import type { PlatformOptions } from "../src/index.ts";
import type { TestPlatform } from "./harness.ts";
import { newSpec, removeDir, startL1, startTestPlatform, until } from "./harness.ts";

/** A receiver of webhooks, which may refuse. */
class Receiver {
  readonly #server = createServer((request, response) => {
    void text(request).then((body) => {
      this.seen.push({ body, headers: request.headers as Record<string, string> });
      response.writeHead(this.status).end();
    });
  });
  status = 200;
  readonly seen: { readonly body: string; readonly headers: Record<string, string> }[] = [];

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Messages by the order of their coming, repetitions left out, each with a signature that the standard's library accepts. */
  messages(secret: string): readonly AlarmBody[] {
    const webhook = new Webhook(secret);
    const bodies = this.seen.map(({ body, headers }) => webhook.verify(body, headers) as AlarmBody);
    return bodies.filter(({ id }, index) => bodies.findIndex((body) => body.id === id) === index);
  }
}

/** A mail server that keeps what it is given. */
async function startMailbox() {
  const mails: { readonly to: readonly string[]; readonly source: string }[] = [];
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _, done) =>
      username === "alarms" && password === "pass word" ? done(null, { user: username }) : done(new TypeError("no")),
    onRcptTo: ({ address }, _, done) =>
      address.startsWith("nobody@")
        ? done(Object.assign(new TypeError("no such mailbox"), { responseCode: 550 }))
        : done(),
    onData: (stream, session, done) => {
      void text(stream).then((source) => {
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), source });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    mails,
    url: `smtp://alarms:pass%20word@127.0.0.1:${port}`,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

const WAIT_MS = 60_000;
let l1: Anvil;
let mailbox: Awaited<ReturnType<typeof startMailbox>>;
let receiver: Receiver;
let hook: string;
let at: TestPlatform;
let id: string;

const options = (): Partial<PlatformOptions> & { rpcUrl: string } => ({
  rpcUrl: l1.url,
  mail: { url: mailbox.url, from: "alarms@platform.example" },
  allowPrivateAddresses: true,
  alarmTuning: {
    everyMs: 100,
    pollMs: 50,
    retryFirstMs: 50,
    timing: { clearAfterMs: 400, relapsesMax: 0, relapseWindowMs: 0, raiseAfterMs: 200 },
  },
});

beforeAll(async () => {
  [l1, mailbox] = await Promise.all([startL1(), startMailbox()]);
  receiver = new Receiver();
  hook = await receiver.listen();
  at = await startTestPlatform(options());
  id = (await at.owner.ask("POST", `/teams/${at.teamId}/rollups`, { spec: newSpec("watched-one") })).body.id;
  await until(
    () => at.owner.ask("GET", `/teams/${at.teamId}/rollups/${id}`),
    ({ body }) => body.phase === "running",
    WAIT_MS,
  );
}, 120_000);

afterAll(async () => {
  await at?.close();
  receiver?.close();
  await mailbox?.close();
  await l1?.stop();
  if (at) removeDir(at.dataDir);
});

const team = (path: string) => `/teams/${at.teamId}${path}`;

/** Raises or clears the balance alarms of batcher and proposer, who hold 1,000 ether. */
async function wantBalance(lowBalanceWei: string): Promise<void> {
  const { body } = await at.owner.ask("GET", team(`/rollups/${id}`));
  const spec = { ...body.spec, alarms: { ...body.spec.alarms, lowBalanceWei } };
  const put = await at.owner.ask("PUT", team(`/rollups/${id}/spec`), { spec, revision: body.revision });
  expect(put.status).toBe(200);
}

const standing = async (): Promise<readonly string[]> => {
  const { body } = await at.owner.ask("GET", team("/alarms?open=true"));
  return body.items.map(({ code }: { code: string }) => code);
};

const MUCH = "2000000000000000000000";
const LITTLE = "1";
let secret: string;

describe("alarms", { timeout: 120_000 }, () => {
  test("go to a webhook and to an address that a test message has reached", async () => {
    const made = await at.owner.ask("POST", team("/alarm-destinations"), { kind: "webhook", name: "pager", url: hook });
    expect(made.status).toBe(201);
    secret = made.body.secret;
    const mail = { kind: "email", name: "ops", address: "ops@team.example", minSeverity: "warning" };
    const mailed = await at.owner.ask("POST", team("/alarm-destinations"), mail);
    expect([mailed.status, mailed.body.secret]).toEqual([201, null]);
    const listed = await at.owner.ask("GET", team("/alarm-destinations"));
    expect([listed.body.email, JSON.stringify(listed.body).includes(secret)]).toEqual([true, false]);
    for (const destination of [made, mailed]) {
      const tried = await at.owner.ask("POST", team(`/alarm-destinations/${destination.body.id}/test`), {});
      expect(tried.body).toEqual({ delivered: true, problem: null });
    }
    expect(receiver.messages(secret).map(({ type }) => type)).toEqual(["alarm.test"]);
    expect(mailbox.mails.map(({ to }) => to)).toEqual([["ops@team.example"]]);
    expect(() => receiver.messages(`whsec_${Buffer.alloc(32).toString("base64")}`)).toThrow();
  });

  test("tell what failed of a test: a receiver that refuses, a mailbox that is not there", async () => {
    receiver.status = 500;
    const [pager] = (await at.owner.ask("GET", team("/alarm-destinations"))).body.items;
    const tried = await at.owner.ask("POST", team(`/alarm-destinations/${pager.id}/test`), {});
    expect(tried.body).toEqual({ delivered: false, problem: "it answered HTTP 500" });
    receiver.status = 200;
    const mail = { kind: "email", name: "gone", address: "nobody@team.example" };
    const { body } = await at.owner.ask("POST", team("/alarm-destinations"), mail);
    const mailed = await at.owner.ask("POST", team(`/alarm-destinations/${body.id}/test`), {});
    expect(mailed.body).toMatchObject({ delivered: false, problem: expect.stringContaining("550") });
    expect((await at.owner.ask("DELETE", team(`/alarm-destinations/${body.id}`))).status).toBe(204);
  });

  test("are told once when they are raised, also by a receiver that was down, and stand where people look", async () => {
    receiver.status = 503;
    receiver.seen.length = 0;
    await wantBalance(MUCH);
    await until(standing, (codes) => codes.length === 2, WAIT_MS);
    await until(
      async () => receiver.seen.length,
      (attempts) => attempts >= 3,
      WAIT_MS,
    );
    receiver.status = 200;
    await until(
      async () => receiver.messages(secret).length,
      (messages) => messages === 2,
      WAIT_MS,
    );
    const messages = receiver.messages(secret);
    expect(messages.map(({ type, alarm, rollup }) => [type, alarm?.code, rollup?.name])).toEqual([
      ["alarm.raised", "BALANCE_LOW", "watched-one"],
      ["alarm.raised", "BALANCE_LOW", "watched-one"],
    ]);
    await until(
      async () => mailbox.mails.length,
      (mails) => mails === 3,
      WAIT_MS,
    );
    expect(mailbox.mails.at(-1)?.source).toContain("Subject: [watched-one] Warning: An account runs out of money");
    const live = await at.owner.ask("GET", team(`/rollups/${id}/status`));
    expect(live.body.alarms.map(({ code }: { code: string }) => code)).toEqual(["BALANCE_LOW", "BALANCE_LOW"]);
  });

  test("are not told again by a control plane that starts anew, and told when they are over", async () => {
    const before = (await at.owner.ask("GET", team("/alarms?open=true"))).body.items.map(
      ({ id: known }: { id: string }) => known,
    );
    await at.close();
    at = await startTestPlatform({ ...options(), dataDir: at.dataDir });
    await until(
      () => at.owner.ask("GET", team(`/rollups/${id}/status`)),
      ({ body }) => body.phase === "running" && body.heads !== null,
      WAIT_MS,
    );
    const after = (await at.owner.ask("GET", team("/alarms?open=true"))).body.items.map(
      ({ id: known }: { id: string }) => known,
    );
    expect(after).toEqual(expect.arrayContaining(before));
    await wantBalance(LITTLE);
    await until(standing, (codes) => codes.length === 0, WAIT_MS);
    const balanceMessages = () => receiver.messages(secret).filter(({ alarm }) => alarm?.code === "BALANCE_LOW");
    await until(
      async () => balanceMessages().length,
      (messages) => messages === 4,
      WAIT_MS,
    );
    const [raised, , cleared] = balanceMessages();
    expect(balanceMessages().map(({ type }) => type)).toEqual([
      "alarm.raised",
      "alarm.raised",
      "alarm.cleared",
      "alarm.cleared",
    ]);
    expect(before).toContain(cleared?.alarm?.id);
    expect(Date.parse(cleared!.alarm!.clearedAt!)).toBeGreaterThan(Date.parse(raised!.alarm!.raisedAt));
    const sent = await at.owner.ask("GET", team("/alarm-deliveries?limit=100"));
    const waiting = sent.body.items.filter(({ status }: { status: string }) => status === "pending");
    expect(waiting.length).toBeLessThanOrEqual(2);
  });

  test("below a destination's severity are not for it, and nothing waits for one that is removed", async () => {
    const critical = { kind: "webhook", name: "only the worst", url: hook, minSeverity: "critical" };
    const made = await at.owner.ask("POST", team("/alarm-destinations"), critical);
    const quiet = made.body.id;
    await wantBalance(MUCH);
    await until(standing, (codes) => codes.length === 2, WAIT_MS);
    const sent = (await at.owner.ask("GET", team("/alarm-deliveries?limit=100"))).body.items;
    expect(sent.filter(({ destinationId }: { destinationId: string }) => destinationId === quiet)).toEqual([]);
    await at.owner.ask("DELETE", team(`/alarm-destinations/${quiet}`));
    const gone = await at.owner.ask("POST", team(`/alarm-destinations/${quiet}/test`), {});
    expect([gone.status, gone.body.error.code]).toEqual([404, "NOT_FOUND"]);
    await wantBalance(LITTLE);
    await until(standing, (codes) => codes.length === 0, WAIT_MS);
  });

  test("tell of a rollup whose node is gone, and that the platform itself was", async () => {
    await at.platform.services.runtime.stop(id);
    await until(standing, (codes) => codes.includes("ROLLUP_DOWN"), WAIT_MS);
    at.platform.services.reconciler.kick(id);
    await until(standing, (codes) => codes.length === 0, WAIT_MS);
    await at.close();
    const { openDatabase } = await import("../src/store/database.ts");
    const db = await openDatabase({ kind: "sqlite", file: `${at.dataDir}/platform.db` });
    const lastSeen = Date.now() - 600_000;
    await db
      .updateTable("meta")
      .set({ value: String(lastSeen) })
      .where("key", "=", "heartbeat")
      .execute();
    await db.destroy();
    at = await startTestPlatform({ ...options(), dataDir: at.dataDir });
    const { body } = await until(
      () => at.owner.ask("GET", team("/alarms")),
      ({ body: { items } }) => items.some(({ code }: { code: string }) => code === "PLATFORM_DOWN"),
      WAIT_MS,
    );
    const down = body.items.find(({ code }: { code: string }) => code === "PLATFORM_DOWN");
    expect(down.raisedAt).toBe(new Date(lastSeen).toISOString());
    await until(standing, (codes) => codes.length === 0, WAIT_MS);
  });

  test("stand on the public page in general words, without what is the team's own affair, and count against the uptime", async () => {
    const { status, body } = await at.anonymous.ask("GET", `/status/${id}`);
    expect(status).toBe(200);
    const codes = body.incidents.map(({ code }: { code: string }) => code);
    expect(codes).toEqual(expect.arrayContaining(["ROLLUP_DOWN", "PLATFORM_DOWN"]));
    expect(codes).not.toContain("BALANCE_LOW");
    expect(JSON.stringify(body)).not.toMatch(/"message"|wei/);
    expect(body.uptime.day).toBeGreaterThanOrEqual(0);
    expect(body.uptime.day).toBeLessThan(100);
    expect(body.since).not.toBeNull();
  });
});

describe("without mail, and with public addresses only", { timeout: 120_000 }, () => {
  test("an e-mail destination is refused, and so is a webhook on this machine", async () => {
    const plain = await startTestPlatform();
    try {
      const ask = async (body: unknown) => {
        const path = `/teams/${plain.teamId}/alarm-destinations`;
        const answer = await plain.owner.ask("POST", path, body);
        return [answer.status, answer.body.error?.code];
      };
      expect(await ask({ kind: "email", name: "ops", address: "ops@team.example" })).toEqual([
        409,
        "MAIL_NOT_CONFIGURED",
      ]);
      expect(await ask({ kind: "webhook", name: "inside", url: hook })).toEqual([422, "ADDRESS_REFUSED"]);
      expect(await ask({ kind: "webhook", name: "meta", url: "https://169.254.169.254/latest" })).toEqual([
        422,
        "ADDRESS_REFUSED",
      ]);
      // A name that means this machine is accepted, and fails for good when it is called.
      const named = { kind: "webhook", name: "named", url: "https://localhost/hook" };
      const { body } = await plain.owner.ask("POST", `/teams/${plain.teamId}/alarm-destinations`, named);
      const tried = await plain.owner.ask("POST", `/teams/${plain.teamId}/alarm-destinations/${body.id}/test`, {});
      expect(tried.body).toMatchObject({ delivered: false, problem: expect.stringContaining("not on the public") });
    } finally {
      await plain.close();
      removeDir(plain.dataDir);
    }
  });
});
