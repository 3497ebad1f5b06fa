import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { liveQuery } from "../../api/queries.ts";
import { useTitle } from "../../app/use-title.ts";
import { useRecentBlocks } from "../../chain/blocks.ts";
import { formatCompact, formatInteger } from "../../chain/format.ts";
import { headsQuery } from "../../chain/heads.ts";
import { PhaseBadge } from "../../ui/Badge.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { ErrorNotice, Notice } from "../../ui/Notice.tsx";
import { Accounts } from "./Accounts.tsx";
import { Alarms } from "./Alarms.tsx";
import { Attachment } from "./Attachment.tsx";
import { BlockStrip } from "./BlockStrip.tsx";
import { Connect } from "./Connect.tsx";
import { Contracts } from "./Contracts.tsx";
import { Costs } from "./Costs.tsx";
import { FinalityOverTime } from "./FinalityOverTime.tsx";
import { Ladder } from "./Ladder.tsx";
import { LaunchProgress } from "./LaunchProgress.tsx";
import { Signatures } from "./Signatures.tsx";
import { SignersFigure } from "./SignersFigure.tsx";
import { StartStop } from "./StartStop.tsx";
import { Throughput } from "./Throughput.tsx";
import { useRollup } from "./use-rollup.ts";

const STRIP_BLOCKS = 64;
/** Of a chain that others run and that does not say: what most have. */
const BLOCK_TIME_SECONDS = 2;

export function OverviewPage() {
  const page = useRollup();
  const { rollup, rpc, network } = page;
  useTitle(rollup.name);
  const running = rollup.phase === "running" && rollup.endpoints !== null;
  const { data: live } = useQuery({ ...liveQuery(page.params.team, page.params.rollup), enabled: running });
  const heads = useQuery({ ...headsQuery(rpc, page.heads), enabled: running });
  const blocks = useRecentBlocks(rpc, page.heads.key, heads.data?.latest, STRIP_BLOCKS);
  const blockTimeSeconds =
    (rollup.spec.chain as { blockTimeSeconds?: number } | undefined)?.blockTimeSeconds ?? BLOCK_TIME_SECONDS;

  return (
    <>
      <div className="page-head">
        <div className="stack tight">
          <div className="row">
            <h1>{rollup.name}</h1>
            <PhaseBadge phase={rollup.phase} />
          </div>
          <p className="quiet">
            Chain {rollup.chainId}, settles on {network?.name ?? rollup.networkId}
            {rollup.launchMs === null || rollup.kind === "attached"
              ? ""
              : `, launched in ${(rollup.launchMs / 1000).toFixed(1)} s`}
          </p>
        </div>
        <div className="row">
          {(rollup.spec.access as { publicStatus?: boolean } | undefined)?.publicStatus === false ? null : (
            <Link to="/status/$rollup" params={{ rollup: rollup.id }} className="button">
              Public status
            </Link>
          )}
          <StartStop rollup={rollup} />
        </div>
      </div>

      {rollup.problem === null ? null : (
        <Notice
          tone={rollup.phase === "waiting" ? "warn" : "bad"}
          title={rollup.phase === "waiting" ? "Waiting" : "Problem"}
        >
          {rollup.problem.message}
        </Notice>
      )}
      {live === undefined ? null : <Alarms alarms={live.alarms} />}
      <Signatures rollup={rollup} network={network} />
      {rollup.phase === "launching" || rollup.phase === "waiting" || rollup.phase === "failed" ? (
        <LaunchProgress steps={rollup.steps} />
      ) : null}

      {running ? (
        <>
          <dl className="figures">
            <div>
              <dt>Latest block</dt>
              <dd>{heads.data ? formatInteger(heads.data.latest.number) : "-"}</dd>
            </div>
            <div>
              <dt>Throughput</dt>
              <dd>
                {live?.throughput ? formatCompact(live.throughput.transactionsPerSecond) : "-"} <small>tx/s</small>
              </dd>
            </div>
            <div>
              <dt>Work</dt>
              <dd>
                {live?.throughput ? formatCompact(live.throughput.gasPerSecond) : "-"} <small>gas/s</small>
              </dd>
            </div>
            <div>
              <dt>Waiting transactions</dt>
              <dd>
                {live?.pendingTransactions === null || live === undefined
                  ? "-"
                  : formatInteger(live.pendingTransactions)}
              </dd>
            </div>
            {rollup.mach === null ? null : <SignersFigure />}
            <div>
              <dt>{network?.name ?? "Settlement chain"}</dt>
              <dd>{live?.l1?.latest ? formatInteger(live.l1.latest.number) : "-"}</dd>
            </div>
          </dl>

          <section className="card" aria-labelledby="ladder-title">
            <div className="card-head">
              <h2 id="ladder-title">Finality</h2>
              <span className="small quiet">One bar per block; its colour is the rung it stands on</span>
            </div>
            {heads.isError ? (
              <div className="card-body">
                <ErrorNotice error={heads.error} title="The rollup's node does not answer" />
              </div>
            ) : heads.data ? (
              <>
                <BlockStrip blocks={blocks} heads={heads.data} />
                <Ladder heads={heads.data} blockTimeSeconds={blockTimeSeconds} />
              </>
            ) : (
              <Loading lines={7} label="Reading the heads" />
            )}
          </section>
          <section className="card" aria-label="Over time">
            <div className="chart-pair">
              <Throughput {...page.params} />
              {heads.data?.mach ? <FinalityOverTime heads={heads.data} blockTimeSeconds={blockTimeSeconds} /> : null}
            </div>
          </section>
        </>
      ) : null}

      {rollup.kind === "attached" ? (
        <Attachment rollup={rollup} development={network?.development === true} />
      ) : (
        <Costs team={page.params.team} rollup={page.params.rollup} />
      )}
      <div className="columns">
        <div className="stack loose">
          {rollup.endpoints === null || rollup.kind === "attached" ? null : <Connect rollup={rollup} />}
          <Accounts accounts={rollup.accounts} balances={live?.balances ?? []} />
        </div>
        <Contracts contracts={rollup.contracts} network={network} />
      </div>
    </>
  );
}
