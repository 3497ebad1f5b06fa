import type { Balance, RollupSummary } from "../../api/types.ts";
import { formatEther } from "../../chain/format.ts";
import { Badge } from "../../ui/Badge.tsx";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { Hash } from "../../ui/Hash.tsx";

const RUNWAY_LOW_DAYS = 7;

/** The accounts that pay for the rollup on its settlement chain, and how long their money lasts. */
export function Accounts(props: {
  readonly accounts: RollupSummary["accounts"];
  readonly balances: readonly Balance[];
}) {
  if (props.accounts.length === 0) return null;
  const balanceOf = (wanted: string) => props.balances.find(({ role }) => role === wanted);
  const columns: readonly Column<RollupSummary["accounts"][number]>[] = [
    { title: "Role", names: true, cell: ({ role }) => role },
    { title: "Address", cell: ({ role, address }) => <Hash value={address} what={`${role}'s address`} /> },
    {
      title: "Balance",
      number: true,
      cell: ({ role }) => {
        const wei = balanceOf(role)?.balanceWei ?? null;
        return wei === null ? <span className="faint">-</span> : `${formatEther(BigInt(wei), 4)} ETH`;
      },
    },
    { title: "Lasts", number: true, cell: ({ role }) => <Runway days={balanceOf(role)?.runwayDays} /> },
  ];
  return (
    <section className="card" aria-labelledby="accounts-title">
      <div className="card-head">
        <h2 id="accounts-title">Accounts</h2>
      </div>
      <DataTable label="Accounts" columns={columns} items={props.accounts} keyOf={({ role }) => role} />
    </section>
  );
}

function Runway({ days }: { readonly days: number | null | undefined }) {
  if (days === null || days === undefined) return <span className="faint">-</span>;
  if (days >= 3650) return <span className="quiet">years</span>;
  const text = days < 2 ? `${Math.round(days * 24)} hours` : `${Math.round(days)} days`;
  return days < RUNWAY_LOW_DAYS ? <Badge tone={days < 2 ? "bad" : "warn"}>{text}</Badge> : text;
}
