import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { decodeCall, revertText } from "../../chain/decode.ts";
import { formatEther, formatInteger, plainText } from "../../chain/format.ts";
import type { CallFrame } from "../../chain/shapes.ts";
import { traceQuery } from "../../chain/transactions.ts";
import { Button } from "../../ui/Button.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { AddressLink } from "./AddressLink.tsx";

/** Frames drawn at first; a transaction may make tens of thousands. */
const FRAMES_SHOWN = 60;
const FRAMES_MORE = 500;

function countOf(frame: CallFrame): number {
  return 1 + (frame.calls ?? []).reduce((sum, call) => sum + countOf(call), 0);
}

/** Calls inside the transaction, as they were made. */
export function Trace({ hash }: { readonly hash: string }) {
  const { rpc, heads } = useRollup();
  const { data: root, isPending, error } = useQuery(traceQuery(rpc, heads.key, hash));
  const [shown, setShown] = useState(FRAMES_SHOWN);
  if (root === null) return null;
  const total = root === undefined ? 0 : countOf(root);
  return (
    <section className="card" aria-labelledby="trace-title">
      <div className="card-head">
        <h2 id="trace-title">Trace</h2>
        {root === undefined ? null : (
          <span className="small quiet">
            {formatInteger(total)} {total === 1 ? "call" : "calls"}
          </span>
        )}
      </div>
      {error === null ? null : (
        <div className="card-body">
          <ErrorNotice error={error} title="The node could not trace this transaction" />
        </div>
      )}
      {isPending ? <Loading lines={3} label="Tracing" /> : null}
      {root === undefined ? null : (
        <ul className="calls">
          <Frame frame={root} budget={{ left: shown }} />
        </ul>
      )}
      {total > shown ? (
        <div className="card-body">
          <Button onClick={() => setShown((held) => held + FRAMES_MORE)}>Show more calls</Button>
        </div>
      ) : null}
    </section>
  );
}

/** `budget` is shared by the whole tree and counts down in the order of the calls. */
function Frame({ frame, budget }: { readonly frame: CallFrame; readonly budget: { left: number } }) {
  const rows: React.ReactNode[] = [];
  drawInto(rows, frame, budget, "0");
  return rows;
}

function drawInto(rows: React.ReactNode[], frame: CallFrame, budget: { left: number }, key: string): void {
  if (budget.left <= 0) return;
  budget.left -= 1;
  const children: React.ReactNode[] = [];
  for (const [index, call] of (frame.calls ?? []).entries()) drawInto(children, call, budget, `${key}.${index}`);
  const decoded = decodeCall(frame.input);
  const reason = frame.revertReason ?? revertText(frame.output);
  rows.push(
    <li key={key}>
      <div className="call">
        <span className="badge">{frame.type.toLowerCase()}</span>
        {frame.to === undefined ? null : <AddressLink address={frame.to} />}
        <code>{decoded?.name ?? (frame.input.length >= 10 ? frame.input.slice(0, 10) : "")}</code>
        {frame.value === undefined || frame.value === 0n ? null : <span>{formatEther(frame.value)} ETH</span>}
        {frame.error === undefined ? null : (
          <span className="problem-text">
            {plainText(frame.error)}
            {reason === undefined ? "" : `: ${plainText(reason, 200)}`}
          </span>
        )}
        <span className="small faint call-gas">{formatInteger(frame.gasUsed)} gas</span>
      </div>
      {children.length === 0 ? null : <ul className="calls">{children}</ul>}
    </li>,
  );
}
