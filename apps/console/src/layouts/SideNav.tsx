import type { LinkProps } from "@tanstack/react-router";
import { Link } from "@tanstack/react-router";
import type { LucideIcon } from "lucide-react";
import { Fragment } from "react";

export interface SideEntry {
  readonly title: string;
  readonly icon: LucideIcon;
  /** Where it leads within the console, or an address outside it. */
  readonly link: LinkProps | { readonly href: string };
  /** A page below it is open that its link does not cover. */
  readonly within?: boolean;
}

export interface SideGroup {
  readonly title?: string;
  readonly entries: readonly SideEntry[];
}

/** A page's side: entries below each other; on a phone, side by side. */
export const SideNav = ({ groups }: { readonly groups: readonly SideGroup[] }) =>
  groups.map(({ title, entries }) => (
    <Fragment key={title ?? ""}>
      {title === undefined ? null : <h2>{title}</h2>}
      <ul>
        {entries.map((entry) => (
          <li key={entry.title}>
            <SideLink entry={entry} />
          </li>
        ))}
      </ul>
    </Fragment>
  ));

function SideLink({ entry: { title, icon: Icon, link, within } }: { readonly entry: SideEntry }) {
  const content = (
    <>
      <Icon size={15} aria-hidden="true" />
      {title}
    </>
  );
  if ("href" in link && typeof link.href === "string") return <a href={link.href}>{content}</a>;
  return (
    <Link {...(link as LinkProps)} className={within ? "within" : undefined}>
      {content}
    </Link>
  );
}
