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
import { CopyButton } from "../../ui/Copy.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";
import { TableScroll } from "../../ui/TableScroll.tsx";
import { DateTime } from "../../ui/Time.tsx";
import { toast } from "../../ui/toast.ts";
import { RoleSelect } from "./RoleSelect.tsx";

export function MembersPage() {
  const { team: teamId } = useParams({ from: "/member/teams/$team/members" });
  const team = useTeam();
  const queries = useQueryClient();
  const { data: members, error } = useQuery(membersQuery(teamId));
  const [adding, setAdding] = useState(false);
  const forbidden = team.reasonNot("owner");
  const path = `/teams/${segment(teamId)}/members`;
  useTitle("Members", team.name);
  const again = () => queries.invalidateQueries({ queryKey: membersQuery(teamId).queryKey });
  const change = useMutation({
    mutationFn: ({ member, role }: { readonly member: Member; readonly role: Role | null }) =>
      role === null
        ? request(`${path}/${segment(member.userId)}`, { method: "DELETE" })
        : request(`${path}/${segment(member.userId)}`, { method: "PATCH", body: { role } }),
    onSuccess: again,
    onError: (problem) => toast({ tone: "bad", text: messageOf(problem) }),
  });

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
          <TableScroll label="Members">
            <table>
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Address</th>
                  <th scope="col">Role</th>
                  <th scope="col">Since</th>
                  <th scope="col">
                    <span className="visually-hidden">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {members.map((member) => (
                  <tr key={member.userId}>
                    <th scope="row">{member.name}</th>
                    <td>
                      {member.address === null ? (
                        <span className="quiet">local link</span>
                      ) : (
                        <span className="hash">
                          <span>{member.address}</span>
                          <CopyButton text={member.address} label={`Copy the address of ${member.name}`} />
                        </span>
                      )}
                    </td>
                    <td>
                      <RoleSelect
                        label={`Role of ${member.name}`}
                        value={member.role}
                        disabled={forbidden !== undefined}
                        onChange={(role) => change.mutate({ member, role })}
                      />
                    </td>
                    <td className="quiet">
                      <DateTime iso={member.joinedAt} />
                    </td>
                    <td className="number">
                      <Button
                        tone="plain"
                        iconOnly
                        aria-label={`Remove ${member.name}`}
                        disabledReason={forbidden}
                        onClick={() => change.mutate({ member, role: null })}
                      >
                        <Trash2 size={14} aria-hidden="true" />
                      </Button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </TableScroll>
        )}
      </div>
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
