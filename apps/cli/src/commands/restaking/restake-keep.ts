import { Keeper } from "@altlayer/restaking";
import { EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import { type LoggingOptions, loggerOf } from "../logging.ts";
import type { SignerOptions } from "../signer.ts";
import { aborted, stopSignal } from "../stop-signal.ts";
import { openSigning, type ServiceOptions } from "./context.ts";

export type RestakeKeepOptions = ServiceOptions & SignerOptions & LoggingOptions;

const ALIVE_MS = 60_000;

/** `altlayer restake keep`: commits tables, refreshes weights, slashes who was convicted, until Ctrl-C; without a node. */
export async function restakeKeep(options: RestakeKeepOptions, output: Output): Promise<number> {
  const { service, clients, account } = await openSigning(options);
  const stop = stopSignal({ onStop: () => output.note("stopping"), onForced: () => output.note("stopped at once") });
  const keeper = new Keeper(service, { clients, log: loggerOf(options, "info").child("keeper") });
  // The keeper's own timers keep no process alive: it is a guest elsewhere.
  const alive = setInterval(() => {}, ALIVE_MS);
  try {
    keeper.start();
    if (output.json) output.answer({ keeper: account, avs: service.suite.registrar });
    else output.line(`${account} keeps ${service.suite.registrar}`);
    await aborted(stop.signal);
    return EXIT.ok;
  } finally {
    clearInterval(alive);
    await keeper.close();
    stop.release();
  }
}
