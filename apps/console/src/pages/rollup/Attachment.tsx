import { useQuery } from "@tanstack/react-query";
import { attachmentQuery } from "../../api/attach.ts";
import type { Rollup } from "../../api/types.ts";
import { Badge } from "../../ui/Badge.tsx";
import { TableScroll } from "../../ui/TableScroll.tsx";
import { Mach } from "./GiveMach.tsx";

/** How a chain that others run is seen, and what was verified of it. */
export function Attachment({ rollup, development }: { readonly rollup: Rollup; readonly development: boolean }) {
  const { data } = useQuery(attachmentQuery(rollup.teamId, rollup.id));
  if (data === undefined) return null;
  return (
    <section className="card" aria-labelledby="attachment-title">
      <div className="card-head">
        <h2 id="attachment-title">Run by others</h2>
        <span className="small quiet">Seen through {data.rpcHost}; compared when it was attached</span>
      </div>
      <TableScroll label="What was compared">
        <table>
          <thead>
            <tr>
              <th scope="col">Compared</th>
              <th scope="col">Verdict</th>
              <th scope="col">Detail</th>
            </tr>
          </thead>
          <tbody>
            {data.findings.map(({ name, ok, detail }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  {ok === null ? <Badge tone="neutral">unknown</Badge> : <Badge tone={ok ? "good" : "bad"}>fits</Badge>}
                </td>
                <td className="quiet finding-detail">{detail}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
      <div className="card-body">
        <Mach rollup={rollup} attachment={data} development={development} />
      </div>
    </section>
  );
}
