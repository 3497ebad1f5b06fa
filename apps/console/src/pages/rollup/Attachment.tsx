import { useQuery } from "@tanstack/react-query";
import { attachmentQuery } from "../../api/attach.ts";
import type { Attachment as AttachmentAnswer, Rollup } from "../../api/types.ts";
import { Badge } from "../../ui/Badge.tsx";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { Mach } from "./GiveMach.tsx";

const COLUMNS: readonly Column<AttachmentAnswer["findings"][number]>[] = [
  { title: "Compared", names: true, cell: ({ name }) => name },
  {
    title: "Verdict",
    cell: ({ ok }) =>
      ok === null ? (
        <Badge tone="neutral">unknown</Badge>
      ) : (
        <Badge tone={ok ? "good" : "bad"}>{ok ? "fits" : "differs"}</Badge>
      ),
  },
  { title: "Detail", className: "quiet breakable", cell: ({ detail }) => detail },
];

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
      <DataTable label="What was compared" columns={COLUMNS} items={data.findings} keyOf={({ name }) => name} />
      <div className="card-body">
        <Mach rollup={rollup} attachment={data} development={development} />
      </div>
    </section>
  );
}
