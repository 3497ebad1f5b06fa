import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { request, segment } from "../../api/client.ts";
import { tokensQuery } from "../../api/queries.ts";
import type { ApiToken, Role } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { ROLE_TITLES } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { CopyButton } from "../../ui/Copy.tsx";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Empty, ErrorNotice, Notice } from "../../ui/Notice.tsx";
import { DateTime } from "../../ui/Time.tsx";
import { toast } from "../../ui/toast.ts";
import { RoleSelect } from "./RoleSelect.tsx";

/** Tokens for programs: the CLI, CI, a team's own scripts. */
export function TokensPage() {
  const { team: teamId } = useParams({ from: "/member/teams/$team/tokens" });
  const team = useTeam();
  const queries = useQueryClient();
  const forbidden = team.reasonNot("owner");
  const { data: tokens, error } = useQuery({ ...tokensQuery(teamId), enabled: forbidden === undefined });
  const [making, setMaking] = useState(false);
  const [unwanted, setUnwanted] = useState<ApiToken>();
  useTitle("API tokens", team.name);
  const path = `/teams/${segment(teamId)}/tokens`;
  const again = () => queries.invalidateQueries({ queryKey: tokensQuery(teamId).queryKey });
  const revoke = useMutation({
    mutationFn: (token: ApiToken) => request(`${path}/${segment(token.id)}`, { method: "DELETE" }),
    onSuccess: async (_, token) => {
      setUnwanted(undefined);
      toast({ text: `${token.name} is revoked.` });
      await again();
    },
  });
  const columns: readonly Column<ApiToken>[] = [
    { title: "Name", names: true, className: "breakable", cell: ({ name }) => name },
    { title: "Role", cell: ({ role }) => ROLE_TITLES[role] },
    { title: "Made", className: "quiet", cell: ({ createdAt }) => <DateTime iso={createdAt} /> },
    {
      title: "Last used",
      className: "quiet",
      cell: ({ lastUsedAt }) => (lastUsedAt === null ? "never" : <DateTime iso={lastUsedAt} />),
    },
    {
      title: "Ends",
      className: "quiet",
      cell: ({ expiresAt }) => (expiresAt === null ? "never" : <DateTime iso={expiresAt} />),
    },
    {
      title: "Actions",
      silent: true,
      number: true,
      cell: (token) => (
        <Button
          size="mini"
          tone="danger"
          aria-label={`Revoke ${token.name}`}
          onClick={() => {
            revoke.reset();
            setUnwanted(token);
          }}
        >
          Revoke
        </Button>
      ),
    },
  ];
  return (
    <>
      <div className="page-head">
        <div className="stack tight">
          <h1>API tokens</h1>
          <p className="quiet">For the CLI and for programs. A token acts for the team, never beyond its role.</p>
        </div>
        <Button tone="primary" disabledReason={forbidden} onClick={() => setMaking(true)}>
          Make a token
        </Button>
      </div>
      {error === null ? null : <ErrorNotice error={error} />}
      <div className="card">
        {forbidden !== undefined ? (
          <Empty title="You do not see the tokens">{forbidden}</Empty>
        ) : tokens === undefined ? (
          <Loading lines={3} />
        ) : tokens.length === 0 ? (
          <Empty title="No tokens yet">
            With one, <code>altlayer --url … --token …</code> works from any machine.
          </Empty>
        ) : (
          <DataTable label="API tokens" columns={columns} items={tokens} keyOf={({ id }) => id} />
        )}
      </div>
      {unwanted === undefined ? null : (
        <ConfirmDialog
          title={`Revoke ${unwanted.name}?`}
          confirm="Revoke"
          cancel="Keep it"
          tone="danger"
          failed="Not revoked"
          action={revoke}
          onConfirm={() => revoke.mutate(unwanted)}
          onClose={() => setUnwanted(undefined)}
        >
          <p>Whatever uses this token is refused from this moment. It cannot be brought back; a new one can be made.</p>
        </ConfirmDialog>
      )}
      {making ? <MakeDialog path={path} onClose={() => setMaking(false)} onMade={again} /> : null}
    </>
  );
}

const LIFETIMES = [30, 90, 365] as const;

function MakeDialog(props: {
  readonly path: string;
  readonly onClose: () => void;
  readonly onMade: () => Promise<void>;
}) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("operator");
  const [days, setDays] = useState("90");
  const make = useMutation({
    mutationFn: () =>
      request<{ token: string }>(props.path, {
        method: "POST",
        body: { name: name.trim(), role, ...(days === "" ? {} : { expiresInDays: Number(days) }) },
      }),
    onSuccess: props.onMade,
  });
  if (make.data !== undefined) {
    return (
      <Dialog title="Your new token" onClose={props.onClose} foot={<Button onClick={props.onClose}>Done</Button>}>
        <Notice tone="warn" title="Copy it now">
          It is shown this once and kept only as a hash.
        </Notice>
        <p className="code mono">
          {make.data.token} <CopyButton text={make.data.token} label="Copy the token" />
        </p>
      </Dialog>
    );
  }
  return (
    <Dialog
      title="Make a token"
      onClose={props.onClose}
      foot={
        <>
          <Button onClick={props.onClose}>Cancel</Button>
          <Button
            tone="primary"
            busy={make.isPending}
            disabledReason={name.trim() === "" ? "Give the token a name first." : undefined}
            onClick={() => make.mutate()}
          >
            Make
          </Button>
        </>
      }
    >
      <Field label="Name" hint="Where it will be used, so that you know which one to revoke.">
        {(control) => (
          <input
            {...control}
            className="input"
            maxLength={64}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Field label="Role">{(control) => <RoleSelect control={control} value={role} onChange={setRole} />}</Field>
      <Field label="Ends">
        {(control) => (
          <select {...control} className="select" value={days} onChange={(event) => setDays(event.target.value)}>
            {LIFETIMES.map((lifetime) => (
              <option key={lifetime} value={lifetime}>
                in {lifetime} days
              </option>
            ))}
            <option value="">never</option>
          </select>
        )}
      </Field>
      {make.isError ? <ErrorNotice error={make.error} title="Not made" /> : null}
    </Dialog>
  );
}
