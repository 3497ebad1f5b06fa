import { join } from "node:path";
import { type Address, encodeFunctionData, erc20Abi, type Hex, type PublicClient } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { type Sending, sendBatches } from "../batch.ts";
import { RestakingError } from "../errors.ts";
import type { RollupTiming } from "../presets.ts";
import { deploy, nonceOf } from "./ensure-restaking.ts";
import { altOf, type Foundation, planFoundation } from "./plan.ts";
import { readRecord, writeWhole } from "./record.ts";
import { developmentTerms } from "./terms.ts";

const RECORD_FILE = "foundation.json";

/**
 * Core, ALT and factory of a development network, which all its services share. Does nothing where they stand; goes on
 * where it was interrupted.
 * @param options.directory keeps `foundation.json`, the record.
 * @param options.deployerKey has ether; used by nobody else meanwhile.
 * @throws RestakingError `RECORD_MISMATCH` where the L1 is another one than the record's, `TRANSACTION_REVERTED`.
 */
export async function ensureFoundation(
  options: { readonly directory: string; readonly timing: RollupTiming; readonly deployerKey: Hex },
  publicClient: PublicClient,
  sending: Sending = {},
): Promise<Foundation> {
  const { accountOf = privateKeyToAccount } = sending;
  const deployer = accountOf(options.deployerKey);
  const file = join(options.directory, RECORD_FILE);
  let record = await readRecord(file);
  if (record === undefined) {
    record = {
      version: 1,
      deployer: deployer.address,
      firstNonce: await nonceOf(deployer, publicClient),
      fromBlock: Number(await publicClient.getBlockNumber()),
      operators: [],
    };
    await writeWhole(file, `${JSON.stringify(record, null, 2)}\n`);
  }
  const mismatch = (problem: string) => new RestakingError("RECORD_MISMATCH", `${file} ${problem}`, { record: file });
  if (record.deployer !== deployer.address) throw mismatch("was begun by another account: begin anew");
  const { firstNonce, fromBlock } = record;
  const foundation: Foundation = { deployer: deployer.address, firstNonce, fromBlock };
  const deployment = planFoundation(foundation, developmentTerms(options.timing));
  const done = (await publicClient.getTransactionCount({ address: deployer.address })) - firstNonce;
  if (done < deployment.length) {
    const plan = { deployment, start: [] };
    await deploy({ plan, joining: [], record, deployer, accounts: [], sending }, publicClient);
  }
  if ((await publicClient.getCode({ address: altOf(foundation) })) === undefined) {
    throw mismatch("says what the L1 does not hold: begin anew");
  }
  return foundation;
}

/** Mined before what the deployer of a service sends, where they share a block. */
const GRANT_RANK = 3;

/**
 * Sends ALT to the deployer of one service, unless it holds as much. Does not wait: what spends it may be sent at once,
 * and reverts where the supply was spent.
 * @param options.amount in wei of ALT.
 */
export async function grantAlt(
  options: {
    readonly foundation: Foundation;
    readonly deployerKey: Hex;
    readonly to: Address;
    readonly amount: bigint;
  },
  publicClient: PublicClient,
): Promise<void> {
  const { foundation, to, amount } = options;
  const alt = altOf(foundation);
  const held = await publicClient.readContract({ address: alt, abi: erc20Abi, functionName: "balanceOf", args: [to] });
  if (held >= amount) return;
  const account = privateKeyToAccount(options.deployerKey);
  const data = encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [to, amount - held] });
  const call = { label: "transfer", to: alt, data, gas: 150_000n };
  const nonce = await nonceOf(account, publicClient);
  await sendBatches([{ account, nonce, calls: [call], rank: GRANT_RANK }], publicClient);
}
