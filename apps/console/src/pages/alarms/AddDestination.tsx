import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../../api/client.ts";
import type { AlarmDestination } from "../../api/types.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/Copy.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { ErrorNotice, Notice } from "../../ui/Notice.tsx";

export function AddDestination(props: {
  readonly path: string;
  /** Whether this platform can send e-mail. */
  readonly email: boolean;
  readonly onClose: () => void;
  readonly onAdded: () => Promise<void>;
}) {
  const [kind, setKind] = useState<"webhook" | "email">("webhook");
  const [name, setName] = useState("");
  const [target, setTarget] = useState("");
  const [minSeverity, setMinSeverity] = useState("warning");
  const add = useMutation({
    mutationFn: () =>
      request<AlarmDestination & { secret: string | null }>(props.path, {
        method: "POST",
        body: {
          kind,
          name: name.trim(),
          minSeverity,
          ...(kind === "webhook" ? { url: target.trim() } : { address: target.trim() }),
        },
      }),
    onSuccess: async ({ secret }) => {
      await props.onAdded();
      if (secret === null) props.onClose();
    },
  });
  if (add.data?.secret) {
    return (
      <Dialog title="The webhook's secret" onClose={props.onClose} foot={<Button onClick={props.onClose}>Done</Button>}>
        <Notice tone="warn" title="Copy it now">
          It is shown this once. With it the receiver checks that a message is from here and is new: the signatures
          follow Standard Webhooks, for which there are libraries in every language.
        </Notice>
        <p className="code mono">
          {add.data.secret} <CopyButton text={add.data.secret} label="Copy the secret" />
        </p>
      </Dialog>
    );
  }
  const missing = name.trim() === "" || target.trim() === "" ? "Give a name and where to send first." : undefined;
  return (
    <Dialog
      title="Add a destination"
      onClose={props.onClose}
      foot={
        <>
          <Button onClick={props.onClose}>Cancel</Button>
          <Button tone="primary" busy={add.isPending} disabledReason={missing} onClick={() => add.mutate()}>
            Add
          </Button>
        </>
      }
    >
      <Field
        label="Kind"
        hint={props.email ? undefined : "E-mail needs a mail server, which this platform was not given."}
      >
        {(control) => (
          <select
            {...control}
            className="select"
            value={kind}
            onChange={(event) => setKind(event.target.value === "email" ? "email" : "webhook")}
          >
            <option value="webhook">Webhook</option>
            <option value="email" disabled={!props.email}>
              E-mail
            </option>
          </select>
        )}
      </Field>
      <Field label="Name">
        {(control) => (
          <input
            {...control}
            className="input"
            maxLength={80}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Field
        label={kind === "webhook" ? "URL" : "Address"}
        hint={kind === "webhook" ? "Gets a signed JSON message by POST." : undefined}
      >
        {(control) => (
          <input
            {...control}
            className="input"
            type={kind === "webhook" ? "url" : "email"}
            autoComplete="off"
            spellCheck={false}
            maxLength={2_000}
            value={target}
            onChange={(event) => setTarget(event.target.value)}
          />
        )}
      </Field>
      <Field label="Is told of">
        {(control) => (
          <select
            {...control}
            className="select"
            value={minSeverity}
            onChange={(event) => setMinSeverity(event.target.value)}
          >
            <option value="warning">all alarms</option>
            <option value="critical">critical alarms only</option>
          </select>
        )}
      </Field>
      {add.isError ? <ErrorNotice error={add.error} title="Not added" /> : null}
    </Dialog>
  );
}
