import { serviceStatus } from "@altlayer/restaking";
import { EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import { shownAmount } from "./amounts.ts";
import { openService, type ServiceOptions } from "./context.ts";

/** `altlayer restake status`: the service of a rollup: epochs, weights, members. */
export async function restakeStatus(options: ServiceOptions, output: Output): Promise<number> {
  const { service, publicClient } = await openService(options);
  const status = await serviceStatus(service, publicClient);
  if (output.json) {
    output.answer({ service, ...status });
    return EXIT.ok;
  }
  const { startBlock, epoch, committedEpoch, members, life, windows } = status;
  output.line(`MACH of rollup ${service.rollup.l2ChainId}: ${service.suite.registrar} on L1 ${service.l1ChainId}`);
  if (startBlock === null) output.line("  not started: altlayer restake start, once operators have joined");
  else
    output.line(
      `  epoch ${epoch} of ${windows.epochLength} L1 blocks, table committed to epoch ${committedEpoch ?? "none"}`,
    );
  if (!status.slashableInTime) output.line("  NOT SLASHABLE IN TIME: the core's delay is shorter than the horizon");
  status.active.forEach((active, c) => {
    const tokens = service.strategies.filter((each) => each.class === c).map(({ symbol }) => symbol);
    const room = status.room[c] ?? null;
    output.line(
      `  class ${c} (${tokens.join(", ")}): ${shownAmount(active)} of ${shownAmount(status.total[c] ?? 0n)} in force, ` +
        `${room === null ? "no limit to joining" : `${shownAmount(room)} may join now`}`,
    );
  });
  for (const { operator, index, weight, expiry, convictedBy } of members) {
    const state = convictedBy === null ? `good to L1 block ${expiry} (of ${life})` : `convicted of ${convictedBy}`;
    output.line(`  ${String(index).padStart(4)} ${operator} ${weight.map(shownAmount).join(", ")}: ${state}`);
  }
  output.line(
    `  slashes ${status.slashCount}, bounties ${shownAmount(status.bountyFund)}, rewards ${shownAmount(status.rewardsFund)}`,
  );
  return EXIT.ok;
}
