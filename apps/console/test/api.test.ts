import { parseSiweMessage } from "viem/siwe";
import { describe, expect, test } from "vitest";
import { urlOf } from "../src/api/client.ts";
import { apiErrorOf, fieldProblemsOf } from "../src/api/errors.ts";
import { withStep } from "../src/api/events.ts";
import type { Step } from "../src/api/types.ts";
import { splitContracts } from "../src/pages/rollup/Contracts.tsx";
import { siweMessage } from "../src/pages/sign-in/sign-in-with-wallet.ts";
import { walletErrorOf } from "../src/wallet/errors.ts";

describe("errors of the API", () => {
  test("keep code, fields and request", () => {
    const error = apiErrorOf(422, {
      error: {
        code: "SPEC_INVALID",
        number: 1,
        message: "The spec is invalid.",
        details: { problems: [{ path: "name", message: "too short" }, { path: 5 }, null] },
        requestId: "req-7",
      },
    });
    expect([error.code, error.status, error.requestId]).toEqual(["SPEC_INVALID", 422, "req-7"]);
    expect(fieldProblemsOf(error)).toEqual([{ path: "name", message: "too short" }]);
  });

  test("that are none of ours are told by their status", () => {
    for (const body of [undefined, null, "<html>", { error: "text" }, { error: { code: 5 } }]) {
      expect(apiErrorOf(502, body).code).toBe("HTTP_502");
    }
    expect(fieldProblemsOf(new TypeError("offline"))).toEqual([]);
  });
});

test("absent query parameters are left out, present ones escaped", () => {
  expect(urlOf("/a")).toBe("/api/v1/a");
  expect(urlOf("/a", { cursor: undefined, limit: 5, q: "a&b" })).toBe("/api/v1/a?limit=5&q=a%26b");
});

test("the sign-in message is EIP-4361, as viem reads it", () => {
  const fields = {
    domain: "127.0.0.1:4000",
    uri: "http://127.0.0.1:4000",
    address: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    chainId: 31337,
    nonce: "abcdefgh12345678",
    issuedAt: "2026-01-01T00:00:00.000Z",
    expirationTime: "2026-01-01T00:10:00.000Z",
  };
  expect(parseSiweMessage(siweMessage(fields))).toMatchObject({
    ...fields,
    issuedAt: new Date(fields.issuedAt),
    expirationTime: new Date(fields.expirationTime),
    version: "1",
    statement: "Sign in to AltLayer.",
  });
});

test("a step that comes replaces its former self, a new one is added", () => {
  const step = (name: string, status: Step["status"]): Step => ({
    name,
    title: name,
    status,
    attempt: 1,
    startedAt: null,
    endedAt: null,
    detail: null,
    problem: null,
  });
  const steps = [step("keys", "done"), step("fund", "running")];
  expect(withStep(steps, step("fund", "done")).map(({ status }) => status)).toEqual(["done", "done"]);
  expect(withStep(steps, step("start", "running")).map(({ name }) => name)).toEqual(["keys", "fund", "start"]);
});

test("a wallet's refusal is told from its failure", () => {
  expect(walletErrorOf({ code: 4001, message: "User rejected" }).code).toBe("REJECTED");
  expect(walletErrorOf({ code: -32000, message: "insufficient funds" })).toMatchObject({ code: "FAILED" });
  expect(walletErrorOf("what").code).toBe("FAILED");
});

test("proxies are shown by the name of what they stand for, implementations apart", () => {
  const { called, implementations } = splitContracts({
    SystemConfig: "0x1",
    SystemConfigProxy: "0x2",
    OptimismPortal2: "0x3",
    OptimismPortalProxy: "0x4",
    ProxyAdmin: "0x5",
  });
  expect(called).toEqual([
    ["OptimismPortal", "0x4"],
    ["ProxyAdmin", "0x5"],
    ["SystemConfig", "0x2"],
  ]);
  expect(implementations.map(([name]) => name)).toEqual(["OptimismPortal2", "SystemConfig"]);
});
