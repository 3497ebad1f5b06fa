import type { Output } from "../output.ts";
import type { DevReady } from "./session.ts";

/** What a person needs to use the chains, once. */
export function printBanner(ready: DevReady, output: Output): void {
  const { endpoints, chains, accounts, addresses } = ready;
  const row = (name: string, value: string | number) => output.line(`  ${name.padEnd(26)} ${value}`);
  output.line();
  output.line(`AltLayer development rollup (${ready.resumed ? "resumed" : "new"})`);
  row("rollup RPC", endpoints.rpc);
  row("rollup WebSocket", endpoints.ws);
  row("rollup chain id", chains.l2);
  row("L1 RPC (anvil)", endpoints.l1);
  row("L1 chain id", chains.l1);
  row("L1 beacon API (blobs)", endpoints.beacon);
  row("Flashblocks", endpoints.flashblocks);
  row("metrics", endpoints.metrics);
  if (endpoints.gossip !== null) row("gossip", endpoints.gossip);
  if (ready.mach !== null) {
    row("MACH operators", ready.mach.operators.length);
    row("MACH service file", ready.mach.file);
  }
  row("data directory", ready.dataDir);
  output.line();
  output.line("Test accounts, funded on both chains (everybody knows these keys: no real funds)");
  for (const { address, privateKey } of accounts) output.line(`  ${address}  ${privateKey}`);
  output.line();
  output.line("L1 contracts");
  for (const name of [
    "OptimismPortalProxy",
    "L1StandardBridgeProxy",
    "L1ERC721BridgeProxy",
    "SystemConfigProxy",
    "DisputeGameFactoryProxy",
  ]) {
    const address = addresses[name];
    if (address !== undefined) row(name, address);
  }
  if (ready.clockBehindSeconds > 0) {
    output.line();
    output.line(`The chains' clock is ${ready.clockBehindSeconds} s behind yours: they went on where they stopped.`);
  }
  output.line();
  output.line("Ctrl-C stops both chains; the next start resumes them (--fresh begins anew).");
  output.line();
}
