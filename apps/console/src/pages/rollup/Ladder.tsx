import { LEVELS } from "../../chain/finality.ts";
import { formatDuration, formatInteger } from "../../chain/format.ts";
import type { Heads } from "../../chain/heads.ts";
import { headAt } from "../../chain/heads.ts";
import { BlockLink } from "../../ui/Hash.tsx";
import { TableScroll } from "../../ui/TableScroll.tsx";
import { useNow } from "../../ui/use-now.ts";
import "./ladder.css";

/** The finality ladder: at each rung the newest block that stands on it, how far that is behind, and who vouches. */
export function Ladder({ heads, blockTimeSeconds }: { readonly heads: Heads; readonly blockTimeSeconds: number }) {
  const now = useNow();
  const latest = heads.latest;
  return (
    <>
      <TableScroll label="Finality ladder">
        <table className="ladder">
          <thead>
            <tr>
              <th scope="col">Rung</th>
              <th scope="col" className="number">
                Newest block
              </th>
              <th scope="col" className="number">
                Behind
              </th>
              <th scope="col" className="vouches">
                Who vouches for it
              </th>
            </tr>
          </thead>
          <tbody>
            {LEVELS.map(({ level, title, vouches, undone }) => {
              const number = headAt(heads, level);
              const served = !(heads.mach === null && (level === "sliceCertificate" || level === "blockCertificate"));
              const behind = number === undefined || number < 0 ? undefined : latest.number - number;
              // The newest block's own age is how long a user has waited for this rung at least.
              const ageMs =
                behind === undefined ? undefined : now - (latest.timestamp - behind * blockTimeSeconds) * 1000;
              return (
                <tr key={level} className={behind === undefined ? "unreached" : undefined}>
                  <th scope="row">
                    <span className={`rung at-${level}`} aria-hidden="true" />
                    {title}
                  </th>
                  <td className="number">
                    {level === "slice" && heads.open !== null ? (
                      <>
                        {formatInteger(heads.open.number)}{" "}
                        <span className="faint">+{formatInteger(heads.open.transactionCount)} tx</span>
                      </>
                    ) : number === undefined || number < 0 ? (
                      <span className="faint">-</span>
                    ) : (
                      <BlockLink number={number} />
                    )}
                  </td>
                  <td className="number quiet">
                    {behind === undefined ? (
                      <span className="faint">-</span>
                    ) : behind <= 0 ? (
                      "at the head"
                    ) : (
                      <>
                        {formatInteger(behind)} {behind === 1 ? "block" : "blocks"}
                        {ageMs === undefined ? null : <span className="faint">, {formatDuration(ageMs)}</span>}
                      </>
                    )}
                  </td>
                  <td className="small quiet vouches">
                    {served ? (
                      <>
                        {vouches} <span className="faint">{undone}</span>
                      </>
                    ) : (
                      <span className="faint">No operators certify this rollup.</span>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </TableScroll>
      {/* On a phone the table has no room for these. */}
      <details className="more vouches-list">
        <summary>Who vouches for each rung</summary>
        <dl className="facts">
          {LEVELS.map(({ level, title, vouches, undone }) => (
            <div key={level}>
              <dt>{title}</dt>
              <dd>
                {vouches} {undone}
              </dd>
            </div>
          ))}
        </dl>
      </details>
    </>
  );
}
