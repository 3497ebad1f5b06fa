import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../../api/client.ts";
import { revisionsQuery, rollupPath, rollupQuery } from "../../api/queries.ts";
import type { Revision, Rollup } from "../../api/types.ts";
import type { Leaf } from "../../form/schema.ts";
import { valueAt } from "../../form/schema.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";
import { TableScroll } from "../../ui/TableScroll.tsx";
import { DateTime } from "../../ui/Time.tsx";
import { toast } from "../../ui/toast.ts";

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Every revision with what it changed, and the way back. */
export function Revisions({ rollup, leaves }: { readonly rollup: Rollup; readonly leaves: readonly Leaf[] }) {
  const team = useTeam();
  const queries = useQueryClient();
  const { data, isError, error } = useQuery(revisionsQuery(rollup.teamId, rollup.id));
  const [wanted, setWanted] = useState<Revision>();
  const roll = useMutation({
    mutationFn: (to: number) =>
      request<Rollup>(`${rollupPath(rollup.teamId, rollup.id)}/rollback`, {
        method: "POST",
        body: { to, revision: rollup.revision },
      }),
    onSuccess: (changed, to) => {
      queries.setQueryData(rollupQuery(rollup.teamId, rollup.id).queryKey, changed);
      void queries.invalidateQueries({ queryKey: revisionsQuery(rollup.teamId, rollup.id).queryKey });
      setWanted(undefined);
      toast({ text: `Back to revision ${to}, as revision ${changed.revision}.` });
    },
  });
  const items = data?.items ?? [];
  const changed = (revision: Revision, before: Revision | undefined) =>
    before === undefined
      ? "launched"
      : leaves
          .filter(({ path }) => !same(valueAt(revision.spec, path), valueAt(before.spec, path)))
          .map(({ title }) => title)
          .join(", ") || "no field";
  return (
    <section className="card" aria-labelledby="revisions-title">
      <div className="card-head">
        <h2 id="revisions-title">Revisions</h2>
      </div>
      {isError ? (
        <div className="card-body">
          <ErrorNotice error={error} />
        </div>
      ) : data === undefined ? (
        <Loading lines={2} />
      ) : (
        <TableScroll label="Revisions">
          <table>
            <thead>
              <tr>
                <th scope="col">Revision</th>
                <th scope="col">When</th>
                <th scope="col">By</th>
                <th scope="col">Changed</th>
                <th scope="col">
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((revision, index) => (
                <tr key={revision.revision}>
                  <th scope="row">{revision.revision}</th>
                  <td>
                    <DateTime iso={revision.createdAt} />
                  </td>
                  <td>{revision.author.name}</td>
                  <td>{changed(revision, items[index + 1])}</td>
                  <td className="number">
                    {revision.revision === rollup.revision ? (
                      <span className="faint">now</span>
                    ) : (
                      <Button
                        size="mini"
                        disabledReason={team.reasonNot("operator")}
                        aria-label={`Roll back to revision ${revision.revision}`}
                        onClick={() => setWanted(revision)}
                      >
                        Roll back
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableScroll>
      )}
      {wanted === undefined ? null : (
        <Dialog
          title={`Roll back to revision ${wanted.revision}?`}
          onClose={() => {
            setWanted(undefined);
            roll.reset();
          }}
          foot={
            <>
              <Button onClick={() => setWanted(undefined)}>Cancel</Button>
              <Button tone="primary" busy={roll.isPending} onClick={() => roll.mutate(wanted.revision)}>
                Roll back
              </Button>
            </>
          }
        >
          <p>
            The settings become those of revision {wanted.revision}, as a new revision. Blocks and what users did stay
            as they are.
          </p>
          {roll.isError ? <ErrorNotice error={roll.error} title="Not rolled back" /> : null}
        </Dialog>
      )}
    </section>
  );
}
