import { resolve } from "node:path";
import { deployDevelopmentCore, deployServices, ensureStrategy } from "@altlayer/restaking";
import { writeDurably } from "../../dev/durable.ts";
import { CliError, EXIT } from "../../errors.ts";
import { type Output, toJson } from "../../output.ts";
import type { SignerOptions } from "../signer.ts";
import { weiOf } from "./amounts.ts";
import { addressOf, type L1Options, requireChain, signing } from "./context.ts";
import { coreOf } from "./deployment-file.ts";

export interface RestakeDeployOptions extends L1Options, SignerOptions {
  readonly core?: string;
  /** Deploys a core of our own first. */
  readonly development?: boolean;
  readonly timelockDelay: number;
  readonly altSupply: string;
  readonly out: string;
}

/** `altlayer restake deploy`: ALT and the factory of services beside a core, on a development chain the core, too. Once an L1. */
export async function restakeDeploy(options: RestakeDeployOptions, output: Output): Promise<number> {
  if ((options.core === undefined) !== (options.development === true)) {
    throw new CliError(
      "USAGE",
      "say beside which core: --core <file>; or --development, which deploys one on a development chain",
    );
  }
  const altSupply = weiOf(options.altSupply, "--alt-supply");
  const clients = await signing(options);
  const { l1ChainId, core, weth } =
    options.core === undefined
      ? { l1ChainId: await clients.publicClient.getChainId(), ...(await deployDevelopmentCore(clients)) }
      : { ...(await coreOf(options.core)), weth: undefined };
  await requireChain(l1ChainId, options, clients.publicClient);
  const services = await deployServices({ core, timelockDelayS: BigInt(options.timelockDelay), altSupply }, clients);
  const deployment = { l1ChainId, core, services, ...(weth === undefined ? {} : { weth }) };
  const file = resolve(options.out);
  await writeDurably(file, `${toJson(deployment, 2)}\n`);
  if (output.json) output.answer({ ...deployment, file });
  else {
    for (const [name, address] of Object.entries({ ...services, ...(weth === undefined ? {} : { weth }) }))
      output.line(`  ${name.padEnd(10)} ${address}`);
    output.line(`  ${file}`);
  }
  return EXIT.ok;
}

export interface RestakeStrategyOptions extends L1Options, SignerOptions {
  readonly core: string;
  readonly token: string;
}

/** `altlayer restake strategy`: the strategy of a token, made where there is none. */
export async function restakeStrategy(options: RestakeStrategyOptions, output: Output): Promise<number> {
  const { l1ChainId, core } = await coreOf(options.core);
  const clients = await signing(options);
  await requireChain(l1ChainId, options, clients.publicClient);
  const { strategy, created } = await ensureStrategy({ core, token: addressOf(options.token, "--token") }, clients);
  if (output.json) output.answer({ token: options.token, strategy, created });
  else output.line(strategy);
  return EXIT.ok;
}
