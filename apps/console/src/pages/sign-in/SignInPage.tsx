import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { DoorOpen, Rocket, ShieldCheck } from "lucide-react";
import { sessionQuery } from "../../api/queries.ts";
import { useTitle } from "../../app/use-title.ts";
import { Mark } from "../../layouts/Mark.tsx";
import { Button } from "../../ui/Button.tsx";
import { ErrorNotice, Notice } from "../../ui/Notice.tsx";
import type { WalletInfo } from "../../wallet/provider.ts";
import { useWallets } from "../../wallet/use-wallet.ts";
import "./sign-in.css";
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
    <div className="welcome">
      <Welcome />
      <main>
        <h1>Sign in</h1>
        {failed ? (
          <Notice tone="warn" title="That sign-in link is used up or too old">
            A link works once, within ten minutes. Print a new one as said below, or sign in with a wallet.
          </Notice>
        ) : null}
        <section className="stack" aria-labelledby="by-wallet">
          <h2 id="by-wallet">With Ethereum</h2>
          {wallets.length === 0 ? (
            <Notice tone="info" title="No wallet found in this browser">
              Install one, or open the link that the platform printed where it was started.
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
            <code>npm start</code> prints a link in its terminal that signs you in once, within ten minutes. For another
            one run <code>npm run altlayer -- sign-in</code> beside it.
          </p>
        </section>
      </main>
    </div>
  );
}

const PROMISES = [
  {
    icon: Rocket,
    title: "Seconds, not weeks",
    text: "A form with a good value in every field. RPC, explorer, bridge and faucet are there when it is done.",
  },
  {
    icon: ShieldCheck,
    title: "Checked by restaked operators",
    text: "They execute every block themselves and sign what they get. Who contradicts itself loses its stake.",
  },
  {
    icon: DoorOpen,
    title: "Yours to take along",
    text: "The contracts belong to your own account. One export has all it takes to run the chain without us.",
  },
] as const;

/** For who is here for the first time: what this is. */
const Welcome = () => (
  <header className="welcome-side">
    <span className="brand">
      <Mark />
      AltLayer
    </span>
    <p className="welcome-claim">Your own rollup, secured by restaked operators.</p>
    <ul>
      {PROMISES.map(({ icon: Icon, title, text }) => (
        <li key={title}>
          <Icon size={18} aria-hidden="true" />
          <div>
            <strong>{title}</strong>
            <p className="quiet">{text}</p>
          </div>
        </li>
      ))}
    </ul>
    <p>
      <a href="/docs/">Documentation</a> <span className="faint">·</span>{" "}
      <a href="/docs/trust/">Who can do what to your funds</a>
    </p>
  </header>
);
