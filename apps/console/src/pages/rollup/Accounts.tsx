import type { Balance, RollupSummary } from "../../api/types.ts";
import { formatEther } from "../../chain/format.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Hash } from "../../ui/Hash.tsx";
import { TableScroll } from "../../ui/TableScroll.tsx";

const RUNWAY_LOW_DAYS = 7;

/** The accounts that pay for the rollup on its settlement chain, and how long their money lasts. */
export function Accounts(props: {
  readonly accounts: RollupSummary["accounts"];
  readonly balances: readonly Balance[];
}) {
  if (props.accounts.length === 0) return null;
  return (
    <section className="card" aria-labelledby="accounts-title">
      <div className="card-head">
        <h2 id="accounts-title">Accounts</h2>
      </div>
      <TableScroll label="Accounts">
        <table>
          <thead>
            <tr>
              <th scope="col">Role</th>
              <th scope="col">Address</th>
              <th scope="col" className="number">
                Balance
              </th>
              <th scope="col" className="number">
                Lasts
              </th>
            </tr>
          </thead>
          <tbody>
            {props.accounts.map(({ role, address }) => {
              const balance = props.balances.find((held) => held.role === role);
              return (
                <tr key={role}>
                  <th scope="row">{role}</th>
                  <td>
                    <Hash value={address} what={`${role}'s address`} />
                  </td>
                  <td className="number">
                    {balance === undefined || balance.balanceWei === null ? (
                      <span className="faint">-</span>
                    ) : (
                      `${formatEther(BigInt(balance.balanceWei), 4)} ETH`
                    )}
                  </td>
                  <td className="number">
                    <Runway days={balance?.runwayDays} />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </TableScroll>
    </section>
  );
}

function Runway({ days }: { readonly days: number | null | undefined }) {
  if (days === null || days === undefined) return <span className="faint">-</span>;
  if (days >= 3650) return <span className="quiet">years</span>;
  const text = days < 2 ? `${Math.round(days * 24)} hours` : `${Math.round(days)} days`;
  return days < RUNWAY_LOW_DAYS ? <Badge tone={days < 2 ? "bad" : "warn"}>{text}</Badge> : text;
}
