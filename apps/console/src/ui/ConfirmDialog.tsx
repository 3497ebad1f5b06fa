import type { ReactNode } from "react";
import { useState } from "react";
import { Button } from "./Button.tsx";
import { Dialog } from "./Dialog.tsx";
import { Field } from "./Field.tsx";
import { ErrorNotice } from "./Notice.tsx";

/** The part of a mutation that a question needs. */
export interface Asked {
  readonly isPending: boolean;
  readonly isError: boolean;
  readonly error: unknown;
}

/** Asks before something is done that people would regret, and shows why it was not done. */
export function ConfirmDialog(props: {
  readonly title: string;
  /** What follows from it. */
  readonly children: ReactNode;
  readonly confirm: string;
  readonly cancel?: string;
  readonly tone?: "primary" | "danger";
  /** To be typed first, so that it is not done by a slip of the hand. */
  readonly typed?: string;
  /** Another reason why it cannot be confirmed yet. */
  readonly disabledReason?: string | undefined;
  /** Of the message when it fails: "Not removed". */
  readonly failed: string;
  readonly action: Asked;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}) {
  const { title, typed, action, onClose } = props;
  const [text, setText] = useState("");
  const untyped = typed === undefined || typed === text ? undefined : `Type ${typed} first.`;
  return (
    <Dialog
      title={title}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>{props.cancel ?? "Cancel"}</Button>
          <Button
            tone={props.tone ?? "primary"}
            busy={action.isPending}
            disabledReason={props.disabledReason ?? untyped}
            onClick={props.onConfirm}
          >
            {props.confirm}
          </Button>
        </>
      }
    >
      {props.children}
      {typed === undefined ? null : (
        <Field label={`Type ${typed} to confirm`}>
          {(control) => (
            <input
              {...control}
              className="input"
              autoComplete="off"
              spellCheck={false}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
      )}
      {action.isError ? <ErrorNotice error={action.error} title={props.failed} /> : null}
    </Dialog>
  );
}
