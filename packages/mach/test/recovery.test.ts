import { cp, rm } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { MachService } from "../src/index.ts";
import { Network, until } from "./support/network.ts";
import { executedBlock } from "./support/operator.ts";
import { at } from "./support/scripted-chain.ts";

let network: Network;

beforeEach(async () => {
  network = await Network.start(4);
}, 60_000);
afterEach(() => network.close());

const sent = (service: MachService) => service.status().counters["shares sent"] ?? 0;
const folderOf = (i: number) => path.join(network.folder, `operator ${i}`);

/** Operators run, epoch 0 stands, and so many blocks are certified by all four. */
async function certified(blocks: number): Promise<MachService[]> {
  const services: MachService[] = [];
  for (const i of [0, 1, 2, 3]) services.push(await network.run(i));
  await network.ready();
  for (let height = 1; height <= blocks; height++) await signedByAll(height);
  return services;
}

async function signedByAll(height: number): Promise<void> {
  await network.rollup.block(`block ${height}`);
  for (const service of network.services.values()) {
    await until("all signed", () => service.certificate({ height })?.certificate.signers.length === 4);
  }
}

test("two of four cut off: nothing is certified; certificates resume with the third", async () => {
  const [first, second] = (await certified(1)) as [MachService, MachService];
  const before = [sent(first), sent(second)];
  await network.stop("operator 2");
  await network.stop("operator 3");
  await network.rollup.block("in the minority");
  await until("both signed", () => sent(first) > Number(before[0]) && sent(second) > Number(before[1]));
  expect(first.certificate({ height: 2 })).toBeNull();
  await network.run(2, { createJournal: false });
  const record = await until("a certificate", () => first.certificate({ height: 2 }));
  expect(record.certificate.signers).toHaveLength(3);
});

test("a block that came without its slices is signed after a slice of it, and so is what follows", async () => {
  await certified(1);
  const block = await network.rollup.add(["a", "b"]);
  network.rollup.slice(block, 2);
  for (const service of network.services.values()) {
    await until("the slice is signed", () => service.status().tip?.core.transactionCount === 2);
  }
  network.rollup.blockAlone(block);
  for (const service of network.services.values()) {
    // The slice's certificate may have all signers, too, until the block's takes its place.
    const signed = () => service.certificate({ blockHash: block.core.blockHash })?.certificate;
    await until("all signed the block", () => signed()?.signers.length === 4);
    expect(signed()?.message).toMatchObject({ kind: 2, core: block.core });
    expect(service.certificatesAt(2)).toHaveLength(1);
  }
  await signedByAll(3);
});

test("an operator from an old backup finds out from the others, and signs nothing until a base has passed", async () => {
  await certified(1);
  await network.stop("operator 2");
  const backup = path.join(network.folder, "backup");
  await cp(folderOf(2), backup, { recursive: true });
  await network.run(2, { createJournal: false });
  await signedByAll(2);
  await signedByAll(3);
  await network.stop("operator 2");
  await rm(folderOf(2), { recursive: true });
  await cp(backup, folderOf(2), { recursive: true });

  let restored = await network.run(2, { createJournal: false });
  await until("the quarantine", () => restored.status().silence === "QUARANTINE");
  expect(restored.status().quarantineHeight).toBeGreaterThanOrEqual(3);
  expect(restored.status().tip?.core.height).toBe(1);
  // Another start does not lift it.
  await network.stop("operator 2");
  restored = await network.run(2, { createJournal: false });
  await until("it is in the table", () => restored.status().index !== null);
  expect(restored.status().quarantineHeight).toBeGreaterThanOrEqual(3);
  await network.rollup.block("without it");
  const record = await until("a certificate", () => restored.certificate({ height: 4 }));
  expect(record.certificate.signers).toHaveLength(3);
  expect(sent(restored)).toBe(0);

  // A base that has reached all that it can have signed releases it. Each answer may move that on, until enough have come.
  await until("enough answers", () => restored.status().silence === "QUARANTINE");
  const { quarantineHeight } = restored.status();
  while (network.rollup.branch.blocks.length < Number(quarantineHeight)) await network.rollup.block("more");
  while ((await network.l1.head()).number < network.rollup.inEpoch(1)) await network.l1.mine();
  await network.l1.commit(1);
  await network.rollup.seeL1();
  network.rollup.tell({ type: "base", base: await network.rollup.base(1, network.rollup.branch.blocks.length) });
  const { core } = await network.rollup.block("of epoch 1");
  await until("it signs again", () => {
    const found = restored.certificate({ blockHash: core.blockHash });
    return found?.certificate.signers.length === 4;
  });
  expect(restored.status()).toMatchObject({ silence: null, quarantineHeight: null });
});

test("the restore flag is quarantine, also with nothing to restore from; a lost journal without it is refused", async () => {
  await certified(1);
  await network.stop("operator 1");
  await rm(path.join(folderOf(1), "signing.journal"));
  const lost = network.run(1, { createJournal: false });
  await expect(lost).rejects.toMatchObject({ code: "JOURNAL_MISSING" });
  const restored = await network.run(1, { createJournal: false, restored: true });
  await until("the quarantine", () => restored.status().silence === "QUARANTINE");
  await network.rollup.block("without it");
  await until("a certificate", () => restored.certificate({ height: 2 }));
  expect(sent(restored)).toBe(0);
});

test("who is quarantined for a lost journal only signs on after a restart with it", async () => {
  const options = { createJournal: false, quarantineIfLost: true };
  await certified(1);
  await network.stop("operator 1");
  const back = await network.run(1, options);
  await network.rollup.block("with it");
  await until("its signature", () => back.status().tip?.core.height === 2);
  expect(back.status()).toMatchObject({ silence: null, quarantineHeight: null });
  await network.stop("operator 1");
  await rm(path.join(folderOf(1), "signing.journal"));
  const lost = await network.run(1, options);
  await until("the quarantine", () => lost.status().silence === "QUARANTINE");
  expect(sent(lost)).toBe(0);
});

test("a journal made anew where there was one before is found out by the others", async () => {
  await certified(2);
  await network.stop("operator 1");
  await rm(path.join(folderOf(1), "signing.journal"));
  const renewed = await network.run(1, { createJournal: true });
  await until("the quarantine", () => renewed.status().silence === "QUARANTINE");
  expect(sent(renewed)).toBe(0);
});

test("a signer of somebody else, or with a key that is not registered, signs nothing", async () => {
  await certified(1);
  await network.stop("operator 1");
  const other = network.run(1, { signer: network.signer(2), createJournal: false });
  await expect(other).rejects.toMatchObject({ code: "SIGNER_FOREIGN" });
  const foreign = { ...network.signer(2), operator: network.address(1) };
  const service = await network.run(1, { signer: foreign, name: "foreign" });
  await until("it is told", () => service.status().silence === "FOREIGN_KEY");
  // And nobody takes it for the operator.
  await until("its link is refused", () => {
    const counters = network.services.get("operator 0")?.status().counters ?? {};
    return (counters["peers banned, WRONG_LINK"] ?? 0) > 0;
  });
}, 30_000);

test("blocks that the sequencer signed twice: each operator signs one, none both, until the L1 decides", async () => {
  const services = await certified(1);
  const fork = network.rollup.branch.fork(1);
  const main = await network.rollup.add(["left"]);
  const other = await network.rollup.add(["right"], fork);
  for (const [i, chain] of network.rollup.chains.entries()) {
    const [first, second] = i < 2 ? [main, other] : [other, main];
    chain.tell(
      { type: "executed", executed: executedBlock(first) },
      { type: "executed", executed: executedBlock(second) },
    );
  }
  const tipOf = (service: MachService) => service.status().tip?.core.blockHash;
  for (const [i, service] of services.entries()) {
    await until("it signed", () => tipOf(service) === (i < 2 ? main : other).core.blockHash);
  }
  // Each saw the other block, and refused it.
  for (const service of services) {
    await until("it abstains", () => (service.status().counters["abstained, NOT_AHEAD_OF_TIP"] ?? 0) > 0);
  }
  expect(services[0]?.certificate({ height: 2 })).toBeNull();
  // The L1 finalises the right branch: all go on from there.
  network.rollup.branch = fork;
  while ((await network.l1.head()).number < network.rollup.inEpoch(1)) await network.l1.mine();
  await network.l1.commit(1);
  await network.rollup.seeL1();
  network.rollup.tell({ type: "base", base: await network.rollup.base(1, 2) });
  await network.rollup.block("after the decision");
  const record = await until("a certificate", () => services[0]?.certificate({ height: 3 }));
  expect(record.certificate.message.core.parentHash).toBe(at(fork, 2).core.blockHash);
});
