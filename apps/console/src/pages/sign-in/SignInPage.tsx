import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { sessionQuery } from "../../api/queries.ts";
import { useTitle } from "../../app/use-title.ts";
import { Mark } from "../../layouts/Mark.tsx";
import { Button } from "../../ui/Button.tsx";
import { ErrorNotice, Notice } from "../../ui/Notice.tsx";
import type { WalletInfo } from "../../wallet/provider.ts";
import { useWallets } from "../../wallet/use-wallet.ts";
import { signInWithWallet } from "./sign-in-with-wallet.ts";

export function SignInPage() {
  useTitle("Sign in");
  const { next, failed } = useSearch({ from: "/sign-in" });
  const router = useRouter();
  const queries = useQueryClient();
  const wallets = useWallets();
  const signIn = useMutation({
    mutationFn: (wallet: WalletInfo) => signInWithWallet(wallet),
    onSuccess: async () => {
      await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
      // A path of this site only: `next` comes from the address bar.
      router.history.push(next?.startsWith("/") && !next.startsWith("//") && !next.includes("\\") ? next : "/");
    },
  });

  return (
    <div className="bare">
      <main className="stack loose">
        <div className="stack tight">
          <span className="brand">
            <Mark />
            AltLayer
          </span>
          <h1>Sign in</h1>
        </div>
        {failed ? (
          <Notice tone="warn" title="That sign-in link is used up or too old">
            A link works once, within ten minutes. Print a new one where the platform runs, or sign in with a wallet.
          </Notice>
        ) : null}
        <section className="stack" aria-labelledby="by-wallet">
          <h2 id="by-wallet">With Ethereum</h2>
          {wallets.length === 0 ? (
            <Notice tone="info" title="No wallet found in this browser">
              Install one, or open the link that the platform printed when it started.
            </Notice>
          ) : (
            wallets.map((wallet) => (
              <Button
                key={wallet.uuid}
                tone="primary"
                busy={signIn.isPending && signIn.variables.uuid === wallet.uuid}
                onClick={() => signIn.mutate(wallet)}
              >
                Continue with {wallet.name.slice(0, 40)}
              </Button>
            ))
          )}
          <p className="small quiet">
            You sign a message that names this site. It costs nothing and sends no transaction.
          </p>
          {signIn.isError ? <ErrorNotice error={signIn.error} title="Not signed in" /> : null}
        </section>
        <section className="stack tight" aria-labelledby="by-link">
          <h2 id="by-link">On your own machine</h2>
          <p className="quiet">
            <code>npm start</code> prints a link that signs you in once.
          </p>
        </section>
      </main>
    </div>
  );
}
