import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../../api/client.ts";
import { revisionsQuery, rollupPath, rollupQuery } from "../../api/queries.ts";
import type { Revision, Rollup } from "../../api/types.ts";
import type { Leaf } from "../../form/schema.ts";
import { valueAt } from "../../form/schema.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";
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
  const columns: readonly Column<Revision>[] = [
    { title: "Revision", names: true, cell: ({ revision }) => revision },
    { title: "When", cell: ({ createdAt }) => <DateTime iso={createdAt} /> },
    { title: "By", className: "breakable", cell: ({ author }) => author.name },
    { title: "Changed", cell: (revision, index) => changed(revision, items[index + 1]) },
    {
      title: "Actions",
      silent: true,
      number: true,
      cell: (revision) =>
        revision.revision === rollup.revision ? (
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
        ),
    },
  ];
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
        <DataTable label="Revisions" columns={columns} items={items} keyOf={({ revision }) => revision} />
      )}
      {wanted === undefined ? null : (
        <ConfirmDialog
          title={`Roll back to revision ${wanted.revision}?`}
          confirm="Roll back"
          failed="Not rolled back"
          action={roll}
          onConfirm={() => roll.mutate(wanted.revision)}
          onClose={() => {
            setWanted(undefined);
            roll.reset();
          }}
        >
          <p>
            The settings become those of revision {wanted.revision}, as a new revision. Blocks and what users did stay
            as they are.
          </p>
        </ConfirmDialog>
      )}
    </section>
  );
}
