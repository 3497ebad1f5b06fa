import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { SourceToVerify } from "../../../api/contracts.ts";
import { compilersQuery, contractKey, verifyContract } from "../../../api/contracts.ts";
import type { Hex } from "../../../api/types.ts";
import { useTeam } from "../../../layouts/use-team.ts";
import { Button } from "../../../ui/Button.tsx";
import { Field } from "../../../ui/Field.tsx";
import { ErrorNotice } from "../../../ui/Notice.tsx";
import { toast } from "../../../ui/toast.ts";
import { useRollup } from "../../rollup/use-rollup.ts";

const RUNS_MAX = 4_294_967_295;

type Prepared = Omit<SourceToVerify, "compiler"> | { readonly problem: string };

/** What was pasted: a Solidity file, or the compiler's standard JSON input, which begins with a brace. */
function prepared(text: string, runs: string, name: string): Prepared {
  const contract = name.trim() === "" ? null : name.trim();
  if (text.trim() === "") return { problem: "Paste the source." };
  if (text.trimStart().startsWith("{")) {
    try {
      return { contract, standardJson: JSON.parse(text) };
    } catch {
      return { problem: "This begins like standard JSON input, and is no JSON." };
    }
  }
  if (runs.trim() !== "" && !(/^\d{1,10}$/.test(runs.trim()) && Number(runs) <= RUNS_MAX))
    return { problem: "The optimizer's runs are a whole number." };
  const optimizerRuns = runs.trim() === "" ? null : Number(runs);
  return { contract, source: { content: text, file: "Contract.sol", optimizerRuns, evmVersion: null, viaIR: false } };
}

/** Proves a contract's source by compiling it. */
export function VerifyForm({ address }: { readonly address: Hex }) {
  const { params } = useRollup();
  const team = useTeam();
  const queries = useQueryClient();
  const { data: compilers = [] } = useQuery(compilersQuery(params.team, params.rollup));
  const [chosen, setChosen] = useState<string>();
  const [text, setText] = useState("");
  const [runs, setRuns] = useState("200");
  const [name, setName] = useState("");
  const [tried, setTried] = useState(false);
  const input = prepared(text, runs, name);
  const compiler = chosen ?? compilers[0] ?? "";
  const verify = useMutation({
    mutationFn: (body: Omit<SourceToVerify, "compiler">) =>
      verifyContract({ ...params, address }, { compiler, ...body }),
    onSuccess: (verified) => {
      toast({ text: `${verified.name} is verified.` });
      return queries.invalidateQueries({ queryKey: contractKey(params.team, params.rollup, address) });
    },
  });
  return (
    <form
      className="stack"
      aria-label="Verify the source"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!("problem" in input) && !verify.isPending) verify.mutate(input);
      }}
    >
      <h3>Verify the source</h3>
      <Field
        label="Solidity file, or standard JSON input"
        hint="Compiled on this platform, without network; it proves the source if it makes the same code."
        problem={tried && "problem" in input ? input.problem : undefined}
      >
        {(control) => (
          <textarea
            {...control}
            className="textarea mono"
            rows={10}
            spellCheck={false}
            autoComplete="off"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              verify.reset();
            }}
          />
        )}
      </Field>
      <div className="row">
        <Field label="Compiler" hint="The versions that are installed here.">
          {(control) => (
            <select
              {...control}
              className="select"
              value={compiler}
              onChange={(event) => setChosen(event.target.value)}
            >
              {compilers.map((version) => (
                <option key={version} value={version}>
                  solc {version}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Optimizer runs" hint="Empty: not optimized. Not for standard JSON.">
          {(control) => (
            <input
              {...control}
              className="input"
              inputMode="numeric"
              value={runs}
              onChange={(event) => setRuns(event.target.value)}
            />
          )}
        </Field>
        <Field label="Contract name" hint="Empty: whichever makes the code.">
          {(control) => (
            <input
              {...control}
              className="input mono"
              autoComplete="off"
              spellCheck={false}
              maxLength={400}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
      </div>
      <div>
        <Button tone="primary" submit busy={verify.isPending} disabledReason={team.reasonNot("operator")}>
          Verify
        </Button>
      </div>
      {verify.isError ? <ErrorNotice error={verify.error} title="Not verified" /> : null}
    </form>
  );
}
