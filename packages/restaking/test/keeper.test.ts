import { type Hex, zeroHash } from "viem";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { execute, Keeper, leaveCalls, planUpkeep, refreshCall, type Task, table, type Upkeep } from "../src/index.ts";
import { startService, type TestService } from "./support/service.ts";

const LIFE = 24;
const silent = { info: () => {}, warn: () => {} };

test.each<[string, Partial<Upkeep>, Task[]]>([
  ["nothing is due", {}, []],
  ["an epoch is over", { uncommitted: [2] }, [{ kind: "commit", epoch: 2 }]],
  ["an epoch's block is the head", { uncommitted: [5], head: 120 }, []],
  ["an epoch's certificates are too old by now", { uncommitted: [2], head: 141 }, []],
  ["one's own weight is in its last half", { members: members(129, 199, 199) }, [refresh(0)]],
  ["another's weight is in its last half", { members: members(199, 129, 199) }, []],
  ["another's weight is in its last quarter", { members: members(199, 120, 199) }, [refresh(1)]],
  ["a weight has expired long ago", { members: members(199, 199, 110) }, [{ kind: "sweep", limit: 16 }]],
  ["epochs are over, and their late signatures in", rewards(0, 2), [{ kind: "report", firstEpoch: 0, lastEpoch: 1 }]],
  ["too few epochs are over for a report", rewards(0, 3), []],
  ["the epochs are paid", rewards(2, 1), []],
  ["somebody was convicted", { convicted: [who(1)] }, [{ kind: "slash", operators: [who(1)] }]],
])("when %s", (_, changed, tasks) => {
  const upkeep: Upkeep = {
    ...{ head: 118, startBlock: 100, epochLength: 4, certificateAge: 32, life: LIFE, keeper: who(0) },
    ...{ uncommitted: [], convicted: [], members: members(199, 199, 199), rewards: null },
    ...changed,
  };
  expect(planUpkeep(upkeep)).toEqual(tasks);
});

function rewards(nextEpoch: number, reportEpochs: number): Partial<Upkeep> {
  return { keeper: who(7), rewards: { nextEpoch, reportEpochs, k: 4 } };
}

test("a keeper that is no member does not wait for the members", () => {
  const upkeep: Upkeep = {
    ...{ head: 101, startBlock: 100, epochLength: 4, certificateAge: 32, life: LIFE, keeper: who(7) },
    ...{ uncommitted: [0], convicted: [], members: members(999, 999, 999), rewards: null },
  };
  expect(planUpkeep(upkeep)).toEqual([{ kind: "commit", epoch: 0 }]);
});

test("keepers go one after the other, in an order that changes with the epoch", () => {
  const first = new Set<Hex>();
  for (let epoch = 0; epoch < 40; epoch++) {
    const head = 100 + 4 * epoch + 1;
    const acting = [0, 1, 2].filter((i) => {
      const upkeep: Upkeep = {
        ...{ head, startBlock: 100, epochLength: 4, certificateAge: 32, life: LIFE, keeper: who(i) },
        ...{ uncommitted: [epoch], convicted: [], members: members(999, 999, 999), rewards: null },
      };
      return planUpkeep(upkeep).length > 0;
    });
    expect(acting).toHaveLength(1);
    first.add(who(acting[0]!));
  }
  expect(first.size).toBe(3);
});

describe("on an L1", () => {
  let service: TestService;
  beforeEach(async () => {
    service = await startService({ weightLife: LIFE });
  }, 60_000);
  afterEach(() => service.stop());

  test("two keepers commit every epoch and keep all weight alive, over more than two lives", async () => {
    const { service: context, operators, publicClient, clientsOf, mine } = service;
    const keepers = operators
      .slice(0, 2)
      .map(({ privateKey }) => new Keeper(context, { clients: clientsOf(privateKey), log: silent }));
    const [before] = await table<[bigint[], bigint[]]>(context, publicClient, "weights");
    for (let round = 0; round < 30; round++) {
      for (const keeper of keepers) {
        await keeper.tick(Number(await publicClient.getBlockNumber({ cacheTime: 0 })));
      }
      await mine(2);
    }
    const head = Number(await publicClient.getBlockNumber({ cacheTime: 0 }));
    const start = Number(await table<bigint>(context, publicClient, "startBlock"));
    expect(head - start).toBeGreaterThan(2 * LIFE);
    const last = Math.floor((head - start) / 4) - 3;
    for (let epoch = 0; epoch <= last; epoch++) {
      const commitment = await table<Hex>(context, publicClient, "commitments", [BigInt(epoch)]);
      expect(commitment, `epoch ${epoch}`).not.toBe(zeroHash);
    }
    const [active] = await table<[bigint[], bigint[]]>(context, publicClient, "weights");
    expect(active).toEqual(before);
    for (const keeper of keepers) {
      expect(keeper.status().failed).toBe(0);
      expect(keeper.status().committed).toBeGreaterThan(0);
    }
  }, 120_000);

  test("without keepers weight expires and blocks the epochs; a keeper that comes back sweeps it", async () => {
    const { service: context, operators, publicClient, clientsOf, mine } = service;
    const { privateKey, address } = operators[0]!;
    await execute(
      (await leaveCalls({ ...context, operator: operators[3]!.address }, publicClient))[0]!,
      clientsOf(operators[3]!.privateKey),
    );
    const keeper = new Keeper(context, { clients: clientsOf(privateKey), log: silent });
    const head = await mine(4 * LIFE);
    const tasks = await keeper.tick(head);
    expect(tasks.map(({ kind }) => kind)).toEqual(["sweep"]);
    const [active] = await table<[bigint[], bigint[]]>(context, publicClient, "weights");
    expect(active).toEqual([0n, 0n]);

    // Refreshed by whoever wants to sign again, the service goes on.
    keeper.start();
    await execute(refreshCall(context, [address]), clientsOf(operators[1]!.privateKey));
    await mine(9);
    await expect.poll(() => keeper.status().committed, { timeout: 20_000, interval: 50 }).toBeGreaterThan(0);
    await keeper.close();
  }, 120_000);
});

function who(i: number): Hex {
  return `0x${(i + 1).toString(16).padStart(40, "0")}`;
}

function members(...expiries: number[]): Upkeep["members"] {
  return expiries.map((expiry, i) => ({ operator: who(i), expiry }));
}

function refresh(...list: number[]): Task {
  return { kind: "refresh", operators: list.map(who) };
}
