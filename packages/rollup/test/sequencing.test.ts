import { afterEach, describe, expect, it } from "vitest";
import { agreeOnSafe, type Devnet, keyOf, sequencing, startDevnet } from "./support/devnet.ts";
import { until } from "./support/until.ts";

describe("sequencing", () => {
  let devnet: Devnet;
  afterEach(() => devnet?.close(), 60_000);

  it("reaches followers by gossip before it reaches the L1", async () => {
    devnet = await startDevnet();
    const base = sequencing({ maxChannelMs: 60_000 });
    const sequencer = await devnet.node("sequencer", {
      ...base,
      sequencer: { ...base.sequencer, signer: keyOf("owner") },
      gossip: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    });
    const peers = [...(sequencer.gossip?.node.addresses ?? [])];
    expect(peers.length).toBeGreaterThan(0);
    const follower = await devnet.node("follower", { gossip: { peers } });
    await until(() => follower.engine.heads().unsafe.number >= 5, 30_000);
    const { unsafe, safe } = follower.engine.heads();
    expect(safe.number).toBeLessThan(unsafe.number);
    expect((await sequencer.engine.payloadByNumber(unsafe.number))?.blockHash).toBe(unsafe.hash);
  }, 90_000);

  it("beyond the sequencer's drift makes empty blocks that derivation accepts", async () => {
    devnet = await startDevnet({ blockTime: 30 });
    // A clock half an hour ahead of the L1's: L2 time runs up to the drift of 1800 s, and then on as far as new
    // origins allow.
    const sequencer = await devnet.node("sequencer", { ...sequencing(), clockOffsetMs: 1_900_000 });
    const follower = await devnet.node("follower");
    await until(() => sequencer.engine.heads().unsafe.number >= 62, 60_000);
    await agreeOnSafe(sequencer, follower, 62, 60_000);
  }, 180_000);

  it("goes on while the L1 answers nothing, and recovers by itself", async () => {
    devnet = await startDevnet();
    const sequencer = await devnet.node("sequencer", sequencing());
    const follower = await devnet.node("follower");
    await agreeOnSafe(sequencer, follower, 3);
    const before = sequencer.engine.heads().unsafe.number;
    devnet.anvil.freeze();
    try {
      await until(() => sequencer.engine.heads().unsafe.number >= before + 5, 20_000);
    } finally {
      devnet.anvil.thaw();
    }
    await agreeOnSafe(sequencer, follower, before + 5, 60_000);
  }, 120_000);

  it("closes at once though the L1 answers nothing", async () => {
    devnet = await startDevnet();
    const sequencer = await devnet.node("sequencer", sequencing());
    await until(() => sequencer.engine.heads().safe.number > 0, 30_000);
    devnet.anvil.freeze();
    try {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const closing = sequencer.close().then(() => "closed");
      const late = new Promise((resolve) => setTimeout(() => resolve("late"), 6_000));
      expect(await Promise.race([closing, late])).toBe("closed");
    } finally {
      devnet.anvil.thaw();
    }
  }, 90_000);
});
