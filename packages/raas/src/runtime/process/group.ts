import { type ChildProcess, fork } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { getCompileCacheDir } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Logger } from "@altlayer/rollup";
import { problemOf, RaasError } from "../../errors.ts";
import type { Running, RunRequest } from "../runtime.ts";
import { awaitPredecessor, recordProcess } from "./predecessor.ts";
import { type FromGroup, fromGroup, type KeyWish, NodeError, send } from "./protocol.ts";

export interface GroupOptions {
  readonly name: string;
  /** Keeps the record of the running process and what it prints. */
  readonly directory: string;
  readonly clientVersion: string;
}

export interface GroupDependencies {
  readonly log: Logger;
  /** A rollup's node ended, and nobody had asked for it. */
  readonly onExit: (id: string, error: unknown) => void;
}

interface Call {
  readonly resolve: (message: FromGroup) => void;
  readonly reject: (error: unknown) => void;
}

interface Child {
  readonly process: ChildProcess;
  readonly calls: Map<number, Call>;
  readonly ended: Promise<void>;
}

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
/** A predecessor closes its nodes within this, or is killed. */
const GRACE_MS = 20_000;
/** A node that did not start or stop by then hangs, and its process with it. */
const CALL_TIMEOUT_MS = 120_000;
const END_TIMEOUT_MS = 20_000;
/** A process that was made ready, and in which nothing was started, is ended after this. */
const UNUSED_MS = 120_000;
/** Nothing else of our environment reaches a process that runs native code: no password, no connection string. */
const ENVIRONMENT = ["PATH", "HOME", "TMPDIR", "TZ", "LANG"];

/** The supervised process of one group of rollups. It is there while one of them runs. */
export class GroupProcess {
  readonly #options: GroupOptions;
  readonly #log: Logger;
  readonly #onExit: GroupDependencies["onExit"];
  readonly #closing = new AbortController();
  readonly #running = new Map<string, Running>();
  readonly #requests = new Map<string, RunRequest>();
  /** Who wants to hear of a rollup's heads. */
  readonly #onHead = new Map<string, Set<() => void>>();
  #child: Promise<Child> | null = null;
  #ending: Promise<void> = Promise.resolve();
  #nextCall = 0;
  /** Rollups that are being started or stopped. */
  #busy = 0;

  constructor(options: GroupOptions, dependencies: GroupDependencies) {
    this.#options = options;
    this.#log = dependencies.log;
    this.#onExit = dependencies.onExit;
  }

  running(id: string): Running | null {
    return this.#running.get(id) ?? null;
  }

  get idle(): boolean {
    return this.#running.size === 0 && this.#busy === 0;
  }

  /** Of the process while there is one: for whoever watches it. */
  async pid(): Promise<number | null> {
    return (await this.#child?.catch(() => null))?.process.pid ?? null;
  }

  /** Makes the process ready: loading what nodes consist of takes as long as half of a launch. */
  prepare(): void {
    // Whoever starts something hears of what fails.
    this.#spawned().catch(() => {});
    setTimeout(() => {
      if (this.idle) void this.#end();
    }, UNUSED_MS).unref();
  }

  /** @throws NodeError of the node; RaasError `NODE_CRASHED` when the process ends meanwhile */
  async start(request: RunRequest): Promise<Running> {
    return await this.#whileBusy(async () => {
      const known = this.#running.get(request.id);
      if (known !== undefined) return known;
      this.#requests.set(request.id, request);
      const child = await this.#spawned();
      const { logLine: _logLine, privateKey: _privateKey, ...remote } = request;
      const answer = await this.#ask(child, (call) => send(child.process, { kind: "start", call, request: remote }));
      if (answer.kind !== "started") throw unexpected(answer);
      const running = { ...answer.running, onHead: (listener: () => void) => this.#listen(request.id, listener) };
      this.#running.set(request.id, running);
      return running;
    });
  }

  async stop(id: string): Promise<void> {
    await this.#whileBusy(async () => {
      const child = await this.#child?.catch(() => null);
      if (child != null && this.#requests.has(id)) {
        // The process may end meanwhile: then the node has ended too.
        await this.#ask(child, (call) => send(child.process, { kind: "stop", call, id })).catch((error: unknown) => {
          if (!(error instanceof RaasError && error.code === "NODE_CRASHED")) throw error;
        });
      }
      this.#running.delete(id);
      this.#requests.delete(id);
    });
  }

  /** Ends the process in good order. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#end();
  }

  async #whileBusy<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++;
    try {
      return await work();
    } finally {
      this.#busy--;
      if (this.idle) void this.#end();
    }
  }

  #spawned(): Promise<Child> {
    if (this.#child !== null) return this.#child;
    const child = this.#ending.then(() => this.#spawn());
    this.#child = child;
    child.catch(() => {
      if (this.#child === child) this.#child = null;
    });
    return child;
  }

  async #spawn(): Promise<Child> {
    const { name, directory, clientVersion } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const record = join(directory, `${name}.json`);
    const { signal } = this.#closing;
    if (await awaitPredecessor(record, { graceMs: GRACE_MS, signal })) {
      this.#log.warn("the process of an earlier control plane hung and was killed", { group: name });
    }
    signal.throwIfAborted();
    const printed = openSync(join(directory, `${name}.log`), "w", 0o600);
    let process_: ChildProcess;
    try {
      process_ = fork(MAIN, [], {
        // Leader of a session: a terminal's Ctrl-C reaches us alone, and we choose the order of the stop.
        detached: true,
        serialization: "advanced",
        stdio: ["ignore", printed, printed, "ipc"],
        execArgv: ["--disable-warning=ExperimentalWarning"],
        env: environment(),
      });
    } finally {
      closeSync(printed);
    }
    const calls = new Map<number, Call>();
    const ended = new Promise<void>((resolve) => {
      process_.once("exit", (code, killedBy) => {
        this.#ended(child, killedBy === null ? `exit code ${code}` : `signal ${killedBy}`);
        resolve();
      });
      process_.once("error", (error) => {
        this.#ended(child, error.message);
        resolve();
      });
    });
    const child: Child = { process: process_, calls, ended };
    process_.on("message", (message) => this.#hear(child, message));
    send(process_, { kind: "init", clientVersion });
    if (process_.pid !== undefined) await recordProcess(record, process_.pid);
    return child;
  }

  #hear(child: Child, message: unknown): void {
    const parsed = fromGroup.safeParse(message);
    if (!parsed.success) {
      this.#log.error("a group's process says what nobody understands", { group: this.#options.name });
      child.process.kill("SIGKILL");
      return;
    }
    const { data } = parsed;
    if (data.kind === "log") this.#requests.get(data.id)?.logLine(data.line);
    else if (data.kind === "head") for (const listener of this.#onHead.get(data.id) ?? []) listener();
    else if (data.kind === "key") void this.#giveKey(child, data);
    else {
      const call = child.calls.get(data.call);
      child.calls.delete(data.call);
      if (data.kind === "failed") call?.reject(new NodeError(data.problem));
      else call?.resolve(data);
    }
  }

  #listen(id: string, listener: () => void): () => void {
    const listeners = this.#onHead.get(id) ?? new Set();
    this.#onHead.set(id, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#onHead.get(id) === listeners) this.#onHead.delete(id);
    };
  }

  async #giveKey(child: Child, { call, id, role }: KeyWish & { readonly call: number }): Promise<void> {
    try {
      const request = this.#requests.get(id);
      if (request === undefined) throw new RaasError("NOT_FOUND", `${id} does not run in this group`);
      send(child.process, { kind: "key", call, key: await request.privateKey(role), problem: null });
    } catch (error) {
      send(child.process, { kind: "key", call, key: null, problem: problemOf(error) });
    }
  }

  async #ask(child: Child, say: (call: number) => void): Promise<FromGroup> {
    const call = this.#nextCall++;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<FromGroup>((resolve, reject) => {
        if (!child.process.connected) reject(crashed(this.#options.name, "it has ended"));
        child.calls.set(call, { resolve, reject });
        timer = setTimeout(() => {
          this.#log.error("a group's process hangs and is killed", { group: this.#options.name });
          child.process.kill("SIGKILL");
        }, CALL_TIMEOUT_MS);
        say(call);
      });
    } finally {
      clearTimeout(timer);
      child.calls.delete(call);
    }
  }

  /** The process has ended, by our wish or by itself. */
  #ended(child: Child, how: string): void {
    const { name } = this.#options;
    const error = crashed(name, how);
    for (const { reject } of child.calls.values()) reject(error);
    child.calls.clear();
    void this.#child?.then(
      (current) => {
        if (current === child) this.#child = null;
      },
      () => {},
    );
    const ids = [...this.#running.keys()];
    this.#running.clear();
    if (this.#closing.signal.aborted || ids.length === 0) return;
    this.#log.error("a group's process ended by itself", { group: name, how, rollups: ids.length });
    for (const id of ids) this.#onExit(id, error);
  }

  #end(): Promise<void> {
    const current = this.#child;
    if (current === null) return this.#ending;
    this.#child = null;
    this.#ending = (async () => {
      const child = await current.catch(() => null);
      if (child === null) return;
      if (child.process.connected) child.process.disconnect();
      const timer = setTimeout(() => child.process.kill("SIGKILL"), END_TIMEOUT_MS);
      await child.ended;
      clearTimeout(timer);
    })();
    return this.#ending;
  }
}

const crashed = (name: string, how: string) =>
  new RaasError("NODE_CRASHED", `the process of this rollup's group ended (${how}): it is started again`, {
    details: { group: name, how },
  });

const unexpected = (message: FromGroup) =>
  new RaasError("INTERNAL", `a group's process answered a start by ${message.kind}`);

function environment(): NodeJS.ProcessEnv {
  const given = ENVIRONMENT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  const cache = getCompileCacheDir();
  return { ...Object.fromEntries(given), ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }) };
}
