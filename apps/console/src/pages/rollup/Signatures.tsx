import { useMutation } from "@tanstack/react-query";
import { messageOf } from "../../api/errors.ts";
import type { Network, Rollup, SignatureRequest } from "../../api/types.ts";
import { Button } from "../../ui/Button.tsx";
import { Hash } from "../../ui/Hash.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { toast } from "../../ui/toast.ts";
import { WalletError } from "../../wallet/errors.ts";
import { sendCall } from "../../wallet/send.ts";
import type { Connected } from "../../wallet/use-wallet.ts";
import { connect, useConnected, useWallets } from "../../wallet/use-wallet.ts";

/** What only the owner of the L1 contracts may do: shown in full, signed in their own wallet, never by the platform. */
export function Signatures({ rollup, network }: { readonly rollup: Rollup; readonly network: Network | undefined }) {
  const wallets = useWallets();
  const connected = useConnected();
  const sign = useMutation({
    mutationFn: async (wanted: SignatureRequest) => {
      const wallet = wallets[0];
      if (wallet === undefined)
        throw new WalletError({ code: "NO_ACCOUNT", message: "No wallet found in this browser." });
      const held: Connected = connected ?? (await connect(wallet));
      if (held.account !== wanted.from.toLowerCase()) {
        throw new WalletError({ code: "NO_ACCOUNT", message: `Choose the account ${wanted.from} in your wallet.` });
      }
      return sendCall(held, {
        chain: {
          chainId: wanted.chainId,
          name: network?.name ?? "Settlement chain",
          rpcUrl: network?.rpcUrl ?? "",
        },
        to: wanted.to,
        data: wanted.data,
        valueWei: BigInt(wanted.value),
      });
    },
    onSuccess: () => toast({ text: "Sent. The rollup goes on when the transaction is mined." }),
    onError: (error) => toast({ tone: "bad", text: messageOf(error) }),
  });
  return rollup.signatures.map((wanted) => (
    <Notice
      key={wanted.id}
      tone="warn"
      title="Your signature is needed"
      action={
        <div className="row">
          <Button
            tone="primary"
            busy={sign.isPending && sign.variables.id === wanted.id}
            disabledReason={wallets.length === 0 ? "No wallet found in this browser." : undefined}
            onClick={() => sign.mutate(wanted)}
          >
            Sign in wallet
          </Button>
        </div>
      }
    >
      {wanted.description} From <Hash value={wanted.from} what="owner's address" /> to{" "}
      <Hash value={wanted.to} what="contract's address" /> on chain {wanted.chainId}.
    </Notice>
  ));
}
