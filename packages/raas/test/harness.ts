import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { silentLogger } from "@altlayer/rollup";
import type { Anvil } from "../../deployer/test/anvil.ts";
import { startAnvil } from "../../deployer/test/anvil.ts";
import type { Platform, PlatformOptions, RollupSpecInput } from "../src/index.ts";
import { exampleSpec, startPlatform } from "../src/index.ts";

export type Json = Record<string, unknown>;

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly body: any;
  readonly headers: Headers;
}

/** Somebody who speaks to the API: by session or by token. */
export class Caller {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(options: { readonly url: string; readonly headers: Readonly<Record<string, string>> }) {
    this.#url = options.url;
    this.#headers = options.headers;
  }

  /** Status and error of a stream, which is ended once it has begun. */
  async head(path: string): Promise<Answer> {
    const ending = new AbortController();
    const response = await fetch(`${this.#url}/api/v1${path}`, { headers: this.#headers, signal: ending.signal });
    const stream = response.headers.get("content-type") === "text/event-stream";
    const body = stream ? null : await response.json();
    ending.abort();
    return { status: response.status, body, headers: response.headers };
  }

  /** The body of an answer that is not JSON. */
  async download(path: string, body: unknown): Promise<Uint8Array> {
    const response = await fetch(`${this.#url}/api/v1${path}`, {
      method: "POST",
      headers: { ...this.#headers, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new TypeError(`HTTP ${response.status}: ${await response.text()}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  /** As a browser asks that was told a foreign name for this address. `fetch` does not let us say so. */
  statusWithHost(host: string): Promise<number> {
    const { hostname, port } = new URL(this.#url);
    return new Promise((resolve, reject) => {
      request({ hostname, port, path: "/api/v1/health", headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on("error", reject)
        .end();
    });
  }

  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.#url}/api/v1${path}`, {
      method,
      headers: { ...this.#headers, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? null : JSON.parse(text), headers: response.headers };
  }
}

export interface TestPlatform {
  readonly platform: Platform;
  readonly dataDir: string;
  readonly teamId: string;
  readonly userId: string;
  readonly anonymous: Caller;
  /** The local user, who owns the team, with a session. */
  readonly owner: Caller;
  caller(token: string): Caller;
  close(): Promise<void>;
}

export const development = (rpcUrl: string) => ({
  id: "development",
  name: "Development L1",
  chainId: 31337,
  rpcUrl,
  development: true,
  blockTimeSeconds: 1,
});

export const startL1 = (): Promise<Anvil> =>
  startAnvil(["--block-time", "1", "--gas-limit", "1000000000", "--slots-in-an-epoch", "1"]);

export async function startTestPlatform(
  options: Partial<PlatformOptions> & { readonly rpcUrl?: string } = {},
): Promise<TestPlatform> {
  const { rpcUrl = "http://127.0.0.1:9", ...rest } = options;
  const dataDir = rest.dataDir ?? mkdtempSync(join(tmpdir(), "altlayer-raas-"));
  const platform = await startPlatform(
    { networks: [development(rpcUrl)], port: 0, version: "test", ...rest, dataDir },
    { log: silentLogger },
  );
  const user = await platform.services.people.localUser();
  const [team] = await platform.services.people.teamsOf(user.id);
  const session = await platform.services.credentials.createSession(user.id);
  return {
    platform,
    dataDir,
    teamId: team!.id,
    userId: user.id,
    anonymous: new Caller({ url: platform.url, headers: {} }),
    owner: new Caller({
      url: platform.url,
      headers: { cookie: `altlayer_session=${session.secret}`, "x-altlayer-csrf": session.csrf },
    }),
    caller: (token) => new Caller({ url: platform.url, headers: { authorization: `Bearer ${token}` } }),
    close: () => platform.close(),
  };
}

export function removeDir(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

let nextChainId = 43_000;

/** A spec whose name and chain id are new. */
export function newSpec(name: string, over: Partial<RollupSpecInput> = {}): RollupSpecInput {
  return {
    ...exampleSpec(),
    name,
    chain: { chainId: nextChainId++, blockTimeSeconds: 1 },
    dataAvailability: { kind: "calldata", maxBatchDelaySeconds: 2 },
    // Most stories need no operators, who take time to start.
    services: { mach: { restaking: "off" } },
    ...over,
  };
}

/** Asks until the answer is as wanted, for at most `timeoutMs`. */
export async function until<T>(ask: () => Promise<T>, wanted: (value: T) => boolean, timeoutMs = 60_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (wanted(value)) return value;
    if (performance.now() > deadline) throw new TypeError(`still ${JSON.stringify(value)?.slice(0, 2_000)}`);
    await sleep(30);
  }
}
