import path from "node:path";
import { bytesToHex, epochBlock, type Hex, type Message } from "@altlayer/protocol";
import type { ChainEvent } from "../../src/index.ts";
import type { ExampleBlock } from "../support/chain.ts";
import { Network } from "../support/network.ts";
import { executedBlock, executedSlice } from "../support/operator.ts";
import { Evidence } from "./evidence.ts";
import { freePorts, OperatorProcess } from "./operator.ts";
import type { OperatorProcessOptions } from "./operator-process.ts";

const OPERATORS = 4;
const EQUIVOCATION_PERCENT = 12;
const STEPS_PER_KILL = 100;
const PEACEFUL_STEPS = 100;
const PEACEFUL_STEP_MS = 200;

export interface TortureOptions {
  readonly kills: number;
  readonly seed: number;
  readonly onProgress?: (text: string) => void;
}

export interface TortureReport {
  readonly kills: number;
  readonly signatures: number;
  readonly equivocations: number;
  readonly certifiedHeights: number;
  readonly height: number;
}

/**
 * Operators as processes under a sequencer that equivocates, killed without warning. Whatever they signed must not
 * convict them, none may end in quarantine (nothing is older than itself here), and certificates must go on.
 * @throws TypeError naming what was broken
 */
export async function torture({ kills, seed, onProgress }: TortureOptions): Promise<TortureReport> {
  const random = generator(seed);
  const network = await Network.start(OPERATORS);
  const operators: OperatorProcess[] = [];
  try {
    return await run({ kills, random, network, operators, onProgress: onProgress ?? (() => {}) });
  } finally {
    await Promise.all(operators.map((operator) => operator.kill()));
    await network.close();
  }
}

async function run(context: {
  readonly kills: number;
  readonly random: (below: number) => number;
  readonly network: Network;
  readonly operators: OperatorProcess[];
  readonly onProgress: (text: string) => void;
}): Promise<TortureReport> {
  const { kills, random, network, operators } = context;
  const { rollup, l1 } = network;
  const { startBlock, epochLength } = rollup.schedule;
  const evidence = new Evidence(network.digests);
  const report = { kills: 0, signatures: 0, equivocations: 0 };
  const broken: string[] = [];
  const ports = await freePorts(OPERATORS);
  for (let i = 0; i < OPERATORS; i++) {
    const all: Message[] = [];
    const options: OperatorProcessOptions = {
      service: l1.service,
      l1Url: l1.anvil.url,
      operator: network.address(i),
      secret: bytesToHex(network.secret(i)) as Hex,
      dataDir: path.join(network.folder, `process ${i}`),
      port: ports[i] as number,
      peerPorts: ports.filter((_, other) => other !== i),
      genesisTimestamp: Math.floor(Date.now() / 1000),
      createJournal: true,
    };
    const onSigned = (message: Message) => {
      report.signatures++;
      for (const before of all) {
        if (evidence.convicts(before, message))
          broken.push(
            `operator ${i} signed ${before.core.height} and ${message.core.height}, which contradict each other`,
          );
      }
      all.push(message);
    };
    operators.push(new OperatorProcess(options, onSigned));
  }
  const tell = (...events: readonly ChainEvent[]) => {
    for (const operator of operators) operator.tell(...events);
    rollup.tell(...events);
  };

  await l1.commit(0);
  const observer = await network.run(null, { peers: ports.map((port) => `/ip4/127.0.0.1/tcp/${port}`) });
  const certified = new Set<number>();
  observer.onCertificate(({ certificate }) => certified.add(certificate.message.core.height));
  let told = rollup.startBlock - 1;
  let floor = 0;
  let epoch = 0;
  const heightAtEpoch = new Map<number, number>();
  const seeL1 = async () => {
    const { number } = await l1.head();
    for (; told < number; told++) {
      tell({ type: "l1Block", number: told + 1, hash: await l1.hashOf(told + 1) });
      const past = told + 1 - startBlock;
      if (past % epochLength === 0) heightAtEpoch.set(past / epochLength, rollup.branch.blocks.length);
    }
  };
  await seeL1();
  tell({ type: "base", base: await rollup.base(0, 0) });
  for (const operator of operators) operator.start();

  const step = async ({ faulty }: { readonly faulty: boolean }) => {
    await l1.mine();
    await seeL1();
    // The base of an epoch is final one block later, and its table is committed.
    if (told > epochBlock(epoch + 1, rollup.schedule)) {
      epoch++;
      floor = Math.min(heightAtEpoch.get(epoch) ?? 0, rollup.branch.blocks.length);
      tell({ type: "base", base: await rollup.base(epoch, floor) });
      await l1.commit(epoch);
    }
    const height = rollup.branch.blocks.length;
    const depth =
      faulty && random(100) < EQUIVOCATION_PERCENT && height > floor ? 1 + random(Math.min(2, height - floor)) : 0;
    const labels = Array.from({ length: 1 + random(4) }, (_, i) => `${height} ${i} ${random(1_000)}`);
    if (depth > 0) {
      // Another block in the place of one that is out: told to all, heard by some before the chain goes on with it.
      report.equivocations++;
      rollup.branch = rollup.branch.fork(height - depth);
    }
    const block = await rollup.add(labels, rollup.branch, told);
    evidence.learn(block);
    publish(block, tell, random);
  };

  for (let steps = 0; report.kills < kills; steps++) {
    if (steps > STEPS_PER_KILL * (kills + 1)) throw new TypeError("operators do not sign: nothing to kill");
    await step({ faulty: true });
    const victim = operators[random(OPERATORS)] as OperatorProcess;
    await sleep(random(60));
    // Mostly one that has signed since its start; sometimes one that is still starting.
    if (victim.hasSigned || random(100) < 3) {
      await victim.kill();
      report.kills++;
      victim.start();
      if (report.kills % 10 === 0) {
        context.onProgress(
          `${report.kills} kills, ${report.signatures} signatures, ${certified.size} heights certified`,
        );
      }
    }
    await sleep(random(150));
    if (broken.length > 0) throw new TypeError(broken[0]);
  }

  // In peace again: bases move on past all that was signed, and what follows is certified.
  const peace = rollup.branch.blocks.length;
  for (let i = 0; [...certified].every((each) => each <= peace + epochLength); i++) {
    if (i > PEACEFUL_STEPS) throw new TypeError("certificates do not resume");
    await step({ faulty: false });
    await sleep(PEACEFUL_STEP_MS);
  }
  // One that is still starting hears nothing yet: asked again.
  for (let i = 0; operators.some(({ status }) => status === null); i++) {
    if (i > PEACEFUL_STEPS) throw new TypeError("an operator does not start");
    for (const operator of operators) if (operator.status === null) operator.ask();
    await sleep(PEACEFUL_STEP_MS);
  }
  for (const { status } of operators) {
    if (status?.quarantineHeight !== null)
      throw new TypeError("an operator is in quarantine, though no disk was restored");
  }
  if (broken.length > 0) throw new TypeError(broken[0]);
  return { ...report, certifiedHeights: certified.size, height: rollup.branch.blocks.length };
}

/** A slice first, sometimes; the block, always. */
function publish(block: ExampleBlock, tell: (event: ChainEvent) => void, random: (below: number) => number): void {
  const { transactionCount } = block.core;
  if (random(2) === 0) tell({ type: "executed", executed: executedSlice(block, 1 + random(transactionCount)) });
  tell({ type: "executed", executed: executedBlock(block) });
}

/** Mulberry32: the same seed, the same faults; what the machine's timing adds is not replayed. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
