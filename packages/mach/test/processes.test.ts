import path from "node:path";
import { bytesToHex, type Message } from "@altlayer/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ChainEvent, MachService } from "../src/index.ts";
import { Network, until } from "./support/network.ts";
import { executedBlock } from "./support/operator.ts";
import { freePorts, OperatorProcess } from "./torture/operator.ts";

/** Operators as processes of their own, and a node that listens to them. */
let network: Network;
let operators: OperatorProcess[];
let signed: Message[][];
let observer: MachService;

beforeEach(async () => {
  network = await Network.start(4);
  [operators, signed] = [[], []];
}, 60_000);
afterEach(async () => {
  await Promise.all(operators.map((operator) => operator.kill()));
  await network.close();
});

const tell = (...events: readonly ChainEvent[]) => {
  for (const operator of operators) operator.tell(...events);
  network.rollup.tell(...events);
};

/** Four of them, with these clocks, and epoch 0. */
async function start(clockOffsetsMs: readonly number[]): Promise<void> {
  const { l1, rollup } = network;
  const ports = await freePorts(clockOffsetsMs.length);
  for (const [i, clockOffsetMs] of clockOffsetsMs.entries()) {
    const all: Message[] = [];
    signed.push(all);
    const options = {
      ...{ service: l1.service, l1Url: l1.anvil.url, operator: network.address(i), createJournal: true, clockOffsetMs },
      secret: bytesToHex(network.secret(i)),
      dataDir: path.join(network.folder, `process ${i}`),
      port: ports[i] as number,
      peerPorts: ports.filter((_, other) => other !== i),
      genesisTimestamp: Math.floor(Date.now() / 1000),
    };
    operators.push(new OperatorProcess(options, (message) => all.push(message)));
  }
  await l1.commit(0);
  observer = await network.run(null, { peers: ports.map((port) => `/ip4/127.0.0.1/tcp/${port}`) });
  const { number } = await l1.head();
  for (let told = rollup.startBlock; told <= number; told++)
    tell({ type: "l1Block", number: told, hash: await l1.hashOf(told) });
  tell({ type: "base", base: await rollup.base(0, 0) });
  for (const operator of operators) operator.start();
}

async function block(label: string): Promise<number> {
  const { number } = await network.l1.head();
  const made = await network.rollup.add([label], network.rollup.branch, number);
  tell({ type: "executed", executed: executedBlock(made) });
  return made.core.height;
}

const signersOf = (height: number) => observer.certificate({ height })?.certificate.signers.length ?? 0;
const hasSigned = (i: number, height: number) => signed[i]?.some(({ core }) => core.height === height);

test("two of four hang with their sockets open: nothing is certified; the block is, once one goes on", async () => {
  await start([0, 0, 0, 0]);
  const first = await block("by all");
  await until("all signed", () => signersOf(first) === 4);
  operators[2]?.pause();
  operators[3]?.pause();
  const stuck = await block("by two");
  await until("two signed", () => hasSigned(0, stuck) && hasSigned(1, stuck));
  expect(signersOf(stuck)).toBe(0);
  operators[2]?.resume();
  // The very block, and not one after it.
  await until("a quorum is back", () => signersOf(stuck) === 3);
  operators[3]?.resume();
  const next = await block("by all again");
  await until("all are back", () => signersOf(next) === 4);
}, 180_000);

test("clocks: who is late signs nothing that lies ahead for it, who is early signs; the others certify without it", async () => {
  // A link's statement may be a minute ahead.
  await start([0, 0, 30_000, -3_600_000]);
  for (const label of ["one", "two"]) {
    const height = await block(label);
    await until("the others certify", () => signersOf(height) === 3);
    expect(hasSigned(2, height)).toBe(true);
    expect(hasSigned(3, height)).toBeFalsy();
  }
}, 180_000);
