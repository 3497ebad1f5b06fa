import { join } from "node:path";
import { stockProgram } from "../../../test/stock/build.ts";
import { freePort, runProgram, startProgram, waitFor } from "../program.ts";
import { call } from "../rpc.ts";
import { writeEthereumGenesis } from "./genesis.ts";
import type { Peer, PeerOptions } from "./peer.ts";

/** go-ethereum's development chain, built from its Go module, with a block a second and a pool that holds the load. */
export async function startGeth(options: PeerOptions): Promise<Peer> {
  const { directory, allocPath, gasLimit, poolSize } = options;
  const path = await stockProgram("geth");
  const version = /Version: (\S+)/.exec(await runProgram("geth version", path, ["version"]))?.[1] ?? "unknown";
  const genesisPath = join(directory, "geth-genesis.json");
  const dataDirectory = join(directory, "geth");
  await writeEthereumGenesis(genesisPath, { allocPath, gasLimit });
  await runProgram("geth init", path, ["--datadir", dataDirectory, "init", genesisPath]);
  const port = await freePort();
  const size = String(poolSize);
  const program = startProgram("geth", path, [
    ...["--dev", "--dev.period", "1", "--datadir", dataDirectory, "--cache", "4096"],
    ...["--miner.gaslimit", String(gasLimit), "--rpc.txfeecap", "0", "--verbosity", "2"],
    ...["--txpool.globalslots", size, "--txpool.globalqueue", size, "--txpool.accountslots", "100000"],
    ...["--txpool.accountqueue", "100000", "--txpool.nolocals"],
    ...["--http", "--http.port", String(port), "--http.api", "eth,net,web3,txpool"],
    ...["--authrpc.port", String(await freePort()), "--port", "0", "--nodiscover", "--maxpeers", "0", "--ipcdisable"],
  ]);
  const url = `http://127.0.0.1:${port}`;
  await waitFor("geth makes blocks", async () => Number(await call<string>(url, "eth_blockNumber")) >= 1 || undefined, {
    program,
    timeoutMs: 300_000,
  });
  return {
    ...program,
    name: "go-ethereum --dev",
    version: `geth ${version}`,
    url,
    ownTransactionsPerBlock: 0,
    setting: "alone",
    durability: "rooted; state in memory until it is flushed",
  };
}
