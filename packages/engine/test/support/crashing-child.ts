/** Builds blocks until it is killed, and tells on stdout what has been acknowledged: a line per block and transaction. */
import { openEngine } from "../../src/index.ts";
import { account, buildBlock, bytes, engineOptions, genesisJson, sign } from "./chain.ts";

const [dir = ""] = process.argv.slice(2);
const engine = await openEngine(engineOptions(dir, genesisJson()));
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
say({ opened: engine.heads().unsafe });
const nonces = new Array<number>(20).fill(0);
for (let round = 0; ; round++) {
  const index = round % 20;
  const raw = await sign(account(index), { nonce: nonces[index] ?? 0 });
  nonces[index] = (nonces[index] ?? 0) + 1;
  const [result] = await engine.submit([bytes(raw)]);
  say({ submitted: result });
  if (round % 3 === 2) say({ block: (await buildBlock(engine)).blockHash, number: engine.heads().unsafe.number });
}
