import { useNavigate } from "@tanstack/react-router";
import { Search } from "lucide-react";
import type { ReactNode } from "react";
import { useId, useState } from "react";
import type { FoundToken } from "../../api/explorer.ts";
import { tokensNamed } from "../../api/explorer.ts";
import { plainText } from "../../chain/format.ts";
import { Hash } from "../../ui/Hash.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { readSearch } from "./read-search.ts";

/** Title and search box of every explorer page. */
export function ExplorerHead({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  const { params, rpc } = useRollup();
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  const [tokens, setTokens] = useState<readonly FoundToken[]>([]);
  const id = useId();

  const search = async () => {
    const found = await readSearch(text, {
      rpc,
      tokensNamed: (named) => tokensNamed(params.team, params.rollup, named),
    });
    const toAddress = (address: string) =>
      navigate({ to: "/teams/$team/rollups/$rollup/explorer/addresses/$address", params: { ...params, address } });
    switch (found.kind) {
      case "block":
        return navigate({
          to: "/teams/$team/rollups/$rollup/explorer/blocks/$block",
          params: { ...params, block: found.id },
        });
      case "transaction":
        return navigate({
          to: "/teams/$team/rollups/$rollup/explorer/transactions/$hash",
          params: { ...params, hash: found.id },
        });
      case "address":
        return toAddress(found.id);
      case "tokens": {
        const [first, second] = found.tokens;
        return first !== undefined && second === undefined ? toAddress(first.id) : setTokens(found.tokens);
      }
      case "nothing":
        return setProblem(found.reason);
    }
  };

  return (
    <div className="page-head">
      <div className="stack tight">
        <h1>{title}</h1>
        {children}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a form with the search role is what screen readers list */}
      <form
        role="search"
        className="explorer-search"
        onSubmit={(event) => {
          event.preventDefault();
          setProblem(undefined);
          setTokens([]);
          search().catch(() => setProblem("The rollup's node does not answer."));
        }}
      >
        <label htmlFor={id} className="visually-hidden">
          Block number, transaction hash, address or token
        </label>
        <input
          id={id}
          className="input"
          placeholder="Block, transaction, address or token"
          autoComplete="off"
          spellCheck={false}
          value={text}
          aria-describedby={problem === undefined ? undefined : `${id}-problem`}
          aria-invalid={problem === undefined ? undefined : true}
          onChange={(event) => {
            setText(event.target.value);
            setProblem(undefined);
            setTokens([]);
          }}
        />
        <button type="submit" className="button icon" aria-label="Search">
          <Search size={15} aria-hidden="true" />
        </button>
        {problem === undefined ? null : (
          <p id={`${id}-problem`} className="problem-text small" role="alert">
            {problem}
          </p>
        )}
        {tokens.length === 0 ? null : (
          <ul className="explorer-found card" aria-label="Tokens of this name">
            {tokens.map(({ id: address, label }) => (
              <li key={address} className="row spread">
                <span className="breakable">{plainText(label)}</span>
                <Hash value={address} what="token's address" to="address" copy={false} />
              </li>
            ))}
          </ul>
        )}
      </form>
    </div>
  );
}
