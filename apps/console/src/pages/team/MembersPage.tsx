import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { request, segment } from "../../api/client.ts";
import { messageOf } from "../../api/errors.ts";
import { membersQuery } from "../../api/queries.ts";
import type { Member, Role } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { CopyButton } from "../../ui/Copy.tsx";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";
import { DateTime } from "../../ui/Time.tsx";
import { toast } from "../../ui/toast.ts";
import { RoleSelect } from "./RoleSelect.tsx";

export function MembersPage() {
  const { team: teamId } = useParams({ from: "/member/teams/$team/members" });
  const team = useTeam();
  const queries = useQueryClient();
  const { data: members, error } = useQuery(membersQuery(teamId));
  const [adding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<Member>();
  const forbidden = team.reasonNot("owner");
  const path = `/teams/${segment(teamId)}/members`;
  useTitle("Members", team.name);
  const again = () => queries.invalidateQueries({ queryKey: membersQuery(teamId).queryKey });
  const change = useMutation({
    mutationFn: ({ member, role }: { readonly member: Member; readonly role: Role }) =>
      request(`${path}/${segment(member.userId)}`, { method: "PATCH", body: { role } }),
    onSuccess: again,
    onError: (problem) => toast({ tone: "bad", text: messageOf(problem) }),
  });
  const remove = useMutation({
    mutationFn: (member: Member) => request(`${path}/${segment(member.userId)}`, { method: "DELETE" }),
    onSuccess: async () => {
      setLeaving(undefined);
      await again();
    },
  });

  const columns: readonly Column<Member>[] = [
    { title: "Name", names: true, className: "breakable", cell: ({ name }) => name },
    {
      title: "Address",
      cell: ({ name, address }) =>
        address === null ? (
          <span className="quiet">local link</span>
        ) : (
          <span className="hash">
            <span>{address}</span>
            <CopyButton text={address} label={`Copy the address of ${name}`} />
          </span>
        ),
    },
    {
      title: "Role",
      cell: (member) => (
        <RoleSelect
          label={`Role of ${member.name}`}
          value={member.role}
          disabled={forbidden !== undefined}
          onChange={(role) => change.mutate({ member, role })}
        />
      ),
    },
    { title: "Since", className: "quiet", cell: ({ joinedAt }) => <DateTime iso={joinedAt} /> },
    {
      title: "Actions",
      silent: true,
      number: true,
      cell: (member) => (
        <Button
          tone="plain"
          iconOnly
          aria-label={`Remove ${member.name}`}
          disabledReason={forbidden}
          onClick={() => {
            remove.reset();
            setLeaving(member);
          }}
        >
          <Trash2 size={14} aria-hidden="true" />
        </Button>
      ),
    },
  ];
  return (
    <>
      <div className="page-head">
        <div className="stack tight">
          <h1>Members</h1>
          <p className="quiet">
            Viewers look, operators launch and change, owners also manage people, tokens and exports.
          </p>
        </div>
        <Button tone="primary" disabledReason={forbidden} onClick={() => setAdding(true)}>
          Add a member
        </Button>
      </div>
      {error === null ? null : <ErrorNotice error={error} />}
      <div className="card">
        {members === undefined ? (
          <Loading lines={3} />
        ) : (
          <DataTable label="Members" columns={columns} items={members} keyOf={({ userId }) => userId} />
        )}
      </div>
      {leaving === undefined ? null : (
        <ConfirmDialog
          title={`Remove ${leaving.name}?`}
          confirm="Remove"
          cancel="Keep"
          tone="danger"
          failed="Not removed"
          action={remove}
          onConfirm={() => remove.mutate(leaving)}
          onClose={() => setLeaving(undefined)}
        >
          <p>
            They see nothing of {team.name} any more, from their next request on, and the API tokens that they made end
            with it. What they did stays in the audit.
          </p>
        </ConfirmDialog>
      )}
      {adding ? (
        <AddDialog
          path={path}
          onClose={() => setAdding(false)}
          onAdded={async () => {
            setAdding(false);
            await again();
          }}
        />
      ) : null}
    </>
  );
}

function AddDialog(props: {
  readonly path: string;
  readonly onClose: () => void;
  readonly onAdded: () => Promise<void>;
}) {
  const [address, setAddress] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const valid = /^0x[0-9a-fA-F]{40}$/.test(address.trim());
  const add = useMutation({
    mutationFn: () =>
      request(props.path, {
        method: "POST",
        body: { address: address.trim().toLowerCase(), role, ...(name.trim() === "" ? {} : { name: name.trim() }) },
      }),
    onSuccess: props.onAdded,
  });
  return (
    <Dialog
      title="Add a member"
      onClose={props.onClose}
      foot={
        <>
          <Button onClick={props.onClose}>Cancel</Button>
          <Button
            tone="primary"
            busy={add.isPending}
            disabledReason={valid ? undefined : "Enter the member's address first."}
            onClick={() => add.mutate()}
          >
            Add
          </Button>
        </>
      }
    >
      <Field
        label="Ethereum address"
        hint="They sign in with this account."
        problem={address === "" || valid ? undefined : "An address is 0x and 40 hex digits."}
      >
        {(control) => (
          <input
            {...control}
            className="input mono"
            autoComplete="off"
            spellCheck={false}
            value={address}
            onChange={(event) => setAddress(event.target.value)}
          />
        )}
      </Field>
      <Field label="Name" hint="Optional; shown in the audit.">
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
      {add.isError ? <ErrorNotice error={add.error} title="Not added" /> : null}
    </Dialog>
  );
}
