import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packSdk } from "../pack/pack.ts";

const PACKAGE = resolve(import.meta.dirname, "..");
let project: string;
const installed = () => join(project, "node_modules/@altlayer/sdk");
const manifest = async () => JSON.parse(await readFile(join(installed(), "package.json"), "utf8"));

/** Another project, with the package copied into it as `npm install` would, and its dependencies beside it. */
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "sdk-pack-"));
  await packSdk(join(project, "packed"));
  await mkdir(join(project, "node_modules/@altlayer"), { recursive: true });
  await cp(join(project, "packed"), installed(), { recursive: true });
  for (const name of Object.keys((await manifest()).dependencies)) {
    await mkdir(dirname(join(project, "node_modules", name)), { recursive: true });
    await symlink(join(PACKAGE, "node_modules", name), join(project, "node_modules", name));
  }
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "other", private: true, type: "module" }));
}, 120_000);
afterAll(() => rm(project, { recursive: true, force: true }));

function node(...args: string[]) {
  return spawnSync(process.execPath, args, { cwd: project, encoding: "utf8", timeout: 120_000 });
}

test("the manifest names what a registry has, and nothing of the workspace", async () => {
  const { dependencies, exports } = await manifest();
  expect(Object.keys(dependencies).sort()).toEqual(["@noble/curves", "viem", "zod"]);
  for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(Object.values(exports["."]).every((path) => String(path).startsWith("./"))).toBe(true);
});

test("a plain script of another project runs it", async () => {
  const source = `
    import { isSdkError, machActions, verifyCertificate } from "@altlayer/sdk";
    import { createPublicClient, custom } from "viem";
    const client = createPublicClient({ transport: custom({ request: async () => null }) }).extend(machActions());
    const none = await client.getCertificate({ blockTag: "latest" });
    const trust = { service: { l1ChainId: 1, avs: "0x" + "00".repeat(20), rollupId: "0x" + "00".repeat(32) }, l1: { kind: "rpc" } };
    const certificate = { certificate: "0x01", table: { depth: 1 } };
    const code = await verifyCertificate({ certificate, l1Client: client, trust }).catch((e) => isSdkError(e) && e.code);
    console.log(JSON.stringify({ none, code }));
  `;
  await writeFile(join(project, "main.mjs"), source);
  const { status, stdout, stderr } = node("main.mjs");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(JSON.parse(stdout)).toEqual({ none: null, code: "CERTIFICATE_MALFORMED" });
}, 120_000);

test("its declarations are complete: a compiler of another project sees a wrong use", async () => {
  const source = `
    import { type VerifiedCertificate, verifyCertificate } from "@altlayer/sdk";
    export const heightOf = ({ message }: VerifiedCertificate): number => message.core.height;
    // @ts-expect-error: a height is a number; were the protocol's types missing, anything would do.
    export const wrong = ({ message }: VerifiedCertificate): string => message.core.height;
    // @ts-expect-error: nothing is checked without saying whom to believe.
    export const untrusting = () => verifyCertificate({});
  `;
  await writeFile(join(project, "use.ts"), source);
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  const options = "--noEmit --strict --skipLibCheck --target es2022 --module nodenext --lib es2022,dom --types";
  const { status, stdout } = node(tsc, ...options.split(" "), "", "use.ts");
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
}, 120_000);
