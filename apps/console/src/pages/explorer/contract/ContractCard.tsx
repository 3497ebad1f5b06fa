import { useQuery } from "@tanstack/react-query";
import { abiOf, contractQuery } from "../../../api/contracts.ts";
import type { Hex } from "../../../api/types.ts";
import { Loading } from "../../../ui/Loading.tsx";
import { ErrorNotice } from "../../../ui/Notice.tsx";
import type { Tab } from "../../../ui/Tabs.tsx";
import { Tabs } from "../../../ui/Tabs.tsx";
import { useRollup } from "../../rollup/use-rollup.ts";
import { AddressLink } from "../AddressLink.tsx";
import { Functions } from "./Functions.tsx";
import { Bytecode, VerifiedSource } from "./Source.tsx";
import { VerifyForm } from "./VerifyForm.tsx";

/** A contract's source, and its functions to call: of a proxy, those of the contract that it stands for. */
export function ContractCard({ address, code }: { readonly address: Hex; readonly code: Hex }) {
  const { params } = useRollup();
  const { data: contract, error } = useQuery(contractQuery(params.team, params.rollup, address));
  const abi = abiOf(contract);
  const implementation = contract?.implementation ?? null;
  const source: Tab = {
    id: "code",
    title: "Code",
    content: (
      <>
        {implementation === null ? null : (
          <p className="row">
            A proxy (EIP-1967). Calls are handled by <AddressLink address={implementation.address} />
            {implementation.verified === null ? "whose source is not verified." : null}
          </p>
        )}
        {contract?.verified ? <VerifiedSource verified={contract.verified} /> : null}
        {contract !== undefined && contract.verified === null ? <VerifyForm address={address} /> : null}
        <Bytecode code={code} />
      </>
    ),
  };
  const functions = (kind: "read" | "write", title: string): Tab => ({
    id: kind,
    title,
    content: <Functions address={address} abi={abi} kind={kind} />,
  });
  return (
    <section className="card" aria-labelledby="contract-title">
      <div className="card-head">
        <h2 id="contract-title">Contract</h2>
        <Matched match={(implementation ?? contract)?.verified?.match} />
      </div>
      <div className="card-body stack">
        {error === null ? null : <ErrorNotice error={error} title="The contract could not be read" />}
        {contract === undefined && error === null ? (
          <Loading lines={3} />
        ) : (
          <Tabs
            label="Contract"
            tabs={abi.length === 0 ? [source] : [source, functions("read", "Read"), functions("write", "Write")]}
          />
        )}
      </div>
    </section>
  );
}

function Matched({ match }: { readonly match: "full" | "partial" | undefined }) {
  if (match === undefined) return <span className="small quiet">source not verified</span>;
  return <span className="badge good">{match === "full" ? "Verified, full match" : "Verified, partial match"}</span>;
}
