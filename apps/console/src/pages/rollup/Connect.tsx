import { useMutation } from "@tanstack/react-query";
import { Wallet } from "lucide-react";
import { messageOf } from "../../api/errors.ts";
import type { Rollup } from "../../api/types.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/Copy.tsx";
import { toast } from "../../ui/toast.ts";
import type { WalletInfo } from "../../wallet/provider.ts";
import { addChain, useWallets } from "../../wallet/use-wallet.ts";

/** Endpoints for programs, and a button for wallets. */
export function Connect({ rollup }: { readonly rollup: Rollup }) {
  const wallets = useWallets();
  const add = useMutation({
    mutationFn: (wallet: WalletInfo) =>
      addChain(wallet.provider, {
        chainId: rollup.chainId,
        name: rollup.name,
        rpcUrl: rollup.endpoints?.rpc ?? "",
      }),
    onSuccess: () => toast({ text: `${rollup.name} is in your wallet.` }),
    onError: (error) => toast({ tone: "bad", text: messageOf(error) }),
  });
  if (rollup.endpoints === null) return null;
  const first = wallets[0];
  const { rpc, ws, flashblocks } = rollup.endpoints;
  return (
    <section className="card" aria-labelledby="connect-title">
      <div className="card-head">
        <h2 id="connect-title">Connect</h2>
        <Button
          disabledReason={first === undefined ? "No wallet found in this browser." : undefined}
          busy={add.isPending}
          onClick={() => first !== undefined && add.mutate(first)}
        >
          <Wallet size={14} aria-hidden="true" />
          Add to wallet
        </Button>
      </div>
      <dl className="facts">
        <Endpoint title="JSON-RPC" url={rpc} />
        <Endpoint title="WebSocket" url={ws} />
        <Endpoint title="Slices (Flashblocks)" url={flashblocks} />
        <div>
          <dt>Chain id</dt>
          <dd>
            <span className="mono">{rollup.chainId}</span>{" "}
            <CopyButton text={String(rollup.chainId)} label="Copy the chain id" />
          </dd>
        </div>
      </dl>
    </section>
  );
}

const Endpoint = ({ title, url }: { readonly title: string; readonly url: string }) => (
  <div>
    <dt>{title}</dt>
    <dd>
      <span className="mono">{url}</span> <CopyButton text={url} label={`Copy the ${title} URL`} />
    </dd>
  </div>
);
