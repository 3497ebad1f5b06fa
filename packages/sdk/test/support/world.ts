import { bn254 } from "@altlayer/engine";
import {
  BLOCK,
  encodeCertificate,
  epochBlock,
  epochOf,
  MachDigests,
  type Message,
  rollupId,
  SLICE,
  TableTree,
  tableCommitment,
  ZERO_HASH,
} from "@altlayer/protocol";
import {
  abiOf,
  type CoreAddresses,
  createSuite,
  deployCore,
  deployServices,
  type ServiceAddresses,
  type SuiteAddresses,
} from "@altlayer/restaking";
import {
  type Abi,
  type Address,
  bytesToHex,
  concat,
  createPublicClient,
  createWalletClient,
  type Hex,
  hexToBytes,
  http,
  keccak256,
  numberToHex,
  type PublicClient,
  parseEther,
  toBytes,
  toHex,
} from "viem";
import { type Account, mnemonicToAccount } from "viem/accounts";
import { anvil as chain } from "viem/chains";
import { type Anvil, startAnvil } from "../../../deployer/test/anvil.ts";
import { receiptOf } from "../../src/staking/receipt.ts";

const MNEMONIC = "test test test test test test test test test test test junk";
const SYSTEM_CONFIG: Address = "0x00000000000000000000000000000000000000c5";
const WINDOWS = { k: 1, epochLength: 4, undecided: 20, certificateAge: 32, evidenceWindow: 32, pauseSlack: 8 };
const ZERO = `0x${"00".repeat(20)}`;
const hashBytes = (bytes: Uint8Array): Uint8Array => keccak256(bytes, "bytes");

interface Operator {
  readonly account: Account;
  readonly secret: Uint8Array;
  readonly keys: { readonly g1: Uint8Array; readonly g2: Uint8Array };
  readonly stake: bigint;
}

/** A MACH service on a real L1, and operators with stake that sign what a test asks for. */
export interface World {
  readonly anvil: Anvil;
  readonly l1: PublicClient;
  readonly core: CoreAddresses;
  readonly services: ServiceAddresses;
  readonly suite: SuiteAddresses;
  readonly strategy: Address;
  readonly rollup: { readonly systemConfig: Address; readonly l2ChainId: bigint; readonly l2GenesisHash: Hex };
  readonly rollupId: Hex;
  readonly startBlock: number;
  readonly operators: readonly Operator[];
  readonly digests: MachDigests;
  send(from: Account, to: Address, abi: Abi, name: string, args: readonly unknown[]): Promise<void>;
  mine(blocks: number): Promise<void>;
  /** A message about an L2 block whose origin is the L1's newest block, its epoch's table committed. */
  message(fields?: MessageFields): Promise<Message>;
  /** The message signed by the operators at these indices: a certificate record as nodes give it. */
  certify(message: Message, signers: readonly number[]): CertificateJson;
  stop(): Promise<void>;
}

export interface MessageFields {
  readonly height?: number;
  readonly kind?: 1 | 2;
  readonly blockHash?: Hex;
  readonly transactionRoot?: Hex;
  readonly transactionCount?: number;
  readonly parentHash?: Hex;
  readonly base?: { readonly height: number; readonly blockHash: Hex };
}

/** What `mach_getCertificate` answers, as JSON. */
export type CertificateJson = Readonly<Record<string, unknown>> & {
  readonly digest: Hex;
  readonly certificate: Hex;
  readonly table: Record<string, unknown>;
  readonly absent: readonly Record<string, unknown>[];
};

export async function startWorld({
  stakes = [30n, 30n, 20n, 10n],
  deallocationDelay = 200,
}: {
  readonly stakes?: readonly bigint[];
  readonly deallocationDelay?: number;
} = {}): Promise<World> {
  const anvil = await startAnvil();
  const transport = http(anvil.url);
  const l1 = createPublicClient({ chain, transport, pollingInterval: 10 });
  const accounts = Array.from({ length: stakes.length + 1 }, (_, i) =>
    mnemonicToAccount(MNEMONIC, { addressIndex: i }),
  );
  const [deployer, ...staking] = accounts as unknown as [Account, ...Account[]];
  const clients = { publicClient: l1, walletClient: createWalletClient({ chain, transport, account: deployer }) };
  const send: World["send"] = async (account, address, abi, functionName, args) => {
    const wallet = createWalletClient({ chain, transport, account });
    const hash = await wallet.writeContract({ address, abi, functionName, args, chain, account });
    const receipt = await receiptOf(hash, l1);
    if (receipt.status !== "success") throw new TypeError(`${functionName} reverted`);
  };
  const read = <T>(address: Address, abi: Abi, functionName: string, args: readonly unknown[] = []) =>
    l1.readContract({ address, abi, functionName, args }) as Promise<T>;

  const core = await deployCore({ deallocationDelay }, clients);
  const services = await deployServices({ core, timelockDelayS: 0n, altSupply: parseEther("1000") }, clients);
  const factory = abiOf("StrategyFactory");
  await send(deployer, core.strategyFactory, factory, "deployNewStrategy", [services.alt]);
  const strategy = await read<Address>(core.strategyFactory, factory, "deployedStrategies", [services.alt]);
  const rollup = { systemConfig: SYSTEM_CONFIG, l2ChainId: 901n, l2GenesisHash: keccak256(toHex("genesis")) };
  const { suite } = await createSuite(
    {
      factory: services.factory,
      rollup,
      timelock: services.timelock,
      salt: keccak256(toHex("salt")),
      mach: {
        windows: WINDOWS,
        strategies: [{ strategy, class: 0, multiplier: 10n ** 18n }],
        minimum: [parseEther("1")],
        slashWad: 10n ** 18n,
        rewardToken: services.alt,
        ratePerEpoch: parseEther("1"),
        bounty: parseEther("5"),
        bountyPeriod: 50,
        bountyClaims: 10,
        allowShortDelay: true,
        metadataURI: "ipfs://mach",
      },
    },
    clients,
  );

  const am = abiOf("IAllocationManager");
  const set = { avs: suite.registrar, id: 0 };
  const operators: Operator[] = [];
  for (const [i, account] of staking.entries()) {
    const secret = bn254.deriveSecret(toBytes(keccak256(toHex(`seed ${i}`))), toBytes("altlayer/mach/0"));
    const keys = bn254.publicKeys(secret);
    const stake = parseEther(String(stakes[i]));
    const keyData = concat([bytesToHex(keys.g1), bytesToHex(keys.g2)]);
    const registrar = abiOf("KeyRegistrar");
    const digest = await read<Hex>(core.keyRegistrar, registrar, "getBN254KeyRegistrationMessageHash", [
      account.address,
      set,
      keyData,
    ]);
    const proof = bytesToHex(bn254.sign(secret, toBytes(digest)));
    await send(deployer, services.alt, abiOf("ALT"), "transfer", [account.address, stake]);
    await send(account, core.delegationManager, abiOf("DelegationManager"), "registerAsOperator", [ZERO, 0, ""]);
    await send(account, services.alt, abiOf("ALT"), "approve", [core.strategyManager, stake]);
    await send(account, core.strategyManager, abiOf("StrategyManager"), "depositIntoStrategy", [
      strategy,
      services.alt,
      stake,
    ]);
    const allocation = [{ operatorSet: set, strategies: [strategy], newMagnitudes: [10n ** 18n] }];
    await send(account, core.allocationManager, am, "modifyAllocations", [account.address, allocation]);
    await send(account, core.keyRegistrar, registrar, "registerKey", [account.address, set, keyData, proof]);
    await send(account, core.allocationManager, am, "registerForOperatorSets", [
      account.address,
      { avs: suite.registrar, operatorSetIds: [0], data: "0x" },
    ]);
    operators.push({ account, secret, keys, stake });
  }
  await send(deployer, suite.registrar, abiOf("MachRegistrar"), "start", []);
  const startBlock = Number(await read<bigint>(suite.table, abiOf("OperatorTable"), "startBlock"));

  const mine = async (blocks: number) => {
    await (l1.request as (args: unknown) => Promise<unknown>)({ method: "anvil_mine", params: [numberToHex(blocks)] });
  };
  const id = rollupId({ ...rollup, l2ChainId: Number(rollup.l2ChainId) }, hashBytes);
  const schedule = { startBlock, depth: WINDOWS.k, epochLength: WINDOWS.epochLength };
  const domain = { l1ChainId: chain.id, avs: suite.registrar, operatorSetId: 0, rollupId: id };
  const digests = new MachDigests(domain, { keccak256: hashBytes });
  const entries = new Map(
    operators.map(({ account, keys, stake }, i) => [
      i,
      { operator: account.address, key: bytesToHex(keys.g1), weights: [stake] },
    ]),
  );
  const depth = Math.ceil(Math.log2(operators.length));
  const tree = new TableTree(entries, { depth, keccak256: hashBytes });
  const aggregate = bytesToHex(bn254.sumG1(operators.map(({ keys }) => keys.g1)) as Uint8Array);
  const stakeOf = (indices: readonly number[]) => indices.reduce((sum, i) => sum + (operators[i]?.stake ?? 0n), 0n);
  const everybody = operators.map((_, i) => i);

  return {
    anvil,
    l1,
    core,
    services,
    suite,
    strategy,
    rollup,
    rollupId: id,
    startBlock,
    operators,
    digests,
    send,
    mine,
    message: async (fields = {}) => {
      // Past the first epoch's base, so that the epoch's block is over.
      if ((await l1.getBlockNumber()) < BigInt(startBlock + 2)) await mine(2);
      const origin = await l1.getBlock();
      const epoch = epochOf(Number(origin.number), schedule);
      const base = await l1.getBlock({ blockNumber: BigInt(epochBlock(epoch, schedule)) });
      const table = abiOf("OperatorTable");
      const [tableDepth, root, aggregateKey, oldest] = await read<[number, Hex, unknown, number]>(
        suite.table,
        table,
        "state",
      );
      await send(deployer, suite.table, table, "commit", [BigInt(epoch), tableDepth, root, aggregateKey, oldest]);
      const { height = 10, kind = BLOCK, blockHash = keccak256(toHex(`block ${height}`)) } = fields;
      return {
        kind,
        core: {
          height,
          timestamp: 1_700_000_000,
          originNumber: Number(origin.number),
          originHash: origin.hash,
          parentHash: fields.parentHash ?? keccak256(toHex(`block ${height - 1}`)),
          attributesHash: keccak256(toHex("attributes")),
          historyRoot: keccak256(toHex("history")),
          transactionCount: fields.transactionCount ?? 1,
          transactionRoot: fields.transactionRoot ?? keccak256(toHex("transactions")),
          blockHash: kind === SLICE ? ZERO_HASH : blockHash,
          outputRoot: kind === SLICE ? ZERO_HASH : keccak256(toHex("output")),
        },
        base: { epoch, l1Hash: base.hash, ...(fields.base ?? { height: 5, blockHash: keccak256(toHex("block 5")) }) },
      };
    },
    certify: (message, signers) => {
      const digest = digests.message(message);
      const of = signers.map((i) => operators[i] as Operator);
      const signature = bytesToHex(bn254.sumG1(of.map((o) => bn254.sign(o.secret, hexToBytes(digest)))) as Uint8Array);
      const aggregateKey = bytesToHex(bn254.sumG2(of.map((o) => o.keys.g2)) as Uint8Array);
      const weights = [stakeOf(everybody)];
      const header = { epoch: message.base.epoch, depth, root: tree.root, aggregateKey: aggregate };
      const commitment = tableCommitment({ ...header, active: weights, total: weights }, hashBytes);
      const certificate = { message, tableCommitment: commitment, signature, aggregateKey, signers, depth };
      const word = (value: Uint8Array) => numberToHex(BigInt(bytesToHex(value)));
      const name = (index: number) => ({
        index: numberToHex(index),
        operator: (operators[index] as Operator).account.address,
        weight: [numberToHex((operators[index] as Operator).stake)],
      });
      return {
        digest,
        kind: message.kind === BLOCK ? "block" : "slice",
        height: numberToHex(message.core.height),
        blockHash: message.kind === BLOCK ? message.core.blockHash : null,
        transactionCount: numberToHex(message.core.transactionCount),
        certificate: bytesToHex(encodeCertificate(certificate)),
        table: {
          epoch: numberToHex(header.epoch),
          depth: numberToHex(depth),
          root: tree.root,
          aggregateX: numberToHex(BigInt(aggregate.slice(0, 66))),
          aggregateY: numberToHex(BigInt(`0x${aggregate.slice(66)}`)),
          active: weights.map((weight) => numberToHex(weight)),
          total: weights.map((weight) => numberToHex(weight)),
        },
        signers: signers.map(name),
        absent: everybody
          .filter((i) => !signers.includes(i))
          .map((i) => {
            const { g1 } = (operators[i] as Operator).keys;
            const point = { g1x: word(g1.subarray(0, 32)), g1y: word(g1.subarray(32)) };
            return { ...name(i), ...point, path: tree.path(i) };
          }),
        signedWeight: [numberToHex(stakeOf(signers))],
        seenAt: numberToHex(1_700_000_000_000),
        void: null,
      };
    },
    stop: () => anvil.stop(),
  };
}
