import type { DeploymentParameters } from "@altlayer/deployer";
import { developmentParameters, parseDeploymentParameters, ROLLUP_TIMING } from "@altlayer/deployer";
import { createPublicClient, createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { CreateChainOptions } from "../chain/create.ts";
import { createChain } from "../chain/create.ts";
import { readChain, writeChain } from "../chain/record.ts";
import { roleAccounts } from "../dev/accounts.ts";
import { CliError, EXIT } from "../errors.ts";
import type { Output } from "../output.ts";
import { toJson } from "../output.ts";
import { readConfigFile } from "./config-file.ts";
import { exampleDeployConfig, parseDeployConfig } from "./deploy-config.ts";
import { type SignerOptions, signerOf } from "./signer.ts";

export interface DeployCommandOptions extends SignerOptions {
  readonly l1Rpc?: string;
  readonly config?: string;
  readonly printConfig?: boolean;
  readonly development?: boolean;
  readonly chainId: number;
  readonly out: string;
}

const REQUESTS_PER_BATCH = 60;
const TIMEOUT_MS = 60_000;

/** `altlayer deploy`: contracts onto an L1, and the files that nodes need. */
export async function deploy(options: DeployCommandOptions, output: Output): Promise<number> {
  if (options.printConfig === true) {
    output.line(toJson(exampleDeployConfig(), 2));
    if (output.json) output.answer(exampleDeployConfig());
    return EXIT.ok;
  }
  const { l1Rpc } = options;
  if (l1Rpc === undefined) throw new CliError("USAGE", "say where to deploy: --l1-rpc <url>");
  if ((await readChain(options.out)) !== undefined) {
    throw new CliError("OUTPUT_EXISTS", `${options.out} holds a deployment already: name another --out`, {
      data: { out: options.out },
    });
  }
  const chain = options.development === true ? developmentChain(options) : await configuredChain(options);
  const account = await deployer(options);
  const transport = http(l1Rpc, { batch: { batchSize: REQUESTS_PER_BATCH }, timeout: TIMEOUT_MS });
  const { files, deployment } = await createChain(chain, {
    l1: { publicClient: createPublicClient({ transport }), walletClient: createWalletClient({ account, transport }) },
    onProgress: ({ step, steps, label }) => output.draw(`\r\u001b[2K${step}/${steps} ${label}`),
  });
  output.draw("\r\u001b[2K");
  const written = await writeChain(options.out, files);
  const { l1ChainId, l2ChainId, l2GenesisHash, addresses, anchor } = files.record;
  if (output.json) {
    output.answer({
      l1ChainId,
      l2ChainId,
      l2GenesisHash,
      anchor,
      addresses,
      transactionsSent: deployment.transactionsSent,
      files: written,
    });
    return EXIT.ok;
  }
  output.line(
    `chain ${l2ChainId} on L1 ${l1ChainId}: ${deployment.transactionsSent} transactions, starts after L1 block ${anchor.number}`,
  );
  for (const [name, address] of Object.entries(addresses)) output.line(`  ${name.padEnd(34)} ${address}`);
  for (const file of written) output.line(`  ${file}`);
  return EXIT.ok;
}

function developmentChain({ chainId }: DeployCommandOptions): CreateChainOptions {
  const { owner, batcher, proposer, challenger, unsafeBlockSigner } = roleAccounts();
  return {
    parameters: developmentParameters({
      l2ChainId: chainId,
      owner: owner.address,
      batcher: batcher.address,
      proposer: proposer.address,
      challenger: challenger.address,
      unsafeBlockSigner: unsafeBlockSigner.address,
    }),
    newestFork: "holocene",
    timing: ROLLUP_TIMING,
    feeRecipient: owner.address,
    balances: {},
  };
}

async function configuredChain({ config }: DeployCommandOptions): Promise<CreateChainOptions> {
  if (config === undefined) {
    throw new CliError(
      "USAGE",
      "say what to deploy: --config <file> (see --print-config), or --development on a development chain",
    );
  }
  const { contracts, rollup } = parseDeployConfig(await readConfigFile(config), config);
  const parameters: DeploymentParameters = parseDeploymentParameters(contracts);
  const timing = Object.fromEntries(Object.entries(rollup.timing).filter(([, value]) => value !== undefined));
  return {
    parameters,
    newestFork: rollup.newestFork,
    timing: { ...ROLLUP_TIMING, ...timing },
    feeRecipient: rollup.feeRecipient,
    balances: rollup.balances,
  };
}

/** The account that pays; on a development chain the owner's public test key will do. */
function deployer(options: DeployCommandOptions) {
  const { keyEnv, keyFile, keystore, development } = options;
  const named = keyEnv !== undefined || keyFile !== undefined || keystore !== undefined;
  if (development === true && !named) return privateKeyToAccount(roleAccounts().owner.privateKey);
  return signerOf(options);
}
