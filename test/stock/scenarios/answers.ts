import { createPublicClient, createWalletClient, encodeFunctionData, type Hex, http, parseAbi } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { type Question, requireEqualAnswers } from "../answers.ts";
import { startAnvilL1 } from "../anvil.ts";
import { deployTestChain, type Fork, KEYS, type TestChain } from "../chain.ts";
import { waitForHeight } from "../compare.ts";
import { StockError } from "../errors.ts";
import { startOpGeth } from "../nodes.ts";
import { startOurNode } from "../our-node.ts";
import { call } from "../program.ts";
import type { Scenario } from "../scenario.ts";
import { depositEther } from "./stock-sequences.ts";

/** Counts its calls with data in slot 0, logs the count and returns it; without data returns it (test/stories). */
const COUNTER: Hex = "0x6024600a5f3960245ff3366010575f545f5260205ff3000000005b5f54600101805f555f52600160205fa160205ff3";
const MULTICALL: Hex = "0xca11bde05977b3631167028862be2a173976ca11";
const CREATE2_DEPLOYER: Hex = "0x4e59b44847b379578588920ca78fbf26c0b4956c";
const NOWHERE: Hex = "0x00000000000000000000000000000000000000aa";
const POOR: Hex = "0xdddddddddddddddddddddddddddddddddddddddd";
const SHA256: Hex = "0x0000000000000000000000000000000000000002";
const ZERO: Hex = `0x${"00".repeat(32)}`;
const ONE: Hex = `0x${"00".repeat(31)}01`;
const multicall = parseAbi([
  "struct Call { address target; bool allowFailure; uint256 value; bytes callData; }",
  "function aggregate3Value(Call[] calls) payable",
]);
const portal = parseAbi([
  "function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes data) payable",
]);
const quantity = (value: number | bigint): Hex => `0x${value.toString(16)}`;

/** Blocks that hold something of each kind, at both nodes; then every read of ours is held against op-geth's. */
export function answersAreOpGeths(fork: Fork): Scenario {
  return {
    name: `our JSON-RPC answers what op-geth answers (${fork})`,
    async run(context) {
      const l1 = context.started(await startAnvilL1({ hardfork: "prague" }));
      const chain = await deployTestChain({ l1: { rpcUrl: l1.url, privateKey: KEYS.owner.key }, fork });
      const ours = await startOurNode(context, {
        name: "ours",
        chain,
        l1Url: l1.url,
        sequencer: true,
        batcher: { dataAvailability: "calldata", batches: "span" },
        config: { engine: { kind: "embedded", history: "archive" } },
      });
      const url = ours.rpc?.httpUrl;
      if (url === undefined) throw new StockError("START_FAILED", "our node serves no RPC");
      await depositEther(l1.url, chain);
      await deposits(l1.url, chain);
      const { counter, last } = await traffic(url);
      const oracle = context.started(
        await startOpGeth({ directory: context.directory, genesis: chain.genesis.genesis }),
      );
      await startOurNode(context, { name: "over", chain, l1Url: l1.url, over: oracle });
      // Deposits come a little later than the transactions.
      const height = await waitForHeight(oracle.url, "safe", last + 6, { programs: [oracle] });
      const questions = [
        ...(await questionsOfBlocks(oracle.url, height)),
        ...questionsOfCalls(counter, height),
        ...questionsOfFilters(counter, height),
        ...wrongQuestions(),
      ];
      await requireEqualAnswers(url, oracle.url, questions);
      context.note(`${questions.length} equal answers over ${height} blocks`);
    },
  };
}

async function traffic(url: string): Promise<{ counter: Hex; last: number }> {
  const account = privateKeyToAccount(KEYS.user.key);
  const reader = createPublicClient({ transport: http(url), pollingInterval: 200 });
  const wallet = createWalletClient({ account, transport: http(url) });
  const send = async (request: object) => {
    const hash = await wallet.sendTransaction({ chain: null, gas: 500_000n, ...request } as never);
    return reader.waitForTransactionReceipt({ hash });
  };
  const counter = (await send({ data: COUNTER })).contractAddress ?? "0x";
  const accessList = [{ address: counter, storageKeys: [ZERO, ONE] }];
  const calls = (targets: readonly { target: Hex; callData: Hex; allowFailure: boolean; value: bigint }[]) =>
    encodeFunctionData({ abi: multicall, functionName: "aggregate3Value", args: [targets] });
  await send({ to: NOWHERE, value: 1n, type: "legacy" });
  await send({ to: counter, data: "0x01", type: "eip2930", accessList });
  await send({ to: counter, data: "0x01", accessList });
  const nested = { allowFailure: true, value: 0n, callData: "0x01" } as const;
  const inner = [
    { ...nested, target: counter },
    { ...nested, target: NOWHERE, value: 5n },
    { ...nested, target: SHA256 },
    { ...nested, target: MULTICALL, callData: "0xdeadbeef" as const },
  ];
  await send({ to: MULTICALL, value: 5n, data: calls(inner) });
  await send({ to: MULTICALL, data: calls([{ ...nested, target: MULTICALL, allowFailure: false }]) });
  // A contract that is gone within its own creation.
  await send({ data: "0x6000ff", value: 3n });
  const last = await send({ to: CREATE2_DEPLOYER, data: `${ONE}${COUNTER.slice(2)}` });
  return { counter: counter.toLowerCase() as Hex, last: Number(last.blockNumber) };
}

/** A deposit that mints, one that fails, one that creates. */
async function deposits(l1Url: string, chain: TestChain): Promise<void> {
  const account = privateKeyToAccount(KEYS.challenger.key);
  const reader = createPublicClient({ transport: http(l1Url), pollingInterval: 200 });
  const wallet = createWalletClient({ account, transport: http(l1Url) });
  for (const [to, value, isCreation, data] of [
    [NOWHERE, 7n, false, "0x"],
    [MULTICALL, 0n, false, "0xdeadbeef"],
    [`0x${"00".repeat(20)}`, 0n, true, COUNTER],
  ] as const) {
    const hash = await wallet.writeContract({
      chain: null,
      address: chain.deployment.addresses.OptimismPortalProxy,
      abi: portal,
      functionName: "depositTransaction",
      args: [to, value, 400_000n, isCreation, data],
      value,
    });
    await reader.waitForTransactionReceipt({ hash });
  }
}

// Without storage: revm-inspectors leaves out what SLOAD reads from a slot that an access list made warm. The limit is in bytes
// of the answer, so that only its first step is the same in each release.
const TRACERS: readonly object[] = [
  { disableStorage: true },
  { enableMemory: true, enableReturnData: true, disableStorage: true },
  { disableStack: true, disableStorage: true },
  { limit: 1 },
  { tracer: "callTracer" },
  { tracer: "callTracer", tracerConfig: { withLog: true } },
  { tracer: "callTracer", tracerConfig: { onlyTopCall: true } },
  { tracer: "prestateTracer" },
  { tracer: "prestateTracer", tracerConfig: { diffMode: true } },
  { tracer: "4byteTracer" },
  { tracer: "flatCallTracer" },
  { tracer: "muxTracer", tracerConfig: { callTracer: {}, prestateTracer: {} } },
];

async function questionsOfBlocks(url: string, height: number): Promise<Question[]> {
  const questions: Question[] = [];
  const add = (method: string, ...params: unknown[]) => void questions.push({ method, params });
  for (let number = 0; number <= height; number++) {
    const at = quantity(number);
    const { hash, transactions } = await call<{ hash: Hex; transactions: Hex[] }>(url, "eth_getBlockByNumber", [
      at,
      false,
    ]);
    add("eth_getBlockByNumber", at, false);
    add("eth_getBlockByHash", hash, true);
    add("eth_getHeaderByNumber", at);
    add("eth_getBlockReceipts", { blockHash: hash, requireCanonical: true });
    add("eth_getBlockTransactionCountByNumber", at);
    for (const method of ["debug_getRawHeader", "debug_getRawBlock", "debug_getRawReceipts"]) add(method, at);
    add("eth_feeHistory", "0x4", at, []);
    add("eth_getProof", "0x4200000000000000000000000000000000000015", ["0x0", "0x1", ONE], at);
    for (const transaction of transactions) {
      for (const method of ["eth_getTransactionByHash", "eth_getTransactionReceipt", "eth_getRawTransactionByHash"]) {
        add(method, transaction);
      }
    }
    // The L1 attributes' deposit alone is traced once: all are alike.
    if (number === 0 || (number > 1 && transactions.length === 1)) continue;
    for (const tracer of TRACERS) add("debug_traceBlockByNumber", at, tracer);
  }
  return questions;
}

function questionsOfCalls(counter: Hex, height: number): Question[] {
  const from = KEYS.user.address;
  const code = (hex: string) => ({ from, data: `0x${hex}60005260206000f3` });
  const environment = ["41", "42", "43", "44", "45", "46", "48", "4a", "32", "3a", "6001430340"].map(code);
  const calls: object[] = [
    { from, to: counter },
    { from, to: counter, data: "0x01" },
    { from, to: counter, input: "0x01", data: "0x01" },
    { from, to: NOWHERE, value: "0x1" },
    { from: POOR, to: NOWHERE, value: "0x1" },
    { from, to: counter, gas: "0x5208" },
    { from, data: "0x60016000fd" },
    { from, data: "0x6001600055" },
    { from, to: counter, gasPrice: "0x77359400" },
    { from, to: counter, maxFeePerGas: "0x77359400", maxPriorityFeePerGas: "0x1" },
    { from, to: counter, maxFeePerGas: "0x1" },
    { from, to: counter, gasPrice: "0x1", maxFeePerGas: "0x1" },
    { from, to: counter, nonce: "0xffff" },
    { from, to: counter, chainId: "0x1" },
    { from, to: counter, accessList: [{ address: counter, storageKeys: [ZERO] }] },
    { from, to: "0x4200000000000000000000000000000000000015", data: "0x8381f58a" },
    ...environment,
  ];
  const overrides: object[] = [
    { [counter]: { state: { [ZERO]: ONE } } },
    { [counter]: { stateDiff: { [ZERO]: ONE } } },
    { [counter]: { code: "0x60aa60005260206000f3" } },
    { [POOR]: { balance: "0xffffffffffff" } },
    { [counter]: { state: {}, stateDiff: {} } },
    { [SHA256]: { movePrecompileToAddress: NOWHERE } },
    { [SHA256]: { code: "0x60aa60005260206000f3" } },
    { [NOWHERE]: { movePrecompileToAddress: POOR } },
    {},
  ];
  const blocks: object[] = [{ number: "0x5" }, { time: "0x5" }, { feeRecipient: NOWHERE }, { prevRandao: ONE }];
  const questions: Question[] = [];
  const add = (method: string, ...params: unknown[]) => void questions.push({ method, params });
  for (const at of [quantity(height), quantity(Math.ceil(height / 2))]) {
    for (const request of calls) {
      add("eth_call", request, at);
      // Tracing words a call that cannot begin in its own way.
      if (cannotBegin(request)) continue;
      add("debug_traceCall", request, at, { tracer: "callTracer" });
      // A creation that fails leaves its address in our state before it.
      if ("to" in request) add("debug_traceCall", request, at, { tracer: "prestateTracer" });
    }
  }
  const at = quantity(height);
  for (const request of calls) if (!cannotBegin(request)) add("eth_estimateGas", request, at);
  for (const request of calls.slice(0, 4)) add("eth_createAccessList", request, at);
  const targets = [
    { from, to: counter },
    { from, to: NOWHERE, data: "0x1234" },
    { from, to: SHA256, data: "0x12" },
  ];
  for (const override of overrides) {
    for (const request of [...targets, { from: POOR, to: NOWHERE, value: "0x10" }]) {
      add("eth_call", request, at, override);
      // This op-geth moves no precompile in traces.
      if (cannotBegin(request) || SHA256 in override) continue;
      add("debug_traceCall", request, at, { tracer: "callTracer", stateOverrides: override });
    }
  }
  for (const override of blocks) for (const request of environment) add("eth_call", request, at, {}, override);
  return questions;
}

/** Whether a call of `questionsOfCalls` lacks the money or the price to begin at all. */
const cannotBegin = (request: object): boolean =>
  ("from" in request && request.from === POOR) || ("maxFeePerGas" in request && request.maxFeePerGas === "0x1");

function questionsOfFilters(counter: Hex, height: number): Question[] {
  const range = { fromBlock: "0x0", toBlock: quantity(height) };
  const filters: object[] = [
    range,
    { ...range, address: counter },
    { ...range, address: [counter, MULTICALL] },
    ...[[ONE], [null, ONE], [[ONE, ZERO]], [[]], [null], [null, null, null, null, null]].map((topics) => ({
      ...range,
      topics,
    })),
    { fromBlock: quantity(height), toBlock: "0x1" },
    { fromBlock: "0xfffffff" },
    { fromBlock: "0x0", toBlock: "pending" },
    { blockHash: ONE },
    { blockHash: ONE, fromBlock: "0x1" },
  ];
  return filters.map((filter) => ({ method: "eth_getLogs", params: [filter] }));
}

/** Requests that are wrong in ways that client libraries know go-ethereum's words for. */
function wrongQuestions(): Question[] {
  const address = KEYS.user.address;
  const wrong: readonly [string, ...unknown[]][] = [
    ["eth_nothing"],
    ["eth_getBalance"],
    ["eth_getBalance", "0x12", "latest"],
    ["eth_getBalance", 7, "latest"],
    ["eth_getBalance", address, "0x01"],
    ["eth_getBalance", address, 1],
    ["eth_getBalance", address, "0xffffffffffffffff"],
    ["eth_getBalance", address, "0xfffffff"],
    ["eth_getBalance", address, { blockHash: ONE }],
    ["eth_getBalance", address, { blockHash: ONE, requireCanonical: true }],
    ["eth_getBalance", address, { blockHash: ONE, blockNumber: "0x1" }],
    ["eth_getBlockByNumber", "0xffffffffffffffff", false],
    ["eth_getBlockByNumber", "0xfffffff", false],
    ["eth_getBlockByHash", ONE, false],
    ["eth_getTransactionByHash", ONE],
    ["eth_getTransactionReceipt", ONE],
    ["eth_getRawTransactionByHash", ONE],
    ["eth_feeHistory", "0x5", "0x1", [-1]],
    ["eth_feeHistory", "0x5", "0x1", [101]],
    ["eth_feeHistory", "0x5", "0x1", [50, 10]],
    ["eth_sendRawTransaction", "0x123"],
    ["eth_getFilterChanges", "0x1"],
    ["eth_getFilterLogs", "0x1"],
    ["eth_uninstallFilter", "0x1"],
    ["debug_traceBlockByNumber", "0x0"],
    ["web3_sha3", "0x1234"],
    ["net_version"],
    ["eth_chainId"],
    ["eth_accounts"],
  ];
  return wrong.map(([method, ...params]) => ({ method, params }));
}
