import { useQuery } from "@tanstack/react-query";
import { deliveriesQuery, destinationsQuery } from "../../api/alarms.ts";
import type { AlarmDelivery } from "../../api/types.ts";
import { Badge, type Tone } from "../../ui/Badge.tsx";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { DateTime } from "../../ui/Time.tsx";

const STATES: Readonly<Record<AlarmDelivery["status"], { readonly label: string; readonly tone: Tone }>> = {
  pending: { label: "Waiting", tone: "warn" },
  delivered: { label: "Delivered", tone: "good" },
  failed: { label: "Failed", tone: "bad" },
};
const KINDS = { raised: "Raised", cleared: "Cleared", test: "Test" } as const;

/** The newest messages and what became of them. */
export function Deliveries({ teamId }: { readonly teamId: string }) {
  const { data: messages } = useQuery(deliveriesQuery(teamId));
  const { data: destinations } = useQuery(destinationsQuery(teamId));
  if (messages === undefined || messages.length === 0) return null;
  const nameOf = (id: string) => destinations?.items.find((destination) => destination.id === id)?.name ?? "(removed)";
  const columns: readonly Column<AlarmDelivery>[] = [
    { title: "To", names: true, className: "breakable", cell: ({ destinationId }) => nameOf(destinationId) },
    { title: "Message", cell: ({ kind }) => KINDS[kind] },
    { title: "State", cell: ({ status }) => <Badge tone={STATES[status].tone}>{STATES[status].label}</Badge> },
    { title: "Attempts", number: true, cell: ({ attempts }) => attempts },
    { title: "Made", className: "quiet", cell: ({ createdAt }) => <DateTime iso={createdAt} /> },
    { title: "Problem", className: "quiet breakable", cell: ({ problem }) => problem ?? "" },
  ];
  return (
    <section className="card" aria-labelledby="deliveries-title">
      <div className="card-head">
        <h2 id="deliveries-title">Messages</h2>
      </div>
      <DataTable label="Messages" columns={columns} items={messages} keyOf={({ id }) => id} />
    </section>
  );
}
