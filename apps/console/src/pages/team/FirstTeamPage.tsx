import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { request } from "../../api/client.ts";
import { sessionQuery } from "../../api/queries.ts";
import type { Membership } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";

/** For whoever signed in and is in no team yet. */
export function FirstTeamPage() {
  useTitle("Your team");
  const [name, setName] = useState("");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const create = useMutation({
    mutationFn: () => request<Membership>("/teams", { method: "POST", body: { name: name.trim() } }),
    onSuccess: async (team) => {
      await queries.refetchQueries({ queryKey: sessionQuery.queryKey });
      await navigate({ to: "/teams/$team", params: { team: team.id } });
    },
  });
  return (
    <div className="bare">
      <main className="stack loose">
        <div className="stack tight">
          <h1>Name your team</h1>
          <p className="quiet">Rollups belong to a team. Nobody outside it sees them; you can invite others later.</p>
        </div>
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim() !== "") create.mutate();
          }}
        >
          <Field label="Team name">
            {(control) => (
              <input
                {...control}
                className="input"
                maxLength={64}
                autoComplete="organization"
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Field>
          {create.isError ? <ErrorNotice error={create.error} /> : null}
          <Button
            tone="primary"
            submit
            busy={create.isPending}
            disabledReason={name.trim() === "" ? "Give the team a name first." : undefined}
          >
            Create the team
          </Button>
        </form>
      </main>
    </div>
  );
}
