// A process that appends to a signing journal until it is killed, and reports what is on disk. Timestamps are no matter.
import { BLOCK, type Message } from "@altlayer/protocol";
import { SigningJournal } from "../../src/index.ts";
import { named } from "./chain.ts";

const [file = "", mode] = process.argv.slice(2);
if (mode === "append") {
  const { journal, record } = await SigningJournal.open({ file, identity: named("operator") });
  const first = (Math.floor((record.tip?.core.height ?? 0) / 1_000) + 1) * 1_000;
  for (let height = first; ; height++) {
    const hash = named(`${height}`);
    const core = {
      height,
      timestamp: height,
      originNumber: 100,
      originHash: hash,
      parentHash: hash,
      attributesHash: hash,
      historyRoot: hash,
      transactionCount: 1,
      transactionRoot: hash,
      blockHash: hash,
      outputRoot: hash,
    };
    const tip: Message = { kind: BLOCK, core, base: { epoch: 0, l1Hash: hash, height: 0, blockHash: hash } };
    await journal.append({ tip, quarantineHeight: null });
    process.send?.(height);
  }
}
