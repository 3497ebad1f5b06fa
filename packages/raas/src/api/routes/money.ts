import { budgetPercent } from "../../money/maths.ts";
import { costsQuery, costsSchema } from "../money-schemas.ts";
import type { Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { rollupParams } from "../schemas.ts";
import { isoOrNull } from "../time.ts";

const HOURS = 48;

/** Amounts as the API writes them. */
const inText = <C extends { readonly dataWei: bigint; readonly otherWei: bigint }>(cost: C) => ({
  ...cost,
  dataWei: cost.dataWei.toString(),
  otherWei: cost.otherWei.toString(),
});

export const moneyRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/teams/:team/rollups/:rollup/costs",
    name: "rollups.costs",
    summary:
      "What the rollup costs on its settlement network, as measured there: by day, by transaction, and how long the money lasts",
    access: "viewer",
    params: rollupParams,
    query: costsQuery,
    response: costsSchema,
    handle: async ({ rollup, query, services: { money, live, rollups } }) => {
      const [finances, days, hours, balances, spec] = await Promise.all([
        money.finances(rollup),
        money.costs(rollup, query.days),
        money.hourly(rollup, HOURS),
        live.balances(rollup),
        rollups.spec(rollup),
      ]);
      const budget = BigInt(spec.alarms.monthlyBudgetWei);
      const { name, spentWei } = finances.month;
      return {
        measuredFrom: isoOrNull(finances.measuredFrom),
        accounts: balances.map(({ networkId: _network, ...account }) => account),
        month: {
          name,
          spentWei: spentWei.toString(),
          budgetWei: budget === 0n ? null : budget.toString(),
          percent: budgetPercent(spentWei, budget),
        },
        hours: hours.map(({ startMs, ...cost }) => ({ start: new Date(startMs).toISOString(), ...inText(cost) })),
        days: days.map((day) => ({
          ...inText(day),
          weiPerTransaction: day.weiPerTransaction?.toString() ?? null,
        })),
      };
    },
  }),
];
