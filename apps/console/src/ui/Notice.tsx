import type { ReactNode } from "react";
import { messageOf } from "../api/errors.ts";

export function Notice(props: {
  readonly tone: "bad" | "warn" | "good" | "info";
  readonly title?: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className={`notice ${props.tone}`} role={props.tone === "bad" ? "alert" : undefined}>
      <div className="stack tight">
        {props.title === undefined ? null : <strong>{props.title}</strong>}
        {props.children === undefined ? null : <div className="quiet">{props.children}</div>}
        {props.action}
      </div>
    </div>
  );
}

export const ErrorNotice = ({ error, title }: { readonly error: unknown; readonly title?: string }) => (
  <Notice tone="bad" title={title ?? "This did not work"}>
    {messageOf(error)}
  </Notice>
);

export function Empty(props: {
  /** It is all there is on the page. */
  readonly whole?: boolean;
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className="empty">
      {props.whole ? <h1>{props.title}</h1> : <h2>{props.title}</h2>}
      {props.children === undefined ? null : <p>{props.children}</p>}
      {props.action}
    </div>
  );
}
