// One operator as a process: told of the chain by its parent, tells its parent what it signs before anybody else.
import { bn254 } from "@altlayer/engine";
import { type Hex, hexToBytes, type Message } from "@altlayer/protocol";
import { type ChainEvent, localSigner, type MachSigner, type ServiceIdentity, startMach } from "../../src/index.ts";
import { readerOf } from "../support/l1.ts";
import { ScriptedChain } from "../support/scripted-chain.ts";
import { keccak256 } from "../support/vectors.ts";

export interface OperatorProcessOptions {
  readonly service: ServiceIdentity;
  readonly l1Url: string;
  readonly operator: Hex;
  readonly secret: Hex;
  readonly dataDir: string;
  readonly port: number;
  readonly peerPorts: readonly number[];
  readonly genesisTimestamp: number;
  readonly createJournal: boolean;
  /** Its clock is so far ahead of the machine's. */
  readonly clockOffsetMs?: number;
}

export type FromParent =
  | { readonly type: "start"; readonly options: OperatorProcessOptions; readonly events: readonly ChainEvent[] }
  | { readonly type: "tell"; readonly events: readonly ChainEvent[] }
  | { readonly type: "status" };
export type ToParent =
  | { readonly type: "signed"; readonly message: Message; readonly signature: Hex }
  | { readonly type: "status"; readonly silence: string | null; readonly quarantineHeight: number | null };

const chain = new ScriptedChain();
const say = (message: ToParent) =>
  new Promise<void>((resolve) => {
    process.send?.(message, undefined, undefined, () => resolve());
  });

async function start(options: OperatorProcessOptions): Promise<void> {
  const { operator, service } = options;
  const own = localSigner({ operator, secret: hexToBytes(options.secret), service }, { bn254, keccak256 });
  const signer: MachSigner = {
    ...own,
    async sign(message) {
      const signature = await own.sign(message);
      // On its way to the parent before it is on its way to a peer: what leaves is known, whenever the process dies.
      await say({ type: "signed", message, signature });
      return signature;
    },
  };
  const address = (port: number) => `/ip4/127.0.0.1/tcp/${port}`;
  const quiet = () => {};
  const mach = await startMach(
    {
      service,
      rollup: { genesis: { height: 0, timestamp: options.genesisTimestamp }, blockSeconds: 2 },
      dataDir: options.dataDir,
      network: { listen: [address(options.port)], peers: options.peerPorts.map(address) },
      operator: { address: operator, signer, createJournal: options.createJournal },
      tuning: { resendMs: 200, tickMs: 50 },
    },
    {
      chain,
      l1: readerOf(options.l1Url),
      bn254,
      keccak256,
      clock: { nowMs: () => Date.now() + (options.clockOffsetMs ?? 0) },
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    },
  );
  process.on("message", (message: FromParent) => {
    if (message.type !== "status") return;
    const { silence, quarantineHeight } = mach.status();
    void say({ type: "status", silence, quarantineHeight });
  });
}

process.on("message", (message: FromParent) => {
  if (message.type === "start") {
    chain.tell(...message.events);
    void start(message.options);
  }
  if (message.type === "tell") chain.tell(...message.events);
});
process.on("disconnect", () => process.exit());
