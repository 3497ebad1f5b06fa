import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Hex, Network } from "../../api/types.ts";
import type { Asset } from "../../bridge/asset.ts";
import { counterpartOf, createCounterpart, ETHER, pairsQuery } from "../../bridge/asset.ts";
import type { Sides } from "../../bridge/clients.ts";
import { bridgeMessage } from "../../bridge/errors.ts";
import { shortHash } from "../../chain/format.ts";
import type { Token } from "../../chain/token.ts";
import { tokenQuery } from "../../chain/token.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";
import type { Connected } from "../../wallet/use-wallet.ts";
import { switchChain } from "../../wallet/use-wallet.ts";
import { useRollup } from "../rollup/use-rollup.ts";

const ETHER_CHOICE = "ether";
const OTHER_CHOICE = "other";

interface Props {
  readonly connected: Connected;
  readonly network: Network;
  readonly sides: Sides;
  readonly asset: Asset;
  readonly onChange: (asset: Asset) => void;
}

/** What is to be moved: ether, a token that the rollup knows, or any other of the settlement chain by its address. */
export function AssetField(props: Props) {
  const { network, onChange } = props;
  const { rpc, heads } = useRollup();
  const { data: pairs = [] } = useQuery(pairsQuery(rpc, heads.key));
  const [choice, setChoice] = useState(ETHER_CHOICE);
  const [typed, setTyped] = useState("");
  const text = typed.trim().toLowerCase();
  const address = choice === OTHER_CHOICE ? (/^0x[0-9a-f]{40}$/.test(text) ? (text as Hex) : null) : choice;
  const known = [...new Set(pairs.map(({ l1 }) => l1))];
  return (
    <div className="card card-body stack">
      <Field label="Asset">
        {(control) => (
          <select
            {...control}
            className="select"
            value={choice}
            onChange={(event) => {
              setChoice(event.target.value);
              if (event.target.value === ETHER_CHOICE) onChange(ETHER);
            }}
          >
            <option value={ETHER_CHOICE}>Ether</option>
            {known.map((l1) => (
              <KnownOption key={l1} address={l1} network={network} />
            ))}
            <option value={OTHER_CHOICE}>Another token, by its address</option>
          </select>
        )}
      </Field>
      {choice === OTHER_CHOICE ? (
        <Field
          label={`Token on ${network.name}`}
          problem={text !== "" && address === null ? "An address is 0x and 40 hex digits." : undefined}
        >
          {(control) => (
            <input
              {...control}
              className="input mono"
              autoComplete="off"
              spellCheck={false}
              placeholder="0x…"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
      ) : null}
      {choice === ETHER_CHOICE || address === null ? null : <Chosen {...props} address={address as Hex} />}
    </div>
  );
}

function KnownOption({ address, network }: { readonly address: Hex; readonly network: Network }) {
  const { l1 } = useRollup();
  const { data } = useQuery(tokenQuery(l1, `l1-${network.id}`, address));
  return (
    <option value={address}>
      {data?.symbol || "Token"} {shortHash(address)}
    </option>
  );
}

/** A token of the settlement chain; where the rollup has none that stands for it, one can be made. */
function Chosen({ address, connected, network, sides, asset, onChange }: Props & { readonly address: Hex }) {
  const { rollup, rpc, l1, heads } = useRollup();
  const { data: token } = useQuery(tokenQuery(l1, `l1-${network.id}`, address));
  const counterpart = useQuery({
    queryKey: ["chain", heads.key, "counterpart", address, token?.symbol, token?.decimals],
    enabled: token !== undefined && token !== null,
    queryFn: () => counterpartOf(token as Token, sides, rpc),
  });
  const l2 = counterpart.data;
  const isChosen = asset.kind === "token" && asset.l1 === address && asset.l2 === l2;
  useEffect(() => {
    if (token && l2 !== undefined && !isChosen)
      onChange({ kind: "token", l1: address, l2, symbol: token.symbol || "tokens", decimals: token.decimals });
  }, [token, l2, isChosen, address, onChange]);
  const make = useMutation({
    mutationFn: async () => {
      const { provider } = connected.wallet;
      await switchChain(provider, { chainId: rollup.chainId, name: rollup.name, rpcUrl: rollup.endpoints?.rpc ?? "" });
      await createCounterpart(token as Token, { sides, provider, account: connected.account });
      await counterpart.refetch();
    },
  });
  if (token === null) return <Notice tone="warn" title={`There is no token at this address on ${network.name}`} />;
  if (token === undefined || l2 === undefined) return null;
  if (l2 !== null) {
    return (
      <p className="small quiet">
        {token.name || "An unnamed token"}: what a contract says of itself. Anyone can make a token with any name.
      </p>
    );
  }
  return (
    <Notice
      tone="info"
      title={`${token.symbol || "This token"} is not on ${rollup.name} yet`}
      action={
        <div>
          <Button tone="primary" busy={make.isPending} onClick={() => make.mutate()}>
            Create it on {rollup.name}
          </Button>
          {make.isError ? <p className="problem-text small">{bridgeMessage(make.error)}</p> : null}
        </div>
      }
    >
      Once, and for everybody: a token that only the rollup's bridge mints and burns.
    </Notice>
  );
}
