import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { destinationsPath, destinationsQuery } from "../../api/alarms.ts";
import { request, segment } from "../../api/client.ts";
import { messageOf } from "../../api/errors.ts";
import type { AlarmDestination } from "../../api/types.ts";
import { Button } from "../../ui/Button.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Empty, ErrorNotice } from "../../ui/Notice.tsx";
import { TableScroll } from "../../ui/TableScroll.tsx";
import { toast } from "../../ui/toast.ts";
import { AddDestination } from "./AddDestination.tsx";
import "./alarms.css";

const KINDS = { webhook: "Webhook", email: "E-mail" } as const;

export function Destinations({
  teamId,
  forbidden,
}: {
  readonly teamId: string;
  readonly forbidden: string | undefined;
}) {
  const queries = useQueryClient();
  const { data, error } = useQuery({ ...destinationsQuery(teamId), enabled: forbidden === undefined });
  const [adding, setAdding] = useState(false);
  const again = () => queries.invalidateQueries({ queryKey: destinationsQuery(teamId).queryKey });
  return (
    <section className="card" aria-labelledby="destinations-title">
      <div className="card-head">
        <h2 id="destinations-title">Destinations</h2>
        <Button disabledReason={forbidden} onClick={() => setAdding(true)}>
          Add a destination
        </Button>
      </div>
      {error === null ? null : <ErrorNotice error={error} />}
      {forbidden !== undefined ? (
        <Empty title="You do not see the destinations">{forbidden}</Empty>
      ) : data === undefined ? (
        <Loading lines={2} />
      ) : data.items.length === 0 ? (
        <Empty title="Nobody is told yet">With a destination, an alarm reaches you where you are.</Empty>
      ) : (
        <TableScroll label="Destinations">
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Kind</th>
                <th scope="col">Where</th>
                <th scope="col">Is told of</th>
                <th scope="col">
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.items.map((destination) => (
                <DestinationRow key={destination.id} teamId={teamId} destination={destination} onChanged={again} />
              ))}
            </tbody>
          </table>
        </TableScroll>
      )}
      {adding && data !== undefined ? (
        <AddDestination
          path={destinationsPath(teamId)}
          email={data.email}
          onClose={() => setAdding(false)}
          onAdded={again}
        />
      ) : null}
    </section>
  );
}

function DestinationRow(props: {
  readonly teamId: string;
  readonly destination: AlarmDestination;
  readonly onChanged: () => Promise<void>;
}) {
  const { id, name, kind, target, minSeverity } = props.destination;
  const queries = useQueryClient();
  const path = `${destinationsPath(props.teamId)}/${segment(id)}`;
  const onError = (problem: unknown) => toast({ tone: "bad", text: messageOf(problem) });
  const test = useMutation({
    mutationFn: () =>
      request<{ delivered: boolean; problem: string | null }>(`${path}/test`, { method: "POST", body: {} }),
    onSuccess: async ({ delivered, problem }) => {
      if (delivered) toast({ text: `${name} has taken the test message.` });
      else toast({ tone: "bad", text: `${name} was not reached: ${problem}` });
      await queries.invalidateQueries({ queryKey: ["team", props.teamId, "alarm-deliveries"] });
    },
    onError,
  });
  const remove = useMutation({
    mutationFn: () => request(path, { method: "DELETE" }),
    onSuccess: async () => {
      toast({ text: `${name} is told nothing more.` });
      await props.onChanged();
    },
    onError,
  });
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{KINDS[kind]}</td>
      <td className="mono small destination-target">{target}</td>
      <td className="quiet">{minSeverity === "critical" ? "critical alarms" : "all alarms"}</td>
      <td className="number">
        <span className="row">
          <Button size="mini" aria-label={`Send a test to ${name}`} busy={test.isPending} onClick={() => test.mutate()}>
            Send a test
          </Button>
          <Button
            size="mini"
            tone="danger"
            aria-label={`Remove ${name}`}
            busy={remove.isPending}
            onClick={() => remove.mutate()}
          >
            Remove
          </Button>
        </span>
      </td>
    </tr>
  );
}
