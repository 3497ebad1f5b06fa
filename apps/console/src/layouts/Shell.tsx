import type { LinkProps } from "@tanstack/react-router";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { AccountMenu } from "./AccountMenu.tsx";
import { Mark } from "./Mark.tsx";
import type { SideGroup } from "./SideNav.tsx";
import { SideNav } from "./SideNav.tsx";
import { ThemeButton } from "./ThemeButton.tsx";

export interface Crumb {
  readonly title: string;
  readonly link: LinkProps;
}

/** Bar, side and content. Every page behind the sign-in stands in it. */
export function Shell(props: {
  /** Where the page is, outermost first. */
  readonly crumbs: readonly Crumb[];
  readonly side: readonly SideGroup[];
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
          <ol className="crumbs">
            {props.crumbs.map(({ title, link }) => (
              <li key={title}>
                <Link {...link}>{title}</Link>
              </li>
            ))}
          </ol>
        </nav>
        <div className="topbar-end">
          <ThemeButton />
          <AccountMenu />
        </div>
      </header>
      <nav className="side" aria-label={props.sideLabel}>
        <SideNav groups={props.side} />
      </nav>
      <main id="content" className="content stack loose" tabIndex={-1}>
        {props.children}
      </main>
    </div>
  );
}
