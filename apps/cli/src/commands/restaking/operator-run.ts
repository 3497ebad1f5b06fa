import { startEvidenceWatch } from "@altlayer/raas";
import { Keeper, type MachServiceFile, type ReportSource } from "@altlayer/restaking";
import { getAddress } from "viem";
import { CliError } from "../../errors.ts";
import type { Output } from "../../output.ts";
import { loggerOf } from "../logging.ts";
import { type NodeCommandOptions, type NodeFiles, runNode } from "../node.ts";
import type { SignerOptions } from "../signer.ts";
import { openSigning, type ServiceOptions } from "./context.ts";

export interface OperatorRunOptions extends ServiceOptions, SignerOptions, NodeCommandOptions {
  readonly keeper: boolean;
}

/** `altlayer operator run`: the node that signs, the service's keeper, and a watch for contradictions, until Ctrl-C. */
export async function operatorRun(options: OperatorRunOptions, output: Output): Promise<number> {
  const { service, clients } = await openSigning(options);
  const log = loggerOf(options, "info");
  return runNode(options, output, {
    role: "operator",
    check: (files) => checkOperator(files, service, options),
    start: async (running) => {
      const stopWatch = await startEvidenceWatch(
        { service, nodes: [running] },
        { clients, log: log.child("evidence") },
      );
      const reports: ReportSource = async (epochs) => (await running.mach?.service.report(epochs)) ?? null;
      const keeper = options.keeper ? new Keeper(service, { clients, log: log.child("keeper"), reports }) : undefined;
      keeper?.start();
      return async () => {
        await keeper?.close();
        await stopWatch();
      };
    },
  });
}

/** The node's configuration and the service's file have to speak of one service. @throws CliError `CONFIG_INVALID`. */
function checkOperator({ config }: NodeFiles, { suite }: MachServiceFile, options: OperatorRunOptions): void {
  const { mach } = config;
  if (mach?.operator === undefined) {
    throw new CliError("CONFIG_INVALID", `${options.config} names no \`mach.operator\`: this node would sign nothing`);
  }
  const { registrar: avs, table, verifier } = suite;
  for (const [name, address] of Object.entries({ avs, table, verifier })) {
    const configured = mach[name as "avs" | "table" | "verifier"];
    if (getAddress(configured) === address) continue;
    throw new CliError("CONFIG_INVALID", `mach.${name} of ${options.config} is not that of ${options.service}`, {
      data: { name, configured, expected: address },
    });
  }
}
