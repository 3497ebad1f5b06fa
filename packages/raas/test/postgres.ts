import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A real PostgreSQL in a temporary folder, for one test file. */
export interface Postgres {
  /** A new, empty database. */
  database(): Promise<string>;
  stop(): Promise<void>;
}

const ROOM = "/usr/lib/postgresql";
const START_TIMEOUT_MS = 20_000;

/** Debian puts the server's programs beside the path. */
function binaries(): string | undefined {
  if (!existsSync(ROOM)) return undefined;
  const versions = readdirSync(ROOM).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(ROOM, version, "bin")).find((path) => existsSync(join(path, "initdb")));
}

/** @throws when there is no server on this machine, with the command that installs it: a test is never left out silently */
export async function startPostgres(): Promise<Postgres> {
  const bin = binaries();
  if (bin === undefined) throw new TypeError("there is no PostgreSQL server here: apt-get install -y postgresql");
  const directory = mkdtempSync(join(tmpdir(), "altlayer-postgres-"));
  const data = join(directory, "data");
  // The server refuses to run as root.
  const root = userInfo().uid === 0;
  const uid = root ? Number(execFileSync("id", ["-u", "nobody"], { encoding: "utf8" })) : userInfo().uid;
  const gid = root ? Number(execFileSync("id", ["-g", "nobody"], { encoding: "utf8" })) : userInfo().gid;
  chownSync(directory, uid, gid);
  const as = { uid, gid, cwd: directory, env: { ...process.env, HOME: directory } };
  execFileSync(join(bin, "initdb"), ["-D", data, "-U", "test", "-A", "trust", "-N"], { ...as, stdio: "pipe" });
  const port = await freePort();
  const server = spawn(
    join(bin, "postgres"),
    ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", directory, "-c", "fsync=off"],
    { ...as, stdio: "ignore" },
  );
  const ended = new Promise((resolve) => server.once("exit", resolve));
  const psql = (sql: string) =>
    execFileSync(
      join(bin, "psql"),
      ["-h", "127.0.0.1", "-p", String(port), "-U", "test", "-d", "postgres", "-c", sql],
      {
        stdio: "pipe",
      },
    );
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      psql("select 1");
      break;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(50);
    }
  }
  let next = 1;
  return {
    async database() {
      const name = `test_${next++}`;
      psql(`create database ${name}`);
      return `postgres://test@127.0.0.1:${port}/${name}`;
    },
    async stop() {
      server.kill("SIGINT");
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port: 0, host: "127.0.0.1" }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
