import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { AccountMenu } from "./AccountMenu.tsx";
import { Mark } from "./Mark.tsx";
import { ThemeButton } from "./ThemeButton.tsx";

/** Bar, side and content. Every page behind the sign-in stands in it. */
export function Shell(props: {
  readonly crumbs: ReactNode;
  readonly side: ReactNode;
  readonly sideLabel: string;
  readonly children: ReactNode;
}) {
  return (
    <div className="shell">
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="topbar">
        <Link to="/" className="brand">
          <Mark />
          AltLayer
        </Link>
        <nav aria-label="Where you are">
          <ol className="crumbs">{props.crumbs}</ol>
        </nav>
        <div className="topbar-end">
          <ThemeButton />
          <AccountMenu />
        </div>
      </header>
      <nav className="side" aria-label={props.sideLabel}>
        {props.side}
      </nav>
      <main id="content" className="content stack loose" tabIndex={-1}>
        {props.children}
      </main>
    </div>
  );
}
