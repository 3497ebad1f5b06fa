import { mkdtemp, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../src/log.ts";
import { SequencingLease } from "../src/sequencer/lease.ts";
import { agreeOnSafe, type Devnet, sequencing, startDevnet } from "./support/devnet.ts";
import { until } from "./support/until.ts";

describe("the sequencing lease", () => {
  let directory: string;
  let leases: SequencingLease[];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "altlayer-lease-"));
    leases = [];
  });
  afterEach(async () => {
    for (const lease of leases) await lease.release().catch(() => {});
    await rm(directory, { recursive: true, force: true });
  });
  const lease = (options: { ttlMs?: number; wallMs?: () => number; monotonicMs?: () => number } = {}) => {
    const { ttlMs = 300, ...clocks } = options;
    const made = new SequencingLease({ directory, ttlMs, clockSkewMs: 50 }, { log: silentLogger, ...clocks });
    leases.push(made);
    return made;
  };
  const refused = { code: "SEQUENCER_LEASED" };

  it("is held by one, and renewed for as long as its process lives", async () => {
    const ttlMs = 3_000;
    const [first, second] = [lease({ ttlMs }), lease({ ttlMs })];
    await first.acquire();
    for (let round = 0; round < 12; round++) {
      await expect(second.acquire()).rejects.toMatchObject(refused);
      expect(first.held()).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    expect(second.held()).toBe(false);
  });

  it("passes on at once when it is given back", async () => {
    const [first, second] = [lease(), lease()];
    await first.acquire();
    await first.release();
    expect(first.held()).toBe(false);
    await second.acquire();
    expect(second.held()).toBe(true);
  });

  it("goes to one of many that take it at once", async () => {
    const all = Array.from({ length: 8 }, () => lease());
    const taken = await Promise.allSettled(all.map((one) => one.acquire()));
    expect(taken.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(all.filter((one) => one.held())).toHaveLength(1);
  });

  it("ends by itself where its directory is out of reach, before another may begin", async () => {
    const ttlMs = 300;
    const [first, second] = [lease({ ttlMs }), lease({ ttlMs })];
    await first.acquire();
    await rename(directory, `${directory}-away`);
    await until(() => !first.held(), 5_000);
    await rename(`${directory}-away`, directory);
    await until(
      () =>
        second.acquire().then(
          () => true,
          () => false,
        ),
      5_000,
    );
    expect(first.held()).toBe(false);
    // It does not come back, either.
    await new Promise((resolve) => setTimeout(resolve, ttlMs));
    expect([first.held(), second.held()]).toEqual([false, true]);
  });

  it("of a dead holder is free after its time and the clocks' difference, not before", async () => {
    let nowMs = 1_000_000;
    const clocks = { wallMs: () => nowMs, monotonicMs: () => nowMs };
    const [first, second] = [lease({ ttlMs: 10_000, ...clocks }), lease({ ttlMs: 10_000, ...clocks })];
    await first.acquire();
    nowMs += 10_000;
    expect(first.held()).toBe(false);
    await expect(second.acquire()).rejects.toMatchObject(refused);
    nowMs += 51;
    await second.acquire();
    expect(second.held()).toBe(true);
    expect(second.held(9_000)).toBe(true);
    expect(second.held(10_000)).toBe(false);
  });

  it("that is torn counts as taken when it was made, and is free after its time", async () => {
    const torn = join(directory, "lease-000000000007.json");
    await writeFile(torn, "");
    const one = lease({ ttlMs: 60_000 });
    await expect(one.acquire()).rejects.toMatchObject(refused);
    const aMinuteAgo = Date.now() / 1_000 - 61;
    await utimes(torn, aMinuteAgo, aMinuteAgo);
    await one.acquire();
    expect(one.held()).toBe(true);
  });
});

describe("two sequencers with one lease", () => {
  let devnet: Devnet;
  afterAll(() => devnet?.close(), 60_000);

  it("never build at once: the second begins when the first has ended", async () => {
    devnet = await startDevnet();
    const base = sequencing();
    const lease = { directory: join(devnet.directory, "lease"), ttlMs: 6_000, clockSkewMs: 100 };
    const config = { ...base, sequencer: { ...base.sequencer, lease } };
    const first = await devnet.node("first", config);
    await until(() => first.engine.heads().unsafe.number >= 2, 30_000);
    const second = await devnet.node("second", config);
    await until(() => second.engine.heads().safe.number >= 2, 40_000);
    expect([first.sequencer?.active, second.sequencer?.active]).toEqual([true, false]);

    await first.close();
    const ended = first.engine.heads().unsafe;
    await until(() => second.sequencer?.active === true, 30_000);
    await until(() => second.engine.heads().unsafe.number > ended.number + 1, 40_000);
    const follower = await devnet.node("follower");
    await agreeOnSafe(second, follower, ended.number + 1, 60_000);

    // Without the directory it cannot know, and ends by itself.
    await rename(lease.directory, `${lease.directory}-away`);
    const quiet = async () => {
      const { number } = second.engine.heads().unsafe;
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      return second.engine.heads().unsafe.number === number;
    };
    await until(quiet, 40_000);
  }, 240_000);

  it("refuses a lease that is too short for its blocks", async () => {
    const base = sequencing();
    const lease = { directory: join(devnet.directory, "short"), ttlMs: 5_999 };
    const started: Promise<unknown> = devnet.node("short", { ...base, sequencer: { ...base.sequencer, lease } });
    await expect(started).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  }, 60_000);
});
