import type { ReactNode } from "react";
import { TableScroll } from "./TableScroll.tsx";

export interface Column<Item> {
  readonly title: string;
  readonly cell: (item: Item, index: number) => ReactNode;
  /** Its cells name their row. One column of a table, or none. */
  readonly names?: boolean;
  /** Right-aligned, in figures of one width. */
  readonly number?: boolean;
  /** Its title is only read aloud: the column holds buttons. */
  readonly silent?: boolean;
  readonly className?: string;
}

/** A table of things of one kind. It scrolls sideways by itself where it does not fit. */
export function DataTable<Item>(props: {
  readonly label: string;
  readonly columns: readonly Column<Item>[];
  readonly items: readonly Item[];
  readonly keyOf: (item: Item) => string | number;
}) {
  const { label, columns, items, keyOf } = props;
  return (
    <TableScroll label={label}>
      <table>
        <thead>
          <tr>
            {columns.map(({ title, number, silent }) => (
              <th key={title} scope="col" className={number ? "number" : undefined}>
                {silent ? <span className="visually-hidden">{title}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item, index) => (
            <tr key={keyOf(item)}>
              {columns.map(({ title, cell, names, number, className }) => {
                const classes = [number ? "number" : "", className ?? ""].filter((name) => name !== "").join(" ");
                const shared = { className: classes === "" ? undefined : classes, children: cell(item, index) };
                return names ? <th key={title} scope="row" {...shared} /> : <td key={title} {...shared} />;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}
