import type { Hex, Network, RollupSummary } from "../../api/types.ts";
import { safeUrl } from "../../chain/format.ts";
import { Hash } from "../../ui/Hash.tsx";

type Entry = readonly [name: string, address: Hex];

/** What is called, and the implementations behind proxies, which only an auditor asks for. */
export function splitContracts(contracts: Readonly<Record<string, Hex>>): {
  readonly called: readonly Entry[];
  readonly implementations: readonly Entry[];
} {
  const entries = Object.entries(contracts).sort(([a], [b]) => a.localeCompare(b));
  const behind = ([name]: Entry) =>
    contracts[`${name}Proxy`] !== undefined || contracts[`${name.replace(/\d+$/, "")}Proxy`] !== undefined;
  return {
    called: entries
      .filter((entry) => !behind(entry))
      .map(([name, address]) => [name.replace(/Proxy$/, "") || name, address]),
    implementations: entries.filter(behind),
  };
}

/** The rollup's contracts on the settlement chain: what a bridge, an exchange or an auditor asks for first. */
export function Contracts(props: {
  readonly contracts: RollupSummary["contracts"];
  readonly network: Network | undefined;
}) {
  const { called, implementations } = splitContracts(props.contracts ?? {});
  if (called.length === 0) return null;
  return (
    <section className="card" aria-labelledby="contracts-title">
      <div className="card-head">
        <h2 id="contracts-title">Contracts on {props.network?.name ?? "the settlement chain"}</h2>
      </div>
      <List entries={called} network={props.network} />
      {implementations.length === 0 ? null : (
        <details className="more">
          <summary>{implementations.length} implementations behind them</summary>
          <List entries={implementations} network={props.network} />
        </details>
      )}
    </section>
  );
}

function List({ entries, network }: { readonly entries: readonly Entry[]; readonly network: Network | undefined }) {
  const explorer = safeUrl(network?.explorerUrl);
  return (
    <dl className="facts contracts">
      {entries.map(([name, address]) => (
        <div key={name}>
          <dt className="breakable">{name}</dt>
          <dd>
            {explorer === undefined ? null : (
              <a href={new URL(`address/${address}`, explorer).href} target="_blank" rel="noreferrer noopener">
                open
              </a>
            )}{" "}
            <Hash value={address} what={`address of ${name}`} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
