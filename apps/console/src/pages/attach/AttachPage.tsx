import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { request, segment } from "../../api/client.ts";
import { networksQuery } from "../../api/queries.ts";
import type { Rollup } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";

/** An OP-Stack chain that others run is added by its SystemConfig and an RPC, once both are found to be of one chain. */
export function AttachPage() {
  const { team: teamId } = useParams({ from: "/member/teams/$team/attach" });
  const team = useTeam();
  const navigate = useNavigate();
  const { data: networks } = useQuery(networksQuery);
  const [name, setName] = useState("");
  const [network, setNetwork] = useState("");
  const [systemConfig, setSystemConfig] = useState("");
  const [rpcUrl, setRpcUrl] = useState("");
  useTitle("Attach a chain", team.name);
  const settlement = network === "" ? networks?.[0]?.id : network;
  const attach = useMutation({
    mutationFn: () =>
      request<Rollup>(`/teams/${segment(teamId)}/attach`, {
        method: "POST",
        body: {
          name: name.trim(),
          network: settlement,
          systemConfig: systemConfig.trim(),
          rpcUrl: rpcUrl.trim(),
        },
      }),
    onSuccess: async ({ id }) =>
      await navigate({ to: "/teams/$team/rollups/$rollup", params: { team: teamId, rollup: id } }),
  });
  const empty = [name, systemConfig, rpcUrl].some((text) => text.trim() === "") || settlement === undefined;
  const disabledReason = team.reasonNot("operator") ?? (empty ? "Fill in all fields first." : undefined);
  const text = (value: string, set: (value: string) => void, mono = false) => ({
    className: mono ? "input mono" : "input",
    autoComplete: "off",
    spellCheck: false,
    value,
    onChange: (event: { target: { value: string } }) => set(event.target.value),
  });
  return (
    <div className="stack loose narrow">
      <div className="stack tight">
        <h1>Attach a chain</h1>
        <p className="quiet">
          An OP-Stack chain that others run is watched and explored here. Its contracts are read from the settlement
          network, and the RPC's chain is compared with them before it is added.
        </p>
      </div>
      <Field label="Name" hint="3 to 40 of a-z, 0-9 and -.">
        {(control) => <input {...control} {...text(name, setName)} maxLength={40} />}
      </Field>
      <Field label="Settlement network">
        {(control) => (
          <select
            {...control}
            className="select"
            value={settlement ?? ""}
            onChange={(event) => setNetwork(event.target.value)}
          >
            {networks?.map(({ id, name: title }) => (
              <option key={id} value={id}>
                {title}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="SystemConfig" hint="Address of the chain's SystemConfig there.">
        {(control) => <input {...control} {...text(systemConfig, setSystemConfig, true)} maxLength={42} />}
      </Field>
      <Field label="RPC URL" hint="Of one of the chain's nodes. It is stored encrypted, and shown to nobody.">
        {(control) => <input {...control} {...text(rpcUrl, setRpcUrl)} type="url" maxLength={2_000} />}
      </Field>
      {attach.isError ? <ErrorNotice error={attach.error} title="Not attached" /> : null}
      <div className="row">
        <Button tone="primary" busy={attach.isPending} disabledReason={disabledReason} onClick={() => attach.mutate()}>
          Attach
        </Button>
      </div>
    </div>
  );
}
