import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stockProgram } from "./build.ts";
import type { Program } from "./program.ts";
import { call, freePort, runProgram, startProgram, waitFor } from "./program.ts";

/** A secret that both sides of the Engine API of one run share. */
export const JWT_SECRET = `0x${"2a".repeat(32)}`;

export interface OpGeth extends Program {
  /** `eth_`, `net_`, `web3_`, `debug_`, `txpool_` over HTTP. */
  readonly url: string;
  /** The Engine API, with the secret of `jwtPath`. */
  readonly engineUrl: string;
  readonly jwtPath: string;
  readonly genesisHash: string;
}

/** Starts a stock op-geth on a genesis file; its chain begins at that block. */
export async function startOpGeth(options: { directory: string; genesis: object }): Promise<OpGeth> {
  const { directory } = options;
  const path = await stockProgram("op-geth");
  const genesisPath = join(directory, "op-geth-genesis.json");
  const jwtPath = join(directory, "op-geth-jwt.hex");
  const dataDirectory = join(directory, "op-geth");
  await writeFile(genesisPath, JSON.stringify(options.genesis));
  await writeFile(jwtPath, JWT_SECRET);
  await runProgram("op-geth init", path, ["--datadir", dataDirectory, "--state.scheme", "hash", "init", genesisPath]);
  const [httpPort, enginePort] = await Promise.all([freePort(), freePort()]);
  // biome-ignore format: one flag with its value a line
  const program = startProgram("op-geth", path, [
    "--datadir", dataDirectory,
    "--http", "--http.port", String(httpPort), "--http.api", "eth,net,web3,debug,txpool,miner",
    "--authrpc.port", String(enginePort), "--authrpc.jwtsecret", jwtPath,
    "--syncmode", "full", "--gcmode", "archive",
    "--port", "0", "--nodiscover", "--maxpeers", "0", "--ipcdisable",
    "--rollup.disabletxpoolgossip", "--cache", "64",
  ]);
  const url = `http://127.0.0.1:${httpPort}`;
  const genesis = await waitFor(
    "op-geth answers",
    () => call<{ hash: string }>(url, "eth_getBlockByNumber", ["0x0", false]),
    { programs: [program] },
  );
  return { ...program, url, engineUrl: `http://127.0.0.1:${enginePort}`, jwtPath, genesisHash: genesis.hash };
}

export interface OpNode extends Program {
  readonly url: string;
}

export interface OpNodeOptions {
  readonly directory: string;
  readonly l1Url: string;
  /** Without it blobs are ignored: only for chains whose batches are calldata. */
  readonly beaconUrl?: string;
  readonly engineUrl: string;
  readonly jwtPath: string;
  /** op-node's rollup.json. */
  readonly rollupConfig: string;
  readonly sequencer?: { readonly l1Confirmations: number };
  /** Appended last. */
  readonly flags?: readonly string[];
}

/** Starts a stock op-node: a follower, or with `sequencer` one that builds blocks. */
export async function startOpNode(options: OpNodeOptions): Promise<OpNode> {
  const path = await stockProgram("op-node");
  const port = await freePort();
  const configPath = join(options.directory, `op-node-${port}.json`);
  await writeFile(configPath, options.rollupConfig);
  // biome-ignore format: one flag with its value a line
  const program = startProgram("op-node", path, [
    "--l1", options.l1Url, "--l1.trustrpc", "--l1.rpckind", "basic", "--l1.http-poll-interval", "500ms",
    "--l1.epoch-poll-interval", "2s",
    ...(options.beaconUrl === undefined ? ["--l1.beacon.ignore"] : ["--l1.beacon", options.beaconUrl]),
    "--l2", options.engineUrl, "--l2.jwt-secret", options.jwtPath,
    "--rollup.config", configPath,
    "--rpc.addr", "127.0.0.1", "--rpc.port", String(port), "--rpc.enable-admin",
    "--p2p.disable",
    ...(options.sequencer === undefined ? [] : ["--sequencer.enabled", "--sequencer.l1-confs", String(options.sequencer.l1Confirmations)]),
    ...(options.flags ?? []),
  ]);
  const url = `http://127.0.0.1:${port}`;
  await waitFor("op-node answers", () => call<object>(url, "optimism_rollupConfig"), { programs: [program] });
  return { ...program, url };
}

export interface Geth extends Program {
  readonly url: string;
}

/** A stock go-ethereum as development L1, mining by the period with a funded, unlocked account. */
export async function startGethL1(options: { directory: string; periodSeconds: number }): Promise<Geth> {
  const path = await stockProgram("geth");
  const port = await freePort();
  // biome-ignore format: one flag with its value a line
  const program = startProgram("geth", path, [
    "--dev", "--dev.period", String(options.periodSeconds), "--dev.gaslimit", "60000000",
    "--datadir", join(options.directory, "geth"),
    "--http", "--http.port", String(port), "--http.api", "eth,net,web3,debug,txpool",
    "--port", "0", "--nodiscover", "--ipcdisable", "--authrpc.port", String(await freePort()),
    "--rpc.allow-unprotected-txs",
  ]);
  const url = `http://127.0.0.1:${port}`;
  await waitFor("geth answers", () => call<string>(url, "eth_chainId"), { programs: [program] });
  return { ...program, url };
}

export interface OpBatcherOptions {
  readonly l1Url: string;
  readonly l2Url: string;
  readonly rollupUrl: string;
  readonly privateKey: string;
  readonly dataAvailability: "calldata" | "blobs";
  readonly batches: "singular" | "span";
}

/** Starts a stock op-batcher that sends small channels at once, so that a test need not wait for them. */
export async function startOpBatcher(options: OpBatcherOptions): Promise<Program> {
  const path = await stockProgram("op-batcher");
  // biome-ignore format: one flag with its value a line
  return startProgram("op-batcher", path, [
    "--l1-eth-rpc", options.l1Url, "--l2-eth-rpc", options.l2Url, "--rollup-rpc", options.rollupUrl,
    "--private-key", options.privateKey,
    "--data-availability-type", options.dataAvailability, "--batch-type", options.batches === "span" ? "1" : "0",
    "--compression-algo", "brotli-10",
    "--poll-interval", "500ms", "--max-channel-duration", "2", "--sub-safety-margin", "4",
    "--num-confirmations", "1", "--txmgr.receipt-query-interval", "500ms", "--resubmission-timeout", "10s",
    "--rpc.addr", "127.0.0.1", "--rpc.port", String(await freePort()),
    "--throttle-threshold", "0",
  ]);
}
