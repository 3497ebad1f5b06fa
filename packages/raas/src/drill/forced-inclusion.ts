import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { RaasError } from "../errors.ts";
import type { Drill } from "./drill.ts";
import { abandonedChain, forceIn } from "./without-sequencer.ts";

const VALUE_WEI = 10n ** 15n;

/** The sequencer is dead: a user's transaction still gets into the chain, by the settlement network alone. */
export const forcedInclusionDrill: Drill = async (context) => {
  const { network, step } = context;
  const abandoned = await abandonedChain(context);
  const receiver = privateKeyToAccount(generatePrivateKey()).address;
  const { receipt, windowBlocks } = await forceIn(abandoned, { to: receiver, value: VALUE_WEI }, context);
  await step("Look at the receiver's balance", async (detail) => {
    const balance = await abandoned.l2.getBalance({ address: receiver, blockNumber: receipt.blockNumber });
    if (balance !== VALUE_WEI) throw new RaasError("DRILL_FAILED", `the receiver holds ${balance} wei`);
    detail(`${balance} wei, as sent`);
  });
  const hours = ((windowBlocks * network.blockTimeSeconds) / 3_600).toFixed(1);
  return `A transaction of a stranger was included without the sequencer once its window of ${windowBlocks} blocks had passed (${hours} hours on ${network.name}).`;
};
