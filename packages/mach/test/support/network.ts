import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { bn254 } from "@altlayer/engine";
import { type Hex, hexToBytes, MachDigests } from "@altlayer/protocol";
import {
  type L1Reader,
  localSigner,
  type MachChain,
  type MachOptions,
  type MachService,
  type MachSigner,
  startMach,
} from "../../src/index.ts";
import { domainOf } from "../../src/node/service-domain.ts";
import { TestL1 } from "./l1.ts";
import { ScriptedRollup } from "./scripted-chain.ts";
import { keccak256 } from "./vectors.ts";

const WAIT_MS = 60_000;
const POLL_MS = 10;

/** Several services in one process, over real TCP and with real keys, on one scripted rollup over a real L1. */
export class Network {
  readonly l1: TestL1;
  readonly rollup: ScriptedRollup;
  readonly digests: MachDigests;
  readonly folder: string;
  readonly services = new Map<string, MachService>();
  readonly log: { level: string; message: string; fields: unknown }[] = [];

  #genesisMs: number | undefined;

  private constructor(l1: TestL1, rollup: ScriptedRollup, parts: { digests: MachDigests; folder: string }) {
    this.l1 = l1;
    this.rollup = rollup;
    this.digests = parts.digests;
    this.folder = parts.folder;
  }

  /** An L1 with operators, their table of epoch 0 committed; no service yet. */
  static async start(operators: number): Promise<Network> {
    const l1 = await TestL1.start(operators);
    const digests = new MachDigests(domainOf(l1.service, keccak256), { keccak256 });
    const rollup = await new ScriptedRollup(l1, digests).start();
    const folder = await mkdtemp(path.join(tmpdir(), "altlayer-mach-"));
    return new Network(l1, rollup, { digests, folder });
  }

  secret(i: number): Uint8Array {
    return hexToBytes((this.l1.operators[i] as { blsSecret: Hex }).blsSecret);
  }

  address(i: number): Hex {
    return (this.l1.operators[i] as { address: Hex }).address.toLowerCase() as Hex;
  }

  signer(i: number) {
    const options = { operator: this.address(i), secret: this.secret(i), service: this.l1.service };
    return localSigner(options, { bn254, keccak256 });
  }

  /** Operator `i`, or with null an observer; linked to all that run. */
  async run(
    i: number | null,
    options: {
      readonly chain?: MachChain;
      readonly name?: string;
      readonly restored?: boolean;
      readonly quarantineIfLost?: boolean;
      readonly peers?: readonly string[];
      readonly more?: Partial<MachOptions>;
      readonly createJournal?: boolean;
      readonly l1?: L1Reader;
      readonly signer?: MachSigner;
    } = {},
  ): Promise<MachService> {
    const name = options.name ?? (i === null ? "observer" : `operator ${i}`);
    const running = [...this.services.values()].flatMap((service) => service.status().addresses);
    this.#genesisMs ??= Date.now();
    const operator =
      i === null
        ? {}
        : {
            operator: {
              address: this.address(i),
              signer: options.signer ?? this.signer(i),
              createJournal: options.createJournal ?? true,
              restored: options.restored ?? false,
              quarantineIfLost: options.quarantineIfLost ?? false,
            },
          };
    const service = await startMach(
      {
        service: this.l1.service,
        rollup: { genesis: { height: 0, timestamp: Math.floor(this.#genesisMs / 1000) }, blockSeconds: 2 },
        dataDir: path.join(this.folder, name),
        network: { listen: ["/ip4/127.0.0.1/tcp/0"], peers: options.peers ?? running },
        tuning: { resendMs: 300, tickMs: 50 },
        ...operator,
        ...options.more,
      },
      {
        chain: options.chain ?? this.rollup.chain(),
        l1: options.l1 ?? this.l1.reader,
        bn254,
        keccak256,
        clock: { nowMs: () => Date.now() },
        log: this.logger,
      },
    );
    this.services.set(name, service);
    return service;
  }

  get logger() {
    const at =
      (level: string) =>
      (message: string, fields: unknown = {}) => {
        this.log.push({ level, message, fields });
        if (process.env.MACH_LOG !== undefined) process.stderr.write(`${level} ${message} ${JSON.stringify(fields)}\n`);
      };
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }

  /** Epoch 0 is there: L1 seen, base told, table committed. */
  async ready(): Promise<void> {
    await this.l1.commit(0);
    await this.rollup.seeL1();
    this.rollup.tell({ type: "base", base: await this.rollup.base(0, 0) });
  }

  async stop(name: string): Promise<void> {
    const service = this.services.get(name);
    this.services.delete(name);
    await service?.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.services.keys()].map((name) => this.stop(name)));
    await rm(this.folder, { recursive: true, force: true });
    await this.l1.stop();
  }
}

/** Waits, bounded, until the question has an answer that is not null or false. */
export async function until<Value>(what: string, question: () => Value | null | undefined | false): Promise<Value> {
  const end = performance.now() + WAIT_MS;
  while (performance.now() < end) {
    const answer = question();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new TypeError(`waited too long for: ${what}`);
}
