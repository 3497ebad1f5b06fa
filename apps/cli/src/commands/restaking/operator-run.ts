import { MachDigests } from "@altlayer/protocol";
import { EvidenceWatch, Keeper, type MachServiceFile } from "@altlayer/restaking";
import { getAddress, keccak256, stringToHex } from "viem";
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
  const { service, clients, account } = await openSigning(options);
  const log = loggerOf(options, "info");
  return runNode(options, output, {
    role: "operator",
    check: (files) => checkOperator(files, service, options),
    start: async (running) => {
      const digests = new MachDigests(
        {
          l1ChainId: service.l1ChainId,
          avs: service.suite.registrar,
          operatorSetId: 0,
          rollupId: service.suite.rollupId,
        },
        { keccak256: (bytes) => keccak256(bytes, "bytes") },
      );
      // The account keeps the salts of its bounties to itself, and finds them again after a restart.
      const secret = await clients.walletClient.signMessage({
        account: clients.walletClient.account ?? account,
        message: `AltLayer MACH bounties of ${service.suite.slasher}`,
      });
      const watch = new EvidenceWatch(
        { context: service, secret: keccak256(stringToHex(secret)) },
        { clients, digests, log: log.child("evidence") },
      );
      const mach = running.mach?.service;
      const failed = (error: unknown) => log.warn("cannot look for contradictions", { error: String(error) });
      mach?.onShare(({ operator, message, signature }) => {
        watch.observeShare(getAddress(operator), message, signature).catch(failed);
      });
      mach?.onCertificate(({ certificate }) => void watch.observeCertificate(certificate).catch(failed));
      const keeper = options.keeper ? new Keeper(service, { clients, log: log.child("keeper") }) : undefined;
      keeper?.start();
      return async () => {
        await keeper?.close();
        await watch.close();
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
