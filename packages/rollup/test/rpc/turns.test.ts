import { expect, test } from "vitest";
import { Turns } from "../../src/rpc/json-rpc/turns.ts";

test("one in a turn of the event loop, first come first served", async () => {
  const turns = new Turns();
  let turn = 0;
  const seen: { readonly who: number; readonly turn: number }[] = [];
  const count = () => {
    turn++;
    if (seen.length < 4) setImmediate(count);
  };
  setImmediate(count);
  const take = async (who: number) => {
    await turns.next();
    seen.push({ who, turn });
  };
  await Promise.all([0, 1, 2].map(take));
  await take(3);
  expect(seen.map(({ who }) => who)).toEqual([0, 1, 2, 3]);
  expect(new Set(seen.map((each) => each.turn)).size).toBe(4);
});
