import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CliError } from "../src/errors.ts";
import { PlatformError } from "../src/platform/client.ts";
import { renderError } from "../src/render-error.ts";

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new TypeError("nothing was thrown");
}

test("an error of ours is told by code, number and data", () => {
  const error = new CliError("PORT_IN_USE", "port 1 is in use", { data: { port: 1 } });
  expect(renderError(error)).toEqual({
    exitCode: 3,
    text: "PORT_IN_USE (8012): port 1 is in use",
    json: { error: { code: "PORT_IN_USE", number: 8012, message: "port 1 is in use", data: { port: 1 } } },
  });
});

test("what the machine refuses is no defect of ours, and names the path", () => {
  const folder = mkdtempSync(join(tmpdir(), "altlayer-render-"));
  const file = join(folder, "file");
  writeFileSync(file, "");
  const path = join(file, "below");
  const { exitCode, text, json } = renderError(thrownBy(() => mkdirSync(path)));
  rmSync(folder, { recursive: true });
  expect([exitCode, json]).toMatchObject([3, { error: { code: "ENOTDIR", data: { path } } }]);
  expect(text).not.toContain("defect");
});

test("anything else is one, and keeps its stack", () => {
  const { exitCode, text, json } = renderError(thrownBy(() => (undefined as unknown as { a: number }).a));
  expect([exitCode, json.error.code]).toEqual([1, "UNEXPECTED"]);
  expect(text).toContain("render-error.test.ts");
});

test.each([
  ["SPEC_INVALID", 2],
  ["UNAUTHENTICATED", 2],
  ["NETWORK_UNREACHABLE", 3],
  ["CHANGE_REFUSED", 1],
])("a platform's %s ends with the exit code of its remedy", (code, exitCode) => {
  const error = new PlatformError({ code, number: 7000, message: "so it is", details: {} });
  expect(renderError(error)).toMatchObject({ exitCode, json: { error: { code } } });
});
