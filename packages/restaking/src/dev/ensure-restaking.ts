import { join } from "node:path";
import { type KeyMaker, keyInfo } from "@altlayer/sdk";
import {
  type Address,
  bytesToHex,
  concat,
  getAddress,
  type Hex,
  hexToBytes,
  keccak256,
  type PublicClient,
  parseEther,
  stringToHex,
} from "viem";
import { type LocalAccount, privateKeyToAccount } from "viem/accounts";
import { type Batch, type PlannedCall, revertedOf, type Sending, sendBatches } from "../batch.ts";
import { abiOf } from "../deployment.ts";
import { RestakingError } from "../errors.ts";
import type { RollupTiming } from "../presets.ts";
import { type MachServiceFile, serviceFileJson } from "../service-file.ts";
import type { Rollup } from "../services.ts";
import { operatorCalls } from "./operators.ts";
import { type Foundation, type Plan, planDeployment } from "./plan.ts";
import { type DeploymentRecord, readRecord, writeWhole } from "./record.ts";
import { type DevDelays, developmentTerms } from "./terms.ts";

export interface EnsureRestakingOptions {
  /** Keeps `restaking.json`, the record, and `mach.json`, the result. */
  readonly directory: string;
  readonly rollup: Rollup;
  readonly timing: RollupTiming;
  /** Deploys and administers; used by nobody else meanwhile. Public test keys, on development chains only. */
  readonly deployerKey: Hex;
  /** L1 accounts of the operators. Their BLS seeds are derived from the same keys. */
  readonly operatorKeys: readonly Hex[];
  /** Get a million ALT each. */
  readonly holders?: readonly Address[];
  /** The deployer owns the rollup's SystemConfig: name the suite canonical. */
  readonly nominate?: boolean;
  /** Of the core: what a development chain may have shorter, or a test. */
  readonly delays?: DevDelays;
  /** Core, ALT and factory that stand already (`ensureFoundation`); the deployer then needs ALT (`grantAlt`). */
  readonly core?: Foundation;
}

export interface RestakingDependencies {
  readonly publicClient: PublicClient;
  readonly bn254: KeyMaker;
  readonly onProgress?: (text: string) => void;
  readonly sending?: Sending;
}

export interface DevOperator {
  readonly address: Address;
  readonly privateKey: Hex;
  /** 32 bytes, for `deriveSecret(seed, keyInfo(set))`. */
  readonly blsSeed: Hex;
  readonly blsSecret: Hex;
}

export interface Restaking {
  readonly service: MachServiceFile;
  readonly file: string;
  readonly operators: readonly DevOperator[];
  /** It stood already. */
  readonly resumed: boolean;
}

const SERVICE_FILE = "mach.json";
const RECORD_FILE = "restaking.json";
/** Of an operator, besides its stake. */
const OPERATOR_BALANCE = parseEther("10");
const ROUNDS_MAX = 3;

/**
 * The restaking of a development rollup: core, ALT, factory, suite, and operators with keys and stake that have joined
 * a service that has started. All transactions are sent before the first is mined: one L1 block holds them, two where
 * the operators need ether first. Does nothing where it stands; goes on where it was interrupted.
 * @throws RestakingError `RECORD_MISMATCH` where the L1 is another one than the record's, `TRANSACTION_REVERTED`.
 */
export async function ensureRestaking(
  options: EnsureRestakingOptions,
  { publicClient, bn254, onProgress = () => {}, sending = {} }: RestakingDependencies,
): Promise<Restaking> {
  const { accountOf = privateKeyToAccount } = sending;
  const deployer = accountOf(options.deployerKey);
  const accounts = options.operatorKeys.map((key) => accountOf(key));
  const terms = developmentTerms(options.timing, options.delays);
  const recordFile = join(options.directory, RECORD_FILE);
  let record = await readRecord(recordFile);
  const begun = record !== undefined;
  if (record === undefined) {
    await fund(deployer, accounts, terms.lstStake + OPERATOR_BALANCE, publicClient);
    record = {
      version: 1,
      deployer: deployer.address,
      firstNonce: await nonceOf(deployer, publicClient),
      fromBlock: Number(await publicClient.getBlockNumber()),
      operators: await Promise.all(
        accounts.map(async (account) => ({
          address: account.address,
          firstNonce: await nonceOf(account, publicClient),
        })),
      ),
    };
    await writeWhole(recordFile, `${JSON.stringify(record, null, 2)}\n`);
  }
  checkRecord(record, deployer, accounts);

  const l1ChainId = await publicClient.getChainId();
  const plan = planDeployment({
    l1ChainId,
    rollup: { ...options.rollup, systemConfig: getAddress(options.rollup.systemConfig.toLowerCase()) },
    deployer: deployer.address,
    firstNonce: record.firstNonce,
    fromBlock: record.fromBlock,
    terms,
    operators: accounts.map(({ address }) => address),
    holders: options.holders ?? [],
    nominate: options.nominate === true,
    ...(options.core === undefined ? {} : { core: options.core }),
  });
  const { service } = plan;
  const file = join(options.directory, SERVICE_FILE);
  const set = { l1ChainId, avs: service.suite.registrar, operatorSetId: 0 };
  const operators = options.operatorKeys.map((key) => devOperator(key, set, bn254));
  const resumed = begun && (await hasStarted(service, publicClient));
  if (!resumed) {
    onProgress("deploying the restaking core, ALT and the MACH service");
    const joining = operators.map(({ address, blsSecret }) =>
      operatorCalls({ operator: address, secret: hexToBytes(blsSecret), service, terms }, bn254),
    );
    await deploy({ plan, joining, record, deployer, accounts, sending }, publicClient);
    if (!(await hasStarted(service, publicClient))) {
      throw new RestakingError("RECORD_MISMATCH", `the L1 does not hold what ${recordFile} says: begin anew`, {
        record: recordFile,
      });
    }
  }
  await writeWhole(file, serviceFileJson(service));
  return { service, file, operators, resumed };
}

interface Work {
  readonly plan: Pick<Plan, "deployment" | "start">;
  readonly joining: readonly (readonly PlannedCall[])[];
  readonly record: DeploymentRecord;
  readonly deployer: LocalAccount;
  readonly accounts: readonly LocalAccount[];
  readonly sending: Sending;
}

/** Sends what the nonces say is missing. What reverted, since a block was sorted otherwise, is tried again. */
export async function deploy(
  { plan, joining, record, deployer, accounts, sending }: Work,
  publicClient: PublicClient,
): Promise<void> {
  const sentBefore = async (account: LocalAccount, first: number) => (await nonceOf(account, publicClient)) - first;
  const done = await sentBefore(deployer, record.firstNonce);
  const batches: Batch[] = [
    batch(deployer, record.firstNonce, plan.deployment, done, 2),
    ...(await Promise.all(
      accounts.map(async (account, i) => {
        const first = record.operators[i]!.firstNonce;
        return batch(account, first, joining[i]!, await sentBefore(account, first), 1);
      }),
    )),
    batch(
      deployer,
      record.firstNonce + plan.deployment.length,
      plan.start,
      Math.max(0, done - plan.deployment.length),
      0,
    ),
  ];
  let failed = await revertedOf(await sendBatches(batches, publicClient, sending), publicClient);
  for (let round = 1; failed.length > 0 && round < ROUNDS_MAX; round++) {
    const again = new Map<Batch, PlannedCall[]>();
    for (const { batch, call } of failed) again.set(batch, [...(again.get(batch) ?? []), call]);
    const batches: Batch[] = [];
    for (const [{ account, rank }, calls] of again) {
      batches.push({ account, rank, calls, nonce: await nonceOf(account, publicClient) });
    }
    failed = await revertedOf(await sendBatches(batches, publicClient, sending), publicClient);
  }
  const [first] = failed;
  if (first !== undefined) {
    throw new RestakingError("TRANSACTION_REVERTED", `${first.call.label} of the deployment reverted`, {
      hash: first.hash,
      from: first.batch.account.address,
    });
  }
}

function batch(account: LocalAccount, first: number, calls: readonly PlannedCall[], done: number, rank: number): Batch {
  return { account, rank, nonce: first + done, calls: calls.slice(done) };
}

/** The dev chain's own accounts have ether; others get it, one block earlier. */
async function fund(from: LocalAccount, to: readonly LocalAccount[], wei: bigint, publicClient: PublicClient) {
  const balances = await Promise.all(to.map(({ address }) => publicClient.getBalance({ address })));
  const calls = to
    .filter((_, i) => balances[i]! < wei)
    .map(({ address }): PlannedCall => ({ label: "fund", to: address, data: "0x", valueWei: wei, gas: 21_000n }));
  if (calls.length === 0) return;
  const nonce = await nonceOf(from, publicClient);
  const sent = await sendBatches([{ account: from, nonce, calls, rank: 0 }], publicClient);
  const [failed] = await revertedOf(sent, publicClient);
  if (failed !== undefined) throw new RestakingError("TRANSACTION_REVERTED", "funding the operators reverted");
}

export function nonceOf({ address }: LocalAccount, publicClient: PublicClient): Promise<number> {
  return publicClient.getTransactionCount({ address, blockTag: "pending" });
}

function checkRecord(record: DeploymentRecord, deployer: LocalAccount, accounts: readonly LocalAccount[]): void {
  const recorded = [record.deployer, ...record.operators.map(({ address }) => address)].join();
  const given = [deployer, ...accounts].map(({ address }) => address).join();
  if (recorded === given) return;
  throw new RestakingError("RECORD_MISMATCH", "the deployment was begun by other accounts: begin anew", {
    recorded,
    given,
  });
}

async function hasStarted({ suite }: MachServiceFile, publicClient: PublicClient): Promise<boolean> {
  const code = await publicClient.getCode({ address: suite.table });
  if (code === undefined) return false;
  const startBlock = await publicClient.readContract({
    address: suite.table,
    abi: abiOf("OperatorTable"),
    functionName: "startBlock",
  });
  return startBlock !== 0n;
}

/** An operator by its L1 key, from which its BLS key follows. */
export function devOperator(privateKey: Hex, set: Parameters<typeof keyInfo>[0], keys: KeyMaker): DevOperator {
  const { address } = privateKeyToAccount(privateKey);
  const blsSeed = keccak256(concat([stringToHex("altlayer development BLS seed"), privateKey]));
  const secret = keys.deriveSecret(hexToBytes(blsSeed), keyInfo(set));
  return { address, privateKey, blsSeed, blsSecret: bytesToHex(secret) };
}
