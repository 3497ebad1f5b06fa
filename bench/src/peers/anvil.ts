import { join } from "node:path";
import { anvilPath } from "../l1.ts";
import { freePort, runProgram, startProgram, waitFor } from "../program.ts";
import { call } from "../rpc.ts";
import { CHAIN_ID } from "../workload.ts";
import { writeEthereumGenesis } from "./genesis.ts";
import type { Peer, PeerOptions } from "./peer.ts";

/** Anvil with a block a second. */
export async function startAnvil(options: PeerOptions): Promise<Peer> {
  const { directory, allocPath, gasLimit } = options;
  const path = anvilPath();
  const version = (await runProgram("anvil --version", path, ["--version"])).split("\n")[0] ?? "unknown";
  const genesisPath = join(directory, "anvil-genesis.json");
  await writeEthereumGenesis(genesisPath, { allocPath, gasLimit });
  const port = await freePort();
  const program = startProgram("anvil", path, [
    ...["--port", String(port), "--chain-id", String(CHAIN_ID), "--init", genesisPath, "--hardfork", "prague"],
    ...["--block-time", "1", "--gas-limit", String(gasLimit), "--order", "fifo", "--no-request-size-limit", "--quiet"],
  ]);
  const url = `http://127.0.0.1:${port}`;
  await waitFor(
    "anvil makes blocks",
    async () => Number(await call<string>(url, "eth_blockNumber")) >= 1 || undefined,
    {
      program,
      timeoutMs: 300_000,
    },
  );
  return {
    ...program,
    name: "anvil",
    version: version.replace(/^anvil Version: /, "anvil "),
    url,
    ownTransactionsPerBlock: 0,
    setting: "alone",
    durability: "memory only",
  };
}
