import { useQuery } from "@tanstack/react-query";
import { activityQuery } from "../../api/explorer.ts";
import { formatInteger } from "../../chain/format.ts";
import { Throughput } from "../rollup/Throughput.tsx";
import { useRollup } from "../rollup/use-rollup.ts";

/** From so many on, it is worth saying. */
const BEHIND_MIN = 10;

/** What the index counts, and the last hour minute by minute. */
export function Activity() {
  const { params } = useRollup();
  const { data } = useQuery(activityQuery(params.team, params.rollup));
  if (data === undefined) return null;
  const behind = data.headNumber === null || data.indexedNumber === null ? 0 : data.headNumber - data.indexedNumber;
  return (
    <section className="card" aria-label="Activity">
      <dl className="figures flush">
        <Figure title="Transactions" value={data.transactions} />
        <Figure title="Addresses" value={data.addresses} />
        <Figure title="Tokens" value={data.tokens} />
        {behind > BEHIND_MIN ? <Figure title="Blocks still to index" value={behind} /> : null}
      </dl>
      <div className="chart-pair">
        <Throughput {...params} />
      </div>
    </section>
  );
}

const Figure = ({ title, value }: { readonly title: string; readonly value: number }) => (
  <div>
    <dt>{title}</dt>
    <dd>{formatInteger(value)}</dd>
  </div>
);
