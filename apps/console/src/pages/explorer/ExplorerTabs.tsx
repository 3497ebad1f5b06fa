import { Link } from "@tanstack/react-router";
import { useRollup } from "../rollup/use-rollup.ts";

const exact = { exact: true, includeSearch: false };

export function ExplorerTabs() {
  const { params } = useRollup();
  return (
    <nav className="tabs" aria-label="Explorer">
      <Link to="/teams/$team/rollups/$rollup/explorer" params={params} activeOptions={exact}>
        Blocks
      </Link>
      <Link to="/teams/$team/rollups/$rollup/explorer/transactions" params={params} activeOptions={exact}>
        Transactions
      </Link>
      <Link to="/teams/$team/rollups/$rollup/explorer/tokens" params={params}>
        Tokens
      </Link>
    </nav>
  );
}
