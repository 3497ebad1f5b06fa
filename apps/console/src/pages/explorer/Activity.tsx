import { useQuery } from "@tanstack/react-query";
import { activityQuery } from "../../api/explorer.ts";
import { formatInteger } from "../../chain/format.ts";
import { useRollup } from "../rollup/use-rollup.ts";
import "./activity.css";

const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });
/** Bars keep this height in percent, so that a quiet minute is seen. */
const FLOOR = 3;

/** What the index counts, and the last hour minute by minute. */
export function Activity() {
  const { params } = useRollup();
  const { data } = useQuery(activityQuery(params.team, params.rollup));
  if (data === undefined) return null;
  const minutes = [...data.perMinute].sort((a, b) => a.minute.localeCompare(b.minute));
  const most = Math.max(1, ...minutes.map(({ transactions }) => transactions));
  const behind = data.headNumber === null || data.indexedNumber === null ? 0 : data.headNumber - data.indexedNumber;
  return (
    <div className="activity">
      <dl className="figures">
        <Figure title="Transactions" value={data.transactions} />
        <Figure title="Addresses" value={data.addresses} />
        <Figure title="Tokens" value={data.tokens} />
        {behind > 10 ? <Figure title="Blocks still to index" value={behind} /> : null}
      </dl>
      {minutes.length < 2 ? null : (
        <figure className="card minutes">
          <figcaption className="small quiet">Transactions a minute, at most {formatInteger(most)}</figcaption>
          <ul>
            {minutes.map(({ minute, transactions }) => (
              <li
                key={minute}
                title={`${time.format(Date.parse(minute))}: ${formatInteger(transactions)} transactions`}
                style={{ height: `${FLOOR + (transactions / most) * (100 - FLOOR)}%` }}
              >
                <span className="visually-hidden">
                  {time.format(Date.parse(minute))}: {formatInteger(transactions)}
                </span>
              </li>
            ))}
          </ul>
        </figure>
      )}
    </div>
  );
}

const Figure = ({ title, value }: { readonly title: string; readonly value: number }) => (
  <div>
    <dt>{title}</dt>
    <dd>{formatInteger(value)}</dd>
  </div>
);
