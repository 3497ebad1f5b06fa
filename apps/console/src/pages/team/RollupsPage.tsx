import { useInfiniteQuery, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useEffect, useState } from "react";
import { followTeam } from "../../api/events.ts";
import { liveQuery, networksQuery, olderRollupsQuery, rollupsQuery } from "../../api/queries.ts";
import type { RollupSummary } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import { formatInteger } from "../../chain/format.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { PhaseBadge } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Empty } from "../../ui/Notice.tsx";
import { TableScroll } from "../../ui/TableScroll.tsx";
import { Ago } from "../../ui/Time.tsx";

/** More rollups than these are found sooner by typing. */
const FILTER_FROM = 8;
const LIVE_ROWS_MAX = 20;
const LIVE_MS = 2_000;
const LIVE_MANY_MS = 15_000;

export function RollupsPage() {
  const { team: teamId } = useParams({ from: "/member/teams/$team/" });
  const team = useTeam();
  const queries = useQueryClient();
  const { data } = useSuspenseQuery(rollupsQuery(teamId));
  useEffect(() => followTeam({ team: teamId }, { queries }), [teamId, queries]);
  useTitle("Rollups", team.name);
  const older = useInfiniteQuery(olderRollupsQuery(teamId, data.nextCursor));
  const [wanted, setWanted] = useState("");
  const all = [...data.items, ...(older.data?.pages.flatMap(({ items }) => items) ?? [])];
  const rollups = all.filter(({ phase }) => phase !== "destroyed");
  const shown = rollups.filter(({ name, chainId }) => `${name} ${chainId}`.includes(wanted.trim().toLowerCase()));
  const more = older.data === undefined ? data.nextCursor !== null : older.hasNextPage;
  const launch =
    team.reasonNot("operator") === undefined ? (
      <span className="row">
        <Link to="/teams/$team/attach" params={{ team: teamId }} className="button">
          Attach a chain
        </Link>
        <Link to="/teams/$team/new" params={{ team: teamId }} className="button primary">
          <Plus size={15} aria-hidden="true" />
          Launch a rollup
        </Link>
      </span>
    ) : null;

  return (
    <>
      <div className="page-head">
        <h1>Rollups</h1>
        {rollups.length === 0 ? null : launch}
      </div>
      {rollups.length <= FILTER_FROM ? null : (
        <Field label="Only those whose name or chain id contains">
          {(control) => (
            <input
              {...control}
              className="input narrow"
              autoComplete="off"
              spellCheck={false}
              value={wanted}
              onChange={(event) => setWanted(event.target.value)}
            />
          )}
        </Field>
      )}
      <div className="card">
        {rollups.length === 0 ? (
          <Empty title="No rollups yet" action={launch}>
            A rollup is your own chain. Its blocks are checked by restaked operators and settle on the network you
            choose.
          </Empty>
        ) : (
          <TableScroll label="Rollups">
            <table>
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">State</th>
                  <th scope="col" className="number">
                    Chain id
                  </th>
                  <th scope="col">Settles on</th>
                  <th scope="col" className="number">
                    Latest block
                  </th>
                  <th scope="col" className="number">
                    Safe
                  </th>
                  <th scope="col" className="number">
                    Finalized
                  </th>
                  <th scope="col" className="number">
                    tx/s
                  </th>
                  <th scope="col" className="number">
                    Created
                  </th>
                </tr>
              </thead>
              <tbody>
                {shown.map((rollup) => (
                  <RollupRow key={rollup.id} rollup={rollup} many={rollups.length > LIVE_ROWS_MAX} />
                ))}
              </tbody>
            </table>
          </TableScroll>
        )}
        {more ? (
          <div className="card-body">
            <Button
              busy={older.isFetching}
              onClick={() => void (older.data === undefined ? older.refetch() : older.fetchNextPage())}
            >
              Show older
            </Button>
          </div>
        ) : null}
      </div>
    </>
  );
}

function RollupRow({ rollup, many }: { readonly rollup: RollupSummary; readonly many: boolean }) {
  const { data: networks } = useQuery(networksQuery);
  const { data: live } = useQuery({
    ...liveQuery(rollup.teamId, rollup.id),
    enabled: rollup.phase === "running",
    refetchInterval: many ? LIVE_MANY_MS : LIVE_MS,
  });
  const critical = live?.alarms.filter(({ severity }) => severity === "critical").length ?? 0;
  const alarms = live?.alarms.length ?? 0;
  return (
    <tr>
      <th scope="row">
        <Link to="/teams/$team/rollups/$rollup" params={{ team: rollup.teamId, rollup: rollup.id }}>
          {rollup.name}
        </Link>
      </th>
      <td>
        <span className="row">
          <PhaseBadge phase={rollup.phase} />
          {alarms > 0 ? (
            <span className={`badge ${critical > 0 ? "bad" : "warn"}`}>
              {alarms === 1 ? "1 alarm" : `${alarms} alarms`}
            </span>
          ) : null}
        </span>
      </td>
      <td className="number">{rollup.chainId}</td>
      <td>{networks?.find(({ id }) => id === rollup.networkId)?.name ?? rollup.networkId}</td>
      <HeadCell number={live?.heads?.unsafe.number} />
      <HeadCell number={live?.heads?.safe.number} />
      <HeadCell number={live?.heads?.finalized.number} />
      <td className="number">{live?.throughput ? live.throughput.transactionsPerSecond.toFixed(1) : <None />}</td>
      <td className="number quiet">
        <Ago ms={Date.parse(rollup.createdAt)} />
      </td>
    </tr>
  );
}

const None = () => <span className="faint">-</span>;

const HeadCell = ({ number }: { readonly number: number | undefined }) => (
  <td className="number">{number === undefined ? <None /> : formatInteger(number)}</td>
);
