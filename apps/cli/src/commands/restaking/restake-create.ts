import { access } from "node:fs/promises";
import { resolve } from "node:path";
import {
  createSuite,
  findSuite,
  type MachServiceFile,
  type NetworkName,
  parseServiceFile,
  RestakingError,
  type SuiteAddresses,
  serviceFileJson,
  table,
  type Windows,
  windowsOf,
} from "@altlayer/restaking";
import { type Address, type Hex, type PublicClient, parseEther } from "viem";
import { writeDurably } from "../../dev/durable.ts";
import { CliError, EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import { readTextFile } from "../config-file.ts";
import type { SignerOptions } from "../signer.ts";
import { weiOf } from "./amounts.ts";
import { type L1Options, requireChain, signing } from "./context.ts";
import { deploymentOf } from "./deployment-file.ts";
import { rollupOf } from "./rollup-source.ts";
import { strategiesOf } from "./strategies.ts";

export interface RestakeCreateOptions extends L1Options, SignerOptions {
  readonly rollup: string;
  readonly rollupConfig?: string;
  readonly deployment: string;
  readonly network: NetworkName;
  readonly strategy?: readonly string[];
  readonly minimum: string;
  readonly bounty: string;
  readonly rate: string;
  readonly metadataUri: string;
  readonly salt: Hex;
  readonly allowShortDelay?: boolean;
  readonly out: string;
}

/** Since Fjord the drift is the protocol's, whatever the configuration says. */
const MAX_SEQUENCER_DRIFT = 1_800;
/** EIP-7825. */
const TRANSACTION_GAS_MAX = 16_777_216n;

/** `altlayer restake create`: the services of a rollup, by one L1 transaction. */
export async function restakeCreate(options: RestakeCreateOptions, output: Output): Promise<number> {
  const minimum = options.minimum.split(",").map((amount) => weiOf(amount, "--minimum"));
  const [ratePerEpoch, bounty] = [weiOf(options.rate, "--rate"), weiOf(options.bounty, "--bounty")];
  const clients = await signing(options);
  const { publicClient } = clients;
  const { l1ChainId, core, services } = await deploymentOf(options.deployment);
  await requireChain(l1ChainId, options, publicClient);
  const { rollup, config } = await rollupOf(options.rollup, options.rollupConfig);
  if (config.l1ChainId !== l1ChainId) {
    throw new RestakingError(
      "ROLLUP_UNSUPPORTED",
      `the rollup is on L1 ${config.l1ChainId}, and the core on ${l1ChainId}`,
    );
  }
  const strategies = await strategiesOf(options.strategy ?? [], { core, services }, publicClient);
  const windows = windowsOf(options.network, {
    sequencingWindow: config.seqWindowSize,
    maxSequencerDrift: Math.max(config.maxSequencerDrift, MAX_SEQUENCER_DRIFT),
    l1BlockTime: options.network === "development" ? await blockTimeOf(publicClient) : 12,
  });
  const creator = clients.walletClient.account!.address;
  const where = { factory: services.factory, rollup, salt: options.salt };
  const known = await findSuite({ ...where, creator }, publicClient);
  if (known !== undefined) await requireSame(known, { windows, strategies }, publicClient);
  const created =
    known === undefined
      ? await createSuite(
          {
            ...where,
            timelock: services.timelock,
            mach: {
              windows,
              strategies: strategies.map(({ strategy, class: class_, multiplier }) => ({
                strategy,
                class: class_,
                multiplier,
              })),
              minimum,
              slashWad: parseEther("1"),
              rewardToken: services.alt,
              ratePerEpoch,
              bounty,
              bountyPeriod: windows.undecided,
              bountyClaims: Math.max(10, Math.floor(windows.evidenceWindow / 10)),
              allowShortDelay: options.allowShortDelay === true,
              metadataURI: options.metadataUri,
            },
          },
          clients,
        )
      : { suite: known, gasUsed: 0n, block: undefined };
  if (created.gasUsed > TRANSACTION_GAS_MAX)
    output.note(`the transaction used more gas than EIP-7825 allows on mainnet`);
  const { suite, block: fromBlock } = created;
  const service: MachServiceFile = { version: 1, l1ChainId, fromBlock, core, services, suite, rollup, strategies };
  const file = resolve(options.out);
  await writeService(file, suite.registrar, serviceFileJson(service));
  if (output.json) output.answer({ ...service, created: known === undefined, gasUsed: created.gasUsed, file });
  else {
    output.line(
      known === undefined
        ? `created with ${created.gasUsed} gas: ${created.suite.registrar}`
        : `it exists: ${known.registrar}`,
    );
    for (const [name, address] of Object.entries(created.suite)) output.line(`  ${name.padEnd(10)} ${address}`);
    output.line(`  ${file}`);
  }
  return EXIT.ok;
}

/**
 * A suite that is there keeps its terms, whatever is asked for now. UNDECIDED is left out: on a development chain it
 * follows from the pace of the L1's last blocks.
 */
async function requireSame(
  suite: SuiteAddresses,
  asked: { readonly windows: Windows; readonly strategies: MachServiceFile["strategies"] },
  publicClient: PublicClient,
): Promise<void> {
  const [windows, strategies] = await Promise.all([
    table<Windows>({ suite }, publicClient, "windows"),
    table<MachServiceFile["strategies"]>({ suite }, publicClient, "strategies"),
  ]);
  const named = (list: MachServiceFile["strategies"]) =>
    list.map(({ strategy, class: class_, multiplier }) => `${strategy.toLowerCase()}:${class_}:${multiplier}`).join();
  const other = [
    ...(["k", "epochLength", "certificateAge", "evidenceWindow", "pauseSlack"] as const).filter(
      (name) => windows[name] !== asked.windows[name],
    ),
    ...(named(strategies) === named(asked.strategies) ? [] : ["strategies"]),
  ];
  if (other.length === 0) return;
  const { registrar } = suite;
  throw new CliError(
    "USAGE",
    `this account has made ${registrar} for the rollup, with other terms (${other.join(", ")}): a second suite takes another --salt`,
    { data: { registrar, other } },
  );
}

/** Does not replace another service's file. */
async function writeService(file: string, registrar: Address, content: string): Promise<void> {
  const there = await access(file).then(
    () => true,
    () => false,
  );
  if (there && parseServiceFile(await readTextFile(file), file).suite.registrar !== registrar) {
    throw new CliError("OUTPUT_EXISTS", `${file} is of another service: name another --out; the suite exists by now`);
  }
  if (!there) await writeDurably(file, content);
}

/** Seconds between the last two blocks, at least one. */
async function blockTimeOf(publicClient: PublicClient): Promise<number> {
  const head = await publicClient.getBlock();
  if (head.number === 0n) return 1;
  const before = await publicClient.getBlock({ blockNumber: head.number - 1n });
  return Math.max(1, Number(head.timestamp - before.timestamp));
}
