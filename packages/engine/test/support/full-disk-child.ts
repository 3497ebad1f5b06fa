/**
 * `fill`: the engine on a small disk that fills up, then on the same disk with room again. `open`: only opens it. Tells on
 * stdout what happened; run by full-disk.test.ts with the disk mounted at the path given.
 */
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keccak256 } from "viem";
import type { Hex } from "../../src/index.ts";
import { openEngine } from "../../src/index.ts";
import { account, buildBlock, bytes, engineOptions, genesisJson, sign } from "./chain.ts";

const LEFT_BYTES = 300_000;
const ACCOUNTS = 20;

const [mode = "", disk = ""] = process.argv.slice(2);
const options = engineOptions(join(disk, "data"), genesisJson());
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const describe = (error: unknown) => {
  const { code = "none", message } = error as { code?: string; message: string };
  return { code, message };
};

if (mode === "fill") await fill();
else say(await openEngine(options).then(() => ({ code: "none" }), describe));

async function fill(): Promise<void> {
  const acknowledged: Hex[] = [];
  const blocks: Hex[] = [];
  const engine = await openEngine(options);
  const ballast = join(disk, "ballast");
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize - LEFT_BYTES));
  const errors: ReturnType<typeof describe>[] = [];
  for (let round = 0; errors.length === 0 && round < 100_000; round++) {
    try {
      const raw = await sign(account(round % ACCOUNTS), { nonce: Math.floor(round / ACCOUNTS) });
      const [result] = await engine.submit([bytes(raw)]);
      if (result !== undefined && "hash" in result) acknowledged.push(result.hash);
      if (round % 5 === 4) blocks.push((await buildBlock(engine)).blockHash);
    } catch (error) {
      errors.push(describe(error));
    }
  }
  const closing = await engine.close().then(() => "closed", describe);

  rmSync(ballast);
  const again = await openEngine(options);
  for (let empty = false; !empty; ) empty = (await buildBlock(again)).transactions.length === 0;
  const included = new Set<Hex>();
  const canonical = new Set<Hex>();
  for (let number = 1; number <= again.heads().unsafe.number; number++) {
    const payload = await again.payloadByNumber(number);
    if (payload) canonical.add(payload.blockHash);
    for (const raw of payload?.transactions ?? []) included.add(keccak256(raw));
  }
  await again.close();
  const report = {
    error: errors[0],
    closing,
    acknowledged: acknowledged.length,
    blocks: blocks.length,
    lostTransactions: acknowledged.filter((hash) => !included.has(hash)).length,
    lostBlocks: blocks.filter((hash) => !canonical.has(hash)).length,
  };
  say(report);
}
