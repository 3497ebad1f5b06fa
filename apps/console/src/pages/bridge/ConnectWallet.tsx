import { useMutation } from "@tanstack/react-query";
import { Button } from "../../ui/Button.tsx";
import { Empty, ErrorNotice } from "../../ui/Notice.tsx";
import type { WalletInfo } from "../../wallet/provider.ts";
import { connect, useWallets } from "../../wallet/use-wallet.ts";

export function ConnectWallet() {
  const wallets = useWallets();
  const join = useMutation({ mutationFn: (wallet: WalletInfo) => connect(wallet) });
  return (
    <div className="card">
      <Empty
        title={wallets.length === 0 ? "No wallet found in this browser" : "Connect your wallet"}
        action={
          <div className="row">
            {wallets.map((wallet) => (
              <Button
                key={wallet.uuid}
                tone="primary"
                busy={join.isPending && join.variables.uuid === wallet.uuid}
                onClick={() => join.mutate(wallet)}
              >
                Connect {wallet.name.slice(0, 40)}
              </Button>
            ))}
          </div>
        }
      >
        {wallets.length === 0
          ? "This page needs a browser wallet that announces itself (EIP-6963 or window.ethereum)."
          : "The page then sees your address and balances. It cannot move anything without your signature."}
      </Empty>
      {join.isError ? (
        <div className="card-body">
          <ErrorNotice error={join.error} title="Not connected" />
        </div>
      ) : null}
    </div>
  );
}
