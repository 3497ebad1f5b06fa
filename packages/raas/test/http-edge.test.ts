import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestPlatform } from "./harness.ts";
import { removeDir, startTestPlatform } from "./harness.ts";

const PAGE = "<!doctype html><title>console</title>";
const SCRIPT = "console.log(1);\n".repeat(200);

/** Asks without a cache's own ideas, which `fetch` would add to a conditional request. */
function statusOf(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

describe("files of the console", () => {
  let at: TestPlatform;
  const consoleDir = mkdtempSync(join(tmpdir(), "altlayer-console-"));
  const docsDir = mkdtempSync(join(tmpdir(), "altlayer-docs-"));

  beforeAll(async () => {
    mkdirSync(join(docsDir, "trust"));
    writeFileSync(join(docsDir, "index.html"), "<!doctype html><title>documentation</title>");
    writeFileSync(join(docsDir, "trust/index.html"), "<!doctype html><title>trust</title>");
    mkdirSync(join(consoleDir, "assets"));
    writeFileSync(join(consoleDir, "index.html"), PAGE);
    writeFileSync(join(consoleDir, "index.html.br"), brotliCompressSync(PAGE));
    writeFileSync(join(consoleDir, "assets/app-0a1b2c.js"), SCRIPT);
    writeFileSync(join(consoleDir, "assets/app-0a1b2c.js.br"), brotliCompressSync(SCRIPT));
    writeFileSync(join(consoleDir, "assets/app-0a1b2c.js.gz"), gzipSync(SCRIPT));
    at = await startTestPlatform({ consoleDir, docsDir });
  });

  afterAll(async () => {
    await at.close();
    removeDir(at.dataDir);
    for (const folder of [consoleDir, docsDir]) rmSync(folder, { recursive: true, force: true });
  });

  const get = (path: string, headers: Readonly<Record<string, string>>) =>
    fetch(`${at.platform.url}${path}`, { headers });

  test("whoever takes them compressed gets them compressed, others as they are", async () => {
    const sizes: Record<string, number> = {};
    for (const encoding of ["br", "gzip", "identity"]) {
      const answer = await get("/assets/app-0a1b2c.js", { "accept-encoding": encoding });
      sizes[encoding] = Number(answer.headers.get("content-length"));
      expect(answer.headers.get("content-encoding")).toBe(encoding === "identity" ? null : encoding);
      expect(answer.headers.get("content-type")).toContain("javascript");
      expect(answer.headers.get("vary")).toContain("accept-encoding");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(await answer.text()).toBe(SCRIPT);
    }
    expect(sizes.identity).toBe(SCRIPT.length);
    expect(Math.max(sizes.br ?? 0, sizes.gzip ?? 0)).toBeLessThan(SCRIPT.length / 10);
  });

  test("the documentation stands beside them, for whoever takes pages compressed, too", async () => {
    for (const encoding of ["br", "gzip", "identity"]) {
      const textOf = async (path: string) => await (await get(path, { "accept-encoding": encoding })).text();
      expect(await textOf("/docs/")).toContain("<title>documentation");
      expect(await textOf("/docs/trust/")).toContain("<title>trust");
      expect(await textOf("/")).toBe(PAGE);
    }
  });

  test("a name with a hash is kept for good, the page is asked for again and mostly unchanged", async () => {
    const asset = await get("/assets/app-0a1b2c.js", {});
    expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    for (const path of ["/", "/rollups/some-page"]) {
      const page = await get(path, {});
      expect([page.status, page.headers.get("cache-control")]).toEqual([200, "public, max-age=0"]);
      const etag = page.headers.get("etag") ?? "";
      expect(await statusOf(`${at.platform.url}${path}`, { "if-none-match": etag })).toBe(304);
      expect(await statusOf(`${at.platform.url}${path}`, { "if-none-match": '"another"' })).toBe(200);
    }
  });

  test("a script that is gone is not a page", async () => {
    const gone = await get("/assets/app-ffffff.js", {});
    expect([gone.status, ((await gone.json()) as { error: { code: string } }).error.code]).toEqual([404, "NOT_FOUND"]);
  });
});

describe("behind a proxy", () => {
  const running: TestPlatform[] = [];
  afterAll(async () => {
    for (const { close, dataDir } of running) {
      await close();
      removeDir(dataDir);
    }
  });

  /** Statuses of so many requests whose header says that they come from there. */
  async function asked(count: number, forwarded: (index: number) => string, trustedProxies?: readonly string[]) {
    const at = await startTestPlatform({
      requestsPerMinute: 5,
      ...(trustedProxies === undefined ? {} : { trustedProxies }),
    });
    running.push(at);
    const statuses: number[] = [];
    for (let index = 0; index < count; index++) {
      const headers = { "x-forwarded-for": forwarded(index) };
      statuses.push(await statusOf(`${at.platform.url}/api/v1/health`, headers));
    }
    return statuses;
  }

  const limited = [200, 200, 200, 200, 200, 429, 429];
  const free = Array(7).fill(200);

  test("clients of a trusted proxy are told apart, and each is limited", async () => {
    expect(await asked(7, (index) => `203.0.113.${index}`, ["127.0.0.1"])).toEqual(free);
    expect(await asked(7, () => "203.0.113.7", ["127.0.0.0/8"])).toEqual(limited);
  });

  test("what a client wrote in there itself stands further left and is not believed", async () => {
    expect(await asked(7, (index) => `203.0.113.${index}, 198.51.100.9`, ["127.0.0.1"])).toEqual(limited);
    // Two proxies of ours in a row, of which the first told the client.
    expect(await asked(7, (index) => `1.1.1.1, 203.0.113.${index}, 10.1.2.3`, ["127.0.0.1", "10.0.0.0/8"])).toEqual(
      free,
    );
  });

  test("without a trusted proxy the header is nobody's word, and what is no address is none", async () => {
    expect(await asked(7, (index) => `203.0.113.${index}`)).toEqual(limited);
    expect(await asked(7, (index) => `203.0.113.${index}`, ["10.0.0.0/8"])).toEqual(limited);
    expect(await asked(7, (index) => `someone-${index}`, ["127.0.0.1"])).toEqual(limited);
  });
});
