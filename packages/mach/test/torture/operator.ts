import { type ChildProcess, fork } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import type { Message } from "@altlayer/protocol";
import type { ChainEvent } from "../../src/index.ts";
import type { FromParent, OperatorProcessOptions, ToParent } from "./operator-process.ts";

const PROGRAM = fileURLToPath(new URL("./operator-process.ts", import.meta.url));
/** What a restarting node is told of the past: from the base before the newest ones on. */
const BASES_TOLD = 3;
const L1_TOLD = 64;

/** An operator's process, and what it is to know when it is started again. */
export class OperatorProcess {
  readonly #options: OperatorProcessOptions;
  readonly #onSigned: (message: Message) => void;
  #child: ChildProcess | null = null;
  #events: ChainEvent[] = [];
  #hasJournal = false;
  /** Since its last start. */
  hasSigned = false;
  status: Extract<ToParent, { type: "status" }> | null = null;

  constructor(options: OperatorProcessOptions, onSigned: (message: Message) => void) {
    this.#options = options;
    this.#onSigned = onSigned;
  }

  start(): void {
    const child = fork(PROGRAM, { serialization: "advanced", execArgv: ["--disable-warning=ExperimentalWarning"] });
    child.on("message", (message: ToParent) => {
      if (message.type === "status") this.status = message;
      else {
        this.#hasJournal = true;
        this.hasSigned = true;
        this.#onSigned(message.message);
      }
    });
    // From its first signature on there is a journal, and a lost one would be found out.
    const options = { ...this.#options, createJournal: !this.#hasJournal };
    this.#child = child;
    this.hasSigned = false;
    this.#send({ type: "start", options, events: this.#events });
  }

  tell(...events: readonly ChainEvent[]): void {
    this.#events.push(...events);
    this.#trim();
    this.#send({ type: "tell", events });
  }

  ask(): void {
    this.#send({ type: "status" });
  }

  /** Stops it as a machine that hangs, with all its sockets open, until `resume`. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Resolves once the process is gone, and what it said has been heard. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    await new Promise<void>((resolve) => {
      // "close": the channel is empty, too.
      child.once("close", () => resolve());
      child.kill("SIGKILL");
    });
  }

  #send(message: FromParent): void {
    // A process that just died hears nothing.
    this.#child?.send(message, () => {});
  }

  #trim(): void {
    const bases = this.#events.filter((event) => event.type === "base").slice(-BASES_TOLD);
    const lowest = bases.length < BASES_TOLD ? -1 : (bases[0]?.base.height ?? -1);
    const l1 = this.#events.filter((event) => event.type === "l1Block").slice(-L1_TOLD);
    const kept = new Set<ChainEvent>([...bases, ...l1]);
    this.#events = this.#events.filter(
      (event) => kept.has(event) || (event.type === "executed" && event.executed.core.height > lowest),
    );
  }
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
