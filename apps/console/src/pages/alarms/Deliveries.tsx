import { useQuery } from "@tanstack/react-query";
import { deliveriesQuery, destinationsQuery } from "../../api/alarms.ts";
import type { AlarmDelivery } from "../../api/types.ts";
import { Badge, type Tone } from "../../ui/Badge.tsx";
import { TableScroll } from "../../ui/TableScroll.tsx";
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
  return (
    <section className="card" aria-labelledby="deliveries-title">
      <div className="card-head">
        <h2 id="deliveries-title">Messages</h2>
      </div>
      <TableScroll label="Messages">
        <table>
          <thead>
            <tr>
              <th scope="col">To</th>
              <th scope="col">Message</th>
              <th scope="col">State</th>
              <th scope="col" className="number">
                Attempts
              </th>
              <th scope="col">Made</th>
              <th scope="col">Problem</th>
            </tr>
          </thead>
          <tbody>
            {messages.map(({ id, destinationId, kind, status, attempts, createdAt, problem }) => (
              <tr key={id}>
                <th scope="row">{nameOf(destinationId)}</th>
                <td>{KINDS[kind]}</td>
                <td>
                  <Badge tone={STATES[status].tone}>{STATES[status].label}</Badge>
                </td>
                <td className="number">{attempts}</td>
                <td className="quiet">
                  <DateTime iso={createdAt} />
                </td>
                <td className="quiet">{problem ?? ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </section>
  );
}
