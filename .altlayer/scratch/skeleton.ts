import { mkdtemp, writeFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAnvil } from "../../packages/rollup/test/support/anvil.ts";
import { deployTestChain, KEYS } from "../../test/stock/chain.ts";
import { startOpGeth } from "../../test/stock/nodes.ts";
import { RollupNode } from "../../packages/rollup/src/node/node.ts";
import { parseNodeConfig } from "../../packages/rollup/src/config/node-config.ts";

const dir = await mkdtemp(join(tmpdir(), "alt-skel-"));
const anvil = await startAnvil({ blockTime: 1 });
console.log("anvil", anvil.url);
const t0 = Date.now();
const chain = await deployTestChain({ l1: { rpcUrl: anvil.url, privateKey: KEYS.owner.key } as never, fork: "holocene" });
console.log("deployed", Date.now() - t0);
process.env.BATCHER_KEY = KEYS.batcher.key;
const { mkdir } = await import("node:fs/promises");
async function node(name: string, extra: object) {
  const d = join(dir, name);
  await mkdir(d);
  const geth = await startOpGeth({ directory: d, genesis: chain.genesis.genesis });
  const config = parseNodeConfig({
    dataDir: join(d, "node"), genesisFile: "x", rollupFile: "x", logLevel: "info",
    l1: { url: anvil.url, pollMs: 300, finality: { kind: "blocks", safeBlocks: 2, finalizedBlocks: 4 } },
    engine: { kind: "engine-api", url: geth.engineUrl, jwtSecretFile: geth.jwtPath },
    rpc: { port: 0 },
    ...extra,
  });
  const n = await RollupNode.start({ config, rollup: chain.config, genesisJson: JSON.stringify(chain.genesis.genesis), clientVersion: "altlayer/test" }, { openEngine: () => { throw new TypeError("no"); }, kzg: null });
  return { n, geth };
}
const seq = await node("seq", { sequencer: { confirmations: 0 }, batcher: { key: { kind: "env", name: "BATCHER_KEY" }, dataAvailability: "calldata", maxChannelMs: 3000, pollMs: 200 } });
const fol = await node("fol", {});
const end = Date.now() + 25_000;
while (Date.now() < end) {
  await new Promise((r) => setTimeout(r, 2000));
  const s = seq.n.engine.heads(), f = fol.n.engine.heads();
  console.log(`seq u${s.unsafe.number} s${s.safe.number} f${s.finalized.number} | fol u${f.unsafe.number} s${f.safe.number} f${f.finalized.number}`, seq.n.driver?.status.currentL1?.number, fol.n.driver?.status.phase, fol.n.driver?.status.failure ?? "");
}
const n = fol.n.engine.heads().safe.number;
console.log("equal", (await seq.n.engine.payloadByNumber(n))?.blockHash === (await fol.n.engine.payloadByNumber(n))?.blockHash, n);
await seq.n.close(); await fol.n.close();
await (seq.geth as any).stop?.(); await (fol.geth as any).stop?.();
await anvil.stop(); await rm(dir, { recursive: true, force: true });
process.exit(0);
