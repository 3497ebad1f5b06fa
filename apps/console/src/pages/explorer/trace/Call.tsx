import { ChevronDown, ChevronRight } from "lucide-react";
import { useState } from "react";
import type { Hex } from "../../../api/types.ts";
import { decodeCall, decodeCallOf, decodeOutput, revertText } from "../../../chain/decode.ts";
import { formatEther, formatInteger, plainText } from "../../../chain/format.ts";
import type { CallFrame } from "../../../chain/shapes.ts";
import type { TracedCall } from "../../../chain/trace.ts";
import { Button } from "../../../ui/Button.tsx";
import { Hash } from "../../../ui/Hash.tsx";
import { DecodedArguments } from "../Decoded.tsx";
import type { Known } from "./use-names.ts";
import { UNKNOWN } from "./use-names.ts";

const REASON_MAX = 200;
/** Of bytes that nothing decodes, so much is shown, in hex digits. */
const BYTES_SHOWN = 1_026;

interface Shared {
  /** Gas of the whole transaction. */
  readonly gasAll: bigint;
  /** Calls with a higher index are not drawn yet. */
  readonly shown: number;
  readonly known: ReadonlyMap<Hex, Known>;
  /** Indices of calls whose own calls are hidden. */
  readonly folded: ReadonlySet<number>;
  readonly onFold: (index: number) => void;
}

/** One call in a line, what it was given and gave back on demand, and the calls that it made below it. */
export function Call({ call, ...shared }: { readonly call: TracedCall } & Shared) {
  const { frame, index, calls } = call;
  const [open, setOpen] = useState(false);
  if (index >= shared.shown) return null;
  const known = (frame.to === undefined ? undefined : shared.known.get(frame.to)) ?? UNKNOWN;
  const folded = shared.folded.has(index);
  const { name } = known;
  const called = nameOf(frame, known);
  const detailed = frame.input.length > 2 || (frame.output ?? "0x").length > 2;
  return (
    <li className={frame.error === undefined ? undefined : "failed"}>
      <div className="call">
        {calls.length === 0 ? (
          <span className="call-fold" />
        ) : (
          <button
            type="button"
            className="copy call-fold"
            aria-expanded={!folded}
            aria-label={`Calls made by ${called}`}
            onClick={() => shared.onFold(index)}
          >
            {folded ? <ChevronRight size={14} aria-hidden="true" /> : <ChevronDown size={14} aria-hidden="true" />}
          </button>
        )}
        <span className="badge">{frame.type.toLowerCase()}</span>
        {name === undefined ? null : <span className="breakable">{plainText(name)}</span>}
        {frame.to === undefined ? null : <Hash value={frame.to} what="address" to="address" copy={false} />}
        {detailed ? (
          <Button size="mini" tone="plain" aria-expanded={open} onClick={() => setOpen((held) => !held)}>
            <code>{called}</code>
          </Button>
        ) : (
          <code>{called}</code>
        )}
        {frame.value === undefined || frame.value === 0n ? null : (
          <strong className="nowrap">{formatEther(frame.value)} ETH</strong>
        )}
        <Gas used={frame.gasUsed} all={shared.gasAll} />
        <Failure frame={frame} known={known} />
      </div>
      {open ? <Details frame={frame} known={known} /> : null}
      {calls.length === 0 || folded ? null : (
        <ul className="calls">
          {calls.map((each) => (
            <Call key={each.index} call={each} {...shared} />
          ))}
        </ul>
      )}
    </li>
  );
}

const CREATES = new Set(["CREATE", "CREATE2"]);

function nameOf({ type, input }: CallFrame, { abi }: Known): string {
  if (CREATES.has(type)) return "new contract";
  const decoded = decodeCallOf(abi, input) ?? decodeCall(input);
  return decoded?.name ?? (input.length >= 10 ? input.slice(0, 10) : "no data");
}

/** How much of the transaction's gas went into the call, with all that it called. */
function Gas({ used, all }: { readonly used: bigint; readonly all: bigint }) {
  const percent = all === 0n ? 0 : Math.min(100, Number((used * 1_000n) / all) / 10);
  return (
    <span className="small faint call-gas">
      {formatInteger(used)} gas
      <span className="gas-bar" aria-hidden="true">
        <span style={{ width: `${percent}%` }} />
      </span>
    </span>
  );
}

function Failure({ frame, known }: { readonly frame: CallFrame; readonly known: Known }) {
  if (frame.error === undefined) return null;
  const reason = frame.revertReason ?? revertText(frame.output, known.abi);
  return (
    <span className="problem-text call-failure">
      {plainText(frame.error)}
      {reason === undefined ? "" : `: ${plainText(reason, REASON_MAX)}`}
    </span>
  );
}

/** What the call was given and gave back: decoded where that is possible, else as bytes. */
function Details({ frame, known }: { readonly frame: CallFrame; readonly known: Known }) {
  const { input, output = "0x", error } = frame;
  const creates = CREATES.has(frame.type);
  const given = creates ? undefined : (decodeCallOf(known.abi, input) ?? decodeCall(input));
  const returned = error === undefined && !creates ? decodeOutput(known.abi, input, output) : undefined;
  return (
    <div className="call-details stack tight">
      <h3 className="small quiet">{creates ? "Code that was run" : "Given"}</h3>
      {given === undefined ? <Bytes data={input} /> : <DecodedArguments decoded={given} />}
      {given?.arguments.length === 0 ? <p className="small faint">no arguments</p> : null}
      {output.length <= 2 ? null : (
        <>
          <h3 className="small quiet">{error === undefined ? "Returned" : "Failed with"}</h3>
          {returned === undefined ? (
            <Bytes data={output} />
          ) : (
            <DecodedArguments decoded={{ name: "", arguments: returned }} />
          )}
        </>
      )}
    </div>
  );
}

const Bytes = ({ data }: { readonly data: Hex }) => (
  <p className="mono small breakable">
    {data.length > BYTES_SHOWN ? `${data.slice(0, BYTES_SHOWN)}… ${formatInteger(data.length / 2 - 1)} bytes` : data}
  </p>
);
