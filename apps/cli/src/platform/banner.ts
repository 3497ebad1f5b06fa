import type { TestAccount } from "../dev/accounts.ts";
import type { Output } from "../output.ts";
import type { FirstRollup } from "./first-rollup.ts";
import type { PlatformReady } from "./session.ts";

/** Shown at once: a person signs in while the first rollup comes up. */
export function printSignIn({ signInUrl, dataDir }: PlatformReady, output: Output): void {
  output.line();
  output.line("AltLayer platform");
  row(output, "console (one sign-in, 10 min)", signInUrl);
  row(output, "data directory", dataDir);
}

/** What a person needs to use the chains, once the first rollup runs. */
export function printChains(
  { l1, accounts }: PlatformReady & { readonly accounts: readonly TestAccount[] },
  first: FirstRollup | null,
  output: Output,
): void {
  if (l1 !== null) {
    row(output, "L1 RPC (anvil)", l1.rpc);
    row(output, "L1 chain id", l1.chainId);
    row(output, "L1 beacon API (blobs)", l1.beacon);
  }
  if (first !== null) {
    row(output, `${first.name} RPC`, first.endpoints.rpc);
    row(output, `${first.name} WebSocket`, first.endpoints.ws);
    if (first.endpoints.flashblocks !== null) row(output, `${first.name} Flashblocks`, first.endpoints.flashblocks);
    row(output, `${first.name} chain id`, first.chainId);
    if (first.mach !== null) row(output, "MACH operators", first.mach.operators.length);
  }
  if (l1 !== null) {
    output.line();
    output.line("Test accounts, funded on the L1 and on first-rollup (everybody knows these keys: no real funds)");
    for (const { address, privateKey } of accounts) output.line(`  ${address}  ${privateKey}`);
    if (l1.clockBehindSeconds > 0) {
      output.line();
      output.line(`The chains' clock is ${l1.clockBehindSeconds} s behind yours: they went on where they stopped.`);
    }
  }
  output.line();
  output.line("Ctrl-C stops everything; the next start resumes it (--fresh begins anew).");
  output.line();
}

function row(output: Output, name: string, value: string | number): void {
  output.line(`  ${name.padEnd(30)} ${value}`);
}
