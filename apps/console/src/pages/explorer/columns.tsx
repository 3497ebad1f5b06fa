import type { Hex } from "../../api/types.ts";
import { formatEther } from "../../chain/format.ts";
import type { Column } from "../../ui/DataTable.tsx";
import { BlockLink, Hash } from "../../ui/Hash.tsx";
import { AddressLink } from "./AddressLink.tsx";

/** Columns that the explorer's lists share, each told where to find its value. */
export const transactionColumn = <Item,>(of: (item: Item) => Hex): Column<Item> => ({
  title: "Transaction",
  names: true,
  cell: (item) => <Hash value={of(item)} what="transaction hash" to="transaction" />,
});

export const blockColumn = <Item,>(of: (item: Item) => number): Column<Item> => ({
  title: "Block",
  cell: (item) => <BlockLink number={of(item)} />,
});

export const addressColumn = <Item,>(title: string, of: (item: Item) => Hex | null): Column<Item> => ({
  title,
  cell: (item) => {
    const address = of(item);
    return address === null ? null : <AddressLink address={address} />;
  },
});

export const etherColumn = <Item,>(of: (item: Item) => bigint): Column<Item> => ({
  title: "Value",
  number: true,
  cell: (item) => {
    const wei = of(item);
    return wei === 0n ? <span className="faint">0 ETH</span> : `${formatEther(wei)} ETH`;
  },
});
