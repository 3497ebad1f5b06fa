import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { AddressPolicy } from "../src/outbound/addresses.ts";
import { ANYWHERE, checkUrl, isPublicAddress, PUBLIC_ONLY } from "../src/outbound/addresses.ts";
import { Outbound, type OutboundOptions } from "../src/outbound/outbound.ts";

/** In these tests 127.0.0.2 plays the Internet, and 127.0.0.1 what only we can reach. */
const INTERNET = "127.0.0.2";
const INSIDE = "127.0.0.1";
const policy: AddressPolicy = { allows: (address) => address === INTERNET, plainHttp: true };

const servers: Server[] = [];
const outbounds: Outbound[] = [];

afterEach(() => {
  for (const outbound of outbounds.splice(0)) outbound.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(
  host: string,
  answer: RequestListener,
): Promise<{ readonly port: number; readonly calls: () => number }> {
  let calls = 0;
  const server = createServer((request, response) => {
    calls++;
    answer(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return { port: (server.address() as AddressInfo).port, calls: () => calls };
}

function outboundOf(options: OutboundOptions): Outbound {
  const outbound = new Outbound(options);
  outbounds.push(outbound);
  return outbound;
}

const REQUEST = { headers: {}, body: "{}", timeoutMs: 20_000, responseMaxBytes: 1_000, redirects: 3 };
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => "none",
    (error: { readonly code?: string }) => String(error.code),
  );

describe("addresses", () => {
  test.each([
    ["93.184.216.34", true],
    ["2606:2800:220:1:248:1893:25c8:1946", true],
    ["127.0.0.1", false],
    ["10.1.2.3", false],
    ["172.16.0.1", false],
    ["192.168.0.1", false],
    ["169.254.169.254", false],
    ["100.64.0.1", false],
    ["0.0.0.0", false],
    ["255.255.255.255", false],
    ["224.0.0.1", false],
    ["198.18.0.1", false],
    ["::1", false],
    ["::", false],
    ["fe80::1", false],
    ["fd00::1", false],
    ["::ffff:127.0.0.1", false],
    ["::ffff:10.0.0.1", false],
    ["64:ff9b::7f00:1", false],
    ["2002:7f00:1::", false],
    ["::127.0.0.1", false],
    ["::10.0.0.1", false],
    ["64:ff9b:1::7f00:1", false],
    ["fec0::1", false],
    ["no address", false],
  ])("%s on the public Internet: %s", (address, expected) => {
    expect(isPublicAddress(address)).toBe(expected);
  });

  test.each([
    "http://example.com/hook",
    "https://127.0.0.1/hook",
    "https://2130706433/hook",
    "https://0x7f.1/hook",
    "https://[::1]/hook",
    "https://[::ffff:10.0.0.1]/hook",
    "https://user:password@example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "not a url",
  ])("%s is refused before anything is connected", (url) => {
    expect(() => checkUrl(url, PUBLIC_ONLY)).toThrow(expect.objectContaining({ code: "ADDRESS_REFUSED" }));
  });

  test("https on a name passes, and everything where the platform's operator allows it", () => {
    expect(checkUrl("https://hooks.example.com/x", PUBLIC_ONLY).host).toBe("hooks.example.com");
    expect(checkUrl("http://127.0.0.1:99/x", ANYWHERE).port).toBe("99");
  });
});

describe("calls for customers", () => {
  test("reach what they may, and come back with status and body", async () => {
    const { port } = await serve(INTERNET, (request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on("end", () => response.writeHead(201).end(`${request.method} ${body}`));
    });
    const outbound = outboundOf({ policy });
    expect(await outbound.post(`http://${INTERNET}:${port}/`, REQUEST)).toEqual({ status: 201, body: "POST {}" });
  });

  test("do not reach an inside address by a name, whatever else the name resolves to", async () => {
    const { port, calls } = await serve(INSIDE, (_, response) => response.end());
    const address = (text: string) => ({ address: text, family: 4 });
    for (const found of [[address(INSIDE)], [address(INTERNET), address(INSIDE)], []]) {
      const outbound = outboundOf({ policy, resolve: async () => found });
      expect(await codeOf(outbound.post(`http://hooks.example:${port}/`, REQUEST))).toBe("ADDRESS_REFUSED");
    }
    expect(calls()).toBe(0);
  });

  test("do not reach one by a name that changes between two questions", async () => {
    const inside = await serve(INSIDE, (_, response) => response.end());
    let asked = 0;
    const outbound = outboundOf({
      policy,
      resolve: async () => [{ address: asked++ === 0 ? INTERNET : INSIDE, family: 4 }],
    });
    outbound.check(`http://hooks.example:${inside.port}/`);
    const first = await codeOf(outbound.post(`http://hooks.example:${inside.port}/`, REQUEST));
    const second = await codeOf(outbound.post(`http://hooks.example:${inside.port}/`, REQUEST));
    expect([first, second, inside.calls()]).toEqual(["UPSTREAM", "ADDRESS_REFUSED", 0]);
  });

  test("do not reach one by a redirect", async () => {
    const inside = await serve(INSIDE, (_, response) => response.end("secret"));
    const outside = await serve(INTERNET, (_, response) =>
      response.writeHead(307, { location: `http://${INSIDE}:${inside.port}/` }).end(),
    );
    const outbound = outboundOf({ policy });
    expect(await codeOf(outbound.post(`http://${INTERNET}:${outside.port}/`, REQUEST))).toBe("ADDRESS_REFUSED");
    expect([outside.calls(), inside.calls()]).toEqual([1, 0]);
  });

  test("follow a redirect that keeps the method, with the body, and no other", async () => {
    const { port } = await serve(INTERNET, (request, response) => {
      if (request.url === "/moved") response.writeHead(308, { location: "/here" }).end();
      else if (request.url === "/page") response.writeHead(302, { location: "/here" }).end();
      else request.pipe(response);
    });
    const outbound = outboundOf({ policy });
    const base = `http://${INTERNET}:${port}`;
    expect(await outbound.post(`${base}/moved`, REQUEST)).toEqual({ status: 200, body: "{}" });
    expect((await outbound.post(`${base}/page`, REQUEST)).status).toBe(302);
  });

  test("end: of redirects, of large answers, of silence", async () => {
    const { port, calls } = await serve(INTERNET, (request, response) => {
      if (request.url === "/round") response.writeHead(307, { location: "/round" }).end();
      else if (request.url === "/large") response.end("x".repeat(5_000));
    });
    const outbound = outboundOf({ policy });
    const base = `http://${INTERNET}:${port}`;
    expect(await codeOf(outbound.post(`${base}/round`, REQUEST))).toBe("UPSTREAM");
    expect(calls()).toBe(REQUEST.redirects + 1);
    expect(await codeOf(outbound.post(`${base}/large`, REQUEST))).toBe("UPSTREAM");
    expect(await codeOf(outbound.post(`${base}/silent`, { ...REQUEST, timeoutMs: 200 }))).toBe("UPSTREAM");
  });
});
