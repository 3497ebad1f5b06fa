import { type Call, type Clients, execute, type MachServiceFile, parseServiceFile } from "@altlayer/restaking";
import {
  type Address,
  BaseError,
  createPublicClient,
  createWalletClient,
  getAddress,
  http,
  isAddress,
  type PublicClient,
  RpcRequestError,
} from "viem";
import { CliError } from "../../errors.ts";
import type { Output } from "../../output.ts";
import { shown } from "../../rpc.ts";
import { readTextFile } from "../config-file.ts";
import { type SignerOptions, signerOf } from "../signer.ts";

export interface L1Options {
  readonly l1Rpc: string;
}

export interface ServiceOptions extends L1Options {
  /** `mach.json`. */
  readonly service: string;
}

const POLL_MS = 250;
const TIMEOUT_MS = 60_000;

export function l1Client({ l1Rpc }: L1Options): PublicClient {
  return createPublicClient({
    transport: http(l1Rpc, { batch: true, timeout: TIMEOUT_MS }),
    pollingInterval: POLL_MS,
    cacheTime: 0,
  });
}

/** The service of the file, and its L1. @throws CliError `L1_OTHER_CHAIN` where the URL leads to another chain. */
export async function openService(options: ServiceOptions) {
  const service: MachServiceFile = parseServiceFile(await readTextFile(options.service), options.service);
  const publicClient = l1Client(options);
  await requireChain(service.l1ChainId, options, publicClient);
  return { service, publicClient };
}

/** The same with an account that signs and pays. */
export async function openSigning(options: ServiceOptions & SignerOptions) {
  const opened = await openService(options);
  const account = await signerOf(options);
  return { ...opened, account: account.address, clients: await signing(options, opened.publicClient) };
}

/** Clients of an L1 for an account that signs and pays. */
export async function signing(options: L1Options & SignerOptions, publicClient = l1Client(options)): Promise<Clients> {
  const account = await signerOf(options);
  return { publicClient, walletClient: createWalletClient({ account, transport: http(options.l1Rpc) }) };
}

export async function requireChain(chainId: number, { l1Rpc }: L1Options, client = l1Client({ l1Rpc })): Promise<void> {
  const found = await client.getChainId();
  if (found === chainId) return;
  throw new CliError("L1_OTHER_CHAIN", `${shown(l1Rpc)} is chain ${found}, and the service is on chain ${chainId}`, {
    data: { expected: chainId, found },
  });
}

export interface Done {
  readonly done: string;
  readonly hash: string;
  readonly block: number;
  readonly gasUsed: number;
}

/** Sends the calls one after the other, with a note for each. */
export async function perform(calls: readonly Call[], clients: Clients, output: Output): Promise<Done[]> {
  const done: Done[] = [];
  for (const call of calls) {
    const { transactionHash, blockNumber, gasUsed } = await execute(call, clients);
    output.note(`${call.label}: L1 block ${blockNumber}, ${gasUsed} gas`);
    done.push({ done: call.label, hash: transactionHash, block: Number(blockNumber), gasUsed: Number(gasUsed) });
  }
  return done;
}

/** An address in any case. @throws CliError `USAGE`. */
export function addressOf(text: string, name: string): Address {
  if (isAddress(text, { strict: false })) return getAddress(text);
  throw new CliError("USAGE", `${name} is no address: ${text}`, { data: { [name]: text } });
}

/** An L1 that does not answer, or refuses, is the surroundings' fault, and no defect. */
export async function reached<T>(url: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    const data = { url: shown(url) };
    if (error.walk((inner) => ["HttpRequestError", "TimeoutError"].includes((inner as Error).name)) !== null) {
      const message = `${shown(url)} does not answer: check the URL and that the node runs`;
      throw new CliError("RPC_UNREACHABLE", message, { data, cause: error });
    }
    const refused = error.walk((inner) => inner instanceof RpcRequestError);
    if (!(refused instanceof RpcRequestError)) throw error;
    throw new CliError("RPC_ERROR", `${shown(url)} refuses: ${refused.details}`, { data, cause: error });
  }
}
