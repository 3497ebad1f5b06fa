import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Abi, AbiFunction } from "viem";
import { decodeFunctionResult, encodeFunctionData } from "viem";
import { toFunctionSignature } from "viem/utils";
import type { Hex } from "../../../api/types.ts";
import type { Read } from "../../../chain/abi-input.ts";
import { readArgument } from "../../../chain/abi-input.ts";
import type { Argument } from "../../../chain/decode.ts";
import { parseUnits } from "../../../chain/format.ts";
import { hex } from "../../../chain/shapes.ts";
import { Button } from "../../../ui/Button.tsx";
import { Field } from "../../../ui/Field.tsx";
import { Hash } from "../../../ui/Hash.tsx";
import { Empty, ErrorNotice, Notice } from "../../../ui/Notice.tsx";
import { sendCall } from "../../../wallet/send.ts";
import { useConnected } from "../../../wallet/use-wallet.ts";
import { ConnectWallet } from "../../bridge/ConnectWallet.tsx";
import { useRollup } from "../../rollup/use-rollup.ts";
import { DecodedArguments } from "../Decoded.tsx";

type Kind = "read" | "write";

const isRead = ({ stateMutability }: AbiFunction) => stateMutability === "view" || stateMutability === "pure";

/** The functions of a verified contract: asked without cost, or sent by the visitor's own wallet. */
export function Functions({ address, abi, kind }: { readonly address: Hex; readonly abi: Abi; readonly kind: Kind }) {
  const connected = useConnected();
  const functions = new Map(
    abi.flatMap((item) =>
      item.type === "function" && isRead(item) === (kind === "read")
        ? [[toFunctionSignature(item), item] as const]
        : [],
    ),
  );
  if (functions.size === 0) return <Empty title={kind === "read" ? "Nothing to read" : "Nothing to write"} />;
  return (
    <>
      {kind === "write" && connected === undefined ? <ConnectWallet /> : null}
      {[...functions].map(([signature, item]) => (
        <details key={signature}>
          <summary className="mono breakable">{signature}</summary>
          <FunctionForm address={address} item={item} kind={kind} />
        </details>
      ))}
    </>
  );
}

function readAll(item: AbiFunction, texts: readonly string[]): readonly Read[] {
  return item.inputs.map((input, index) => readArgument(input, texts[index] ?? ""));
}

function FunctionForm({
  address,
  item,
  kind,
}: {
  readonly address: Hex;
  readonly item: AbiFunction;
  readonly kind: Kind;
}) {
  const { rpc, rollup } = useRollup();
  const connected = useConnected();
  const [texts, setTexts] = useState<readonly string[]>([]);
  const [ether, setEther] = useState("");
  const [tried, setTried] = useState(false);
  const read = readAll(item, texts);
  const valueWei = ether.trim() === "" ? 0n : parseUnits(ether, 18);
  const ready = read.every((each) => "value" in each) && valueWei !== undefined;
  const call = useMutation({
    mutationFn: async (): Promise<readonly Argument[] | Hex> => {
      const args = read.map((each) => ("value" in each ? each.value : undefined));
      const data = encodeFunctionData({ abi: [item], args });
      if (kind === "read") {
        const answer = await rpc.call("eth_call", [{ to: address, data }, "latest"], hex);
        const decoded = decodeFunctionResult({ abi: [item] as Abi, data: answer });
        const values = item.outputs.length === 1 ? [decoded] : ((decoded ?? []) as readonly unknown[]);
        return item.outputs.map(({ name = "", type }, index) => ({ name, type, value: values[index] }));
      }
      const chain = { chainId: rollup.chainId, name: rollup.name, rpcUrl: rollup.endpoints?.rpc ?? "" };
      return sendCall(connected!, { chain, to: address, data, valueWei: valueWei ?? 0n });
    },
  });
  const missing = kind === "write" && connected === undefined ? "Connect a wallet first." : undefined;
  return (
    <form
      className="stack"
      aria-label={item.name}
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (ready && missing === undefined && !call.isPending) call.mutate();
      }}
    >
      {item.inputs.map((input, index) => {
        const each = read[index];
        const label = `${input.name || `argument ${index + 1}`} (${input.type})`;
        return (
          <Field key={label} label={label} problem={tried && each && "problem" in each ? each.problem : undefined}>
            {(control) => (
              <input
                {...control}
                className="input mono"
                autoComplete="off"
                spellCheck={false}
                value={texts[index] ?? ""}
                onChange={(event) =>
                  setTexts(item.inputs.map((_, at) => (at === index ? event.target.value : (texts[at] ?? ""))))
                }
              />
            )}
          </Field>
        );
      })}
      {item.stateMutability === "payable" ? (
        <Field
          label="Ether to send"
          problem={valueWei === undefined ? "Enter an amount of ether, such as 0.5." : undefined}
        >
          {(control) => (
            <input
              {...control}
              className="input"
              inputMode="decimal"
              autoComplete="off"
              value={ether}
              onChange={(event) => setEther(event.target.value)}
            />
          )}
        </Field>
      ) : null}
      <div>
        <Button tone={kind === "read" ? "plain" : "primary"} submit busy={call.isPending} disabledReason={missing}>
          {kind === "read" ? "Ask" : "Send"}
        </Button>
      </div>
      {call.isError ? <ErrorNotice error={call.error} title={kind === "read" ? "No answer" : "Not sent"} /> : null}
      {call.data === undefined ? null : typeof call.data === "string" ? (
        <Notice tone="good" title="Sent">
          <Hash value={call.data} what="transaction hash" to="transaction" />
        </Notice>
      ) : (
        <div role="status">
          <DecodedArguments decoded={{ name: item.name, arguments: call.data }} />
        </div>
      )}
    </form>
  );
}
