import { useQuery } from "@tanstack/react-query";
import type { IndexedToken } from "../../api/explorer.ts";
import { tokensHeldQuery } from "../../api/explorer.ts";
import type { Hex } from "../../api/types.ts";
import { formatUnits, plainText } from "../../chain/format.ts";
import { tokenBalanceQuery } from "../../chain/token.ts";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { addressColumn } from "./columns.tsx";

/** Tokens that an account ever sent or received, and how much of each it has now. */
export function TokensHeld({ address }: { readonly address: Hex }) {
  const { params } = useRollup();
  const { data = [] } = useQuery(tokensHeldQuery(params.team, params.rollup, address));
  if (data.length === 0) return null;
  const columns: readonly Column<IndexedToken>[] = [
    {
      title: "Token",
      names: true,
      className: "breakable",
      cell: ({ name }) => (name === null ? <span className="quiet">unnamed</span> : plainText(name)),
    },
    { title: "Balance", number: true, cell: (token) => <Balance token={token} account={address} /> },
    addressColumn("Contract", (token) => token.address),
  ];
  return (
    <section className="card" aria-labelledby="held-title">
      <div className="card-head">
        <h2 id="held-title">Tokens</h2>
      </div>
      <DataTable label="Tokens" columns={columns} items={data} keyOf={(token) => token.address} />
    </section>
  );
}

function Balance({ token, account }: { readonly token: IndexedToken; readonly account: Hex }) {
  const { rpc, heads } = useRollup();
  const { data } = useQuery(tokenBalanceQuery(rpc, heads.key, { token: token.address, account }));
  if (data === undefined || data === null) return <span className="faint">-</span>;
  if (token.kind === "erc721") return data === 1n ? "1 piece" : `${data} pieces`;
  return (
    <>
      {formatUnits(data, token.decimals ?? 0)}{" "}
      <span className="quiet">{token.symbol === null ? "" : plainText(token.symbol, 16)}</span>
    </>
  );
}
