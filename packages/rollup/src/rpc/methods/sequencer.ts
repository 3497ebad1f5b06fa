import { RollupError } from "../../errors.ts";
import { serverError } from "../errors.ts";
import type { RpcMethod } from "../json-rpc/method.ts";
import { defineMethod, json, plain } from "../json-rpc/method.ts";
import { hash } from "../json-rpc/params.ts";
import type { SequencerAdmin } from "../providers.ts";

/**
 * op-node's admin_sequencerActive, admin_startSequencer and admin_stopSequencer. The question is answered to all, since other
 * sequencers ask it; the commands only where the configuration says so (`rpc.admin`).
 */
export function sequencerMethods(admin: SequencerAdmin): RpcMethod[] {
  const control = () => {
    const found = admin.control();
    if (found === null) throw serverError("the node is starting");
    return found;
  };
  const question = defineMethod({
    name: "admin_sequencerActive",
    params: [],
    run: () => json(admin.control()?.active ?? false),
  });
  if (!admin.commands) return [question];
  return [
    question,
    defineMethod({
      name: "admin_startSequencer",
      // op-node wants the head that the caller knows; without it the node's own is taken.
      params: [hash.optional()],
      run: async ([head]) => {
        try {
          await control().start(head);
        } catch (error) {
          if (error instanceof RollupError && error.code === "SEQUENCER_CONFLICT") throw serverError(error.message);
          throw error;
        }
        return json(null);
      },
    }),
    defineMethod({
      name: "admin_stopSequencer",
      params: [],
      run: async () => plain(await control().stop()),
    }),
  ];
}
