import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildChainFiles, developmentParameters, type L1Addresses, ROLLUP_TIMING } from "@altlayer/deployer";
import { afterAll, describe, expect, test } from "vitest";
import type { ForkWishes } from "../src/forks/schedule.ts";
import { forkChanges, forkProblems, forkState, isoOf, timeProblems } from "../src/forks/schedule.ts";
import { scheduledFiles, writeScheduledFiles } from "../src/runtime/chain-files.ts";

const NOW = 2_000_000_000;
const clock = { nowSeconds: NOW, leadSeconds: 300 };
const at = (seconds: number) => isoOf(NOW + seconds);
const refusals = (before: ForkWishes, after: ForkWishes, missed = false) =>
  forkChanges(before, after, { ...clock, missed }).map(({ fork, refusal }) => [fork, refusal !== null]);

describe("a schedule", () => {
  test("has each fork after those it needs, and none that the genesis has", () => {
    const paths = (wishes: ForkWishes) => forkProblems(wishes).map(({ path }) => path);
    expect(paths({ genesis: "fjord" })).toEqual([]);
    expect(paths({ genesis: "fjord", granite: at(1), holocene: at(1) })).toEqual([]);
    expect(paths({ genesis: "fjord", holocene: at(1) })).toEqual(["forks.holocene"]);
    expect(paths({ genesis: "fjord", granite: at(2), holocene: at(1) })).toEqual(["forks.holocene"]);
    expect(paths({ genesis: "granite", holocene: at(1) })).toEqual([]);
    expect(paths({ genesis: "granite", granite: at(1), holocene: at(1) })).toEqual(["forks.granite"]);
    expect(paths({ genesis: "holocene", granite: at(1), holocene: at(1) })).toEqual([
      "forks.granite",
      "forks.holocene",
    ]);
  });

  test("can be changed until shortly before its time, and never again", () => {
    const without: ForkWishes = { genesis: "granite" };
    const holocene = (seconds: number): ForkWishes => ({ ...without, holocene: at(seconds) });
    expect(refusals(without, holocene(900))).toEqual([["holocene", false]]);
    expect(refusals(holocene(301), without)).toEqual([["holocene", false]]);
    expect(refusals(holocene(301), holocene(900))).toEqual([["holocene", false]]);
    expect(refusals(holocene(300), without)).toEqual([["holocene", true]]);
    expect(refusals(holocene(0), without)).toEqual([["holocene", true]]);
    expect(refusals(holocene(-9_000), holocene(900))).toEqual([["holocene", true]]);
    expect(refusals(holocene(-9_000), holocene(-9_000))).toEqual([]);
  });

  test("that the chain has missed never came true, and can be moved", () => {
    const before: ForkWishes = { genesis: "granite", holocene: at(-60) };
    expect(refusals(before, { genesis: "granite", holocene: at(900) }, true)).toEqual([["holocene", false]]);
  });

  test("takes no time that is past or too near", () => {
    const problems = (seconds: number | undefined) => {
      const to = seconds === undefined ? undefined : at(seconds);
      return timeProblems([{ fork: "holocene", to }], clock).length;
    };
    expect([-1, 0, 299, 300, undefined].map(problems)).toEqual([1, 1, 1, 0, 0]);
  });

  test("says where a rollup stands", () => {
    const state = (wishes: ForkWishes) => {
      const { active, scheduled, next } = forkState(wishes, clock);
      return [active, scheduled.map(({ fork }) => fork), next];
    };
    expect(state({ genesis: "fjord" })).toEqual(["fjord", [], "holocene"]);
    expect(state({ genesis: "fjord", granite: at(0) })).toEqual(["granite", [], "holocene"]);
    expect(state({ genesis: "fjord", granite: at(-1), holocene: at(1) })).toEqual(["granite", ["holocene"], null]);
    expect(state({ genesis: "holocene" })).toEqual(["holocene", [], null]);
    expect(forkState({ genesis: "fjord" }, clock)).toMatchObject({ networkTime: at(0), earliest: at(300) });
  });
});

describe("the chain's files", () => {
  const directory = mkdtempSync(join(tmpdir(), "altlayer-files-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const someone = `0x${"77".repeat(20)}` as const;
  const built = buildChainFiles({
    deployment: {
      l1ChainId: 31337,
      deployer: someone,
      parameters: developmentParameters({
        l2ChainId: 901,
        owner: someone,
        batcher: someone,
        proposer: someone,
        challenger: someone,
        unsafeBlockSigner: someone,
      }),
      addresses: new Proxy({} as L1Addresses, { get: () => someone }),
      anchor: { hash: `0x${"01".repeat(32)}`, number: 7, timestamp: NOW - 100_000 },
      transactionsSent: 0,
    },
    newestFork: "granite",
    timing: ROLLUP_TIMING,
    feeRecipient: someone,
  });
  const original = { genesisJson: built.genesisJson, rollupJson: built.rollupJson };
  const read = () => ({
    genesisJson: readFileSync(join(directory, "genesis.json"), "utf8"),
    rollupJson: readFileSync(join(directory, "rollup.json"), "utf8"),
  });
  const write = ({ genesisJson, rollupJson }: typeof original) => {
    writeFileSync(join(directory, "genesis.json"), genesisJson);
    writeFileSync(join(directory, "rollup.json"), rollupJson);
  };

  test("follow the schedule there and back, also through a crash between the two", async () => {
    const later = { forks: { genesis: "granite", holocene: at(900) } } as const;
    const scheduled = scheduledFiles(original, later);
    expect(JSON.parse(scheduled.genesisJson).config.holoceneTime).toBe(NOW + 900);
    expect(scheduledFiles(scheduled, later)).toBe(scheduled);
    write(original);
    await writeScheduledFiles(directory, later);
    expect(read()).toEqual(scheduled);
    await writeScheduledFiles(directory, { forks: { genesis: "granite" } });
    expect(read()).toEqual(original);
    // The process ended after the first of them.
    write({ ...original, genesisJson: scheduled.genesisJson });
    await writeScheduledFiles(directory, later);
    expect(read()).toEqual(scheduled);
    // And the schedule was taken back before the next start.
    write({ ...original, genesisJson: scheduled.genesisJson });
    await writeScheduledFiles(directory, { forks: { genesis: "granite" } });
    expect(read()).toEqual(original);
    const other = { forks: { genesis: "granite", holocene: at(1_800) } } as const;
    write({ ...original, genesisJson: scheduled.genesisJson });
    await writeScheduledFiles(directory, other);
    expect(read()).toEqual(scheduledFiles(original, other));
  });
});
