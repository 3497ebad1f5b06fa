import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { formatInteger } from "../../../chain/format.ts";
import type { CallFrame } from "../../../chain/shapes.ts";
import { tracedOf } from "../../../chain/trace.ts";
import { traceQuery } from "../../../chain/transactions.ts";
import { Button } from "../../../ui/Button.tsx";
import { Loading } from "../../../ui/Loading.tsx";
import { ErrorNotice } from "../../../ui/Notice.tsx";
import { useRollup } from "../../rollup/use-rollup.ts";
import { Call } from "./Call.tsx";
import "./trace.css";
import { useNames } from "./use-names.ts";

/** Calls drawn at first; a transaction may make tens of thousands. */
const CALLS_SHOWN = 60;
const CALLS_MORE = 500;

/** The calls within a transaction, as they were made. */
export function Trace({ hash }: { readonly hash: string }) {
  const { rpc, heads } = useRollup();
  const { data: root, isPending, error } = useQuery(traceQuery(rpc, heads.key, hash));
  // This node does not trace.
  if (root === null) return null;
  if (root !== undefined) return <Tree key={hash} frame={root} />;
  return (
    <section className="card" aria-labelledby="trace-title">
      <div className="card-head">
        <h2 id="trace-title">Trace</h2>
      </div>
      {isPending ? <Loading lines={3} label="Tracing" /> : null}
      {error === null ? null : (
        <div className="card-body">
          <ErrorNotice error={error} title="The node could not trace this transaction" />
        </div>
      )}
    </section>
  );
}

const counted = (count: number, one: string, many: string) => `${formatInteger(count)} ${count === 1 ? one : many}`;

function Tree({ frame }: { readonly frame: CallFrame }) {
  const { root, count, depthMax, called, failedCount } = useMemo(() => tracedOf(frame), [frame]);
  const known = useNames(called);
  const [shown, setShown] = useState(CALLS_SHOWN);
  const [folded, setFolded] = useState<ReadonlySet<number>>(new Set());
  const fold = (index: number) =>
    setFolded((held) => {
      const next = new Set(held);
      if (!next.delete(index)) next.add(index);
      return next;
    });
  return (
    <section className="card" aria-labelledby="trace-title">
      <div className="card-head">
        <h2 id="trace-title">Trace</h2>
        <span className="small quiet">
          {counted(count, "call", "calls")}
          {depthMax === 0 ? null : `, ${formatInteger(depthMax + 1)} deep`}
          {failedCount === 0 ? null : <span className="problem-text">, {formatInteger(failedCount)} failed</span>}
        </span>
      </div>
      <ul className="calls">
        <Call call={root} gasAll={root.frame.gasUsed} shown={shown} known={known} folded={folded} onFold={fold} />
      </ul>
      {count > shown ? (
        <div className="card-body">
          <Button onClick={() => setShown((held) => held + CALLS_MORE)}>
            Show more of the {formatInteger(count)} calls
          </Button>
        </div>
      ) : null}
    </section>
  );
}
