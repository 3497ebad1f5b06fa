import { gunzipSync } from "node:zlib";
import { compileOwnContracts } from "@altlayer/contracts";
import { type Abi, encodeDeployData, encodeFunctionData, hexToBytes } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contractOf } from "../src/contracts.ts";
import { implementation, predeploy } from "../src/genesis/predeploys.ts";
import type { Hex } from "../src/index.ts";
import { buildL2Genesis, EIP1559_DEFAULTS, forkTimesAtGenesis, type GenesisOptions } from "../src/index.ts";
import { type Anvil, startAnvil } from "./anvil.ts";
import { ACCOUNTS } from "./fixtures.ts";

/**
 * The storage table in `src/genesis/predeploys.ts` is written by hand. Here the contracts themselves are the oracle: on a
 * scratch chain with the L2's id each is created by its constructor and initialized through its proxy, and whatever
 * storage that leaves must be what the table says; the same for the runtime code, immutables included.
 */
const L2_CHAIN_ID = 901;
const OWNER = ACCOUNTS.owner.address;
const VAULT_RECIPIENT: Hex = "0x00000000000000000000000000000000000fee00";
const DEPOSITOR: Hex = "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001";
const PROXY_ADMIN = predeploy(0x18);
const ADMIN_SLOT = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";
const L1 = {
  L1CrossDomainMessengerProxy: "0x1111111111111111111111111111111111111111",
  L1StandardBridgeProxy: "0x2222222222222222222222222222222222222222",
  L1ERC721BridgeProxy: "0x3333333333333333333333333333333333333333",
} as const;

const options: GenesisOptions = {
  l1ChainId: 31337,
  l2ChainId: L2_CHAIN_ID,
  anchor: { hash: `0x${"01".repeat(32)}`, number: 7, timestamp: 1_700_000_000 },
  addresses: L1 as unknown as GenesisOptions["addresses"],
  owner: OWNER,
  gasLimit: 60_000_000,
  forkTimes: forkTimesAtGenesis("holocene"),
  eip1559Defaults: EIP1559_DEFAULTS,
  feeVaults: {
    sequencer: { recipient: VAULT_RECIPIENT, minimumWithdrawalWei: 10n ** 19n, network: "L1" },
    baseFee: { recipient: VAULT_RECIPIENT, minimumWithdrawalWei: 7n, network: "L2" },
    l1Fee: { recipient: OWNER, minimumWithdrawalWei: 0n, network: "L2" },
  },
  governanceTokenOwner: OWNER,
};

/** Contract, its index, constructor arguments, and the call that initializes the proxy. */
const CONTRACTS: readonly (readonly [
  name: string,
  index: number,
  args: readonly unknown[],
  initialize?: readonly unknown[],
])[] = [
  ["LegacyMessagePasser", 0x00, []],
  ["DeployerWhitelist", 0x02, []],
  ["L2CrossDomainMessenger", 0x07, [], [L1.L1CrossDomainMessengerProxy]],
  ["GasPriceOracle", 0x0f, []],
  ["L2StandardBridge", 0x10, [], [L1.L1StandardBridgeProxy]],
  ["SequencerFeeVault", 0x11, [VAULT_RECIPIENT, 10n ** 19n, 0]],
  ["OptimismMintableERC20Factory", 0x12, [], [predeploy(0x10)]],
  ["L1BlockNumber", 0x13, []],
  ["L2ERC721Bridge", 0x14, [], [L1.L1ERC721BridgeProxy]],
  ["L1Block", 0x15, []],
  ["L2ToL1MessagePasser", 0x16, []],
  ["OptimismMintableERC721Factory", 0x17, [predeploy(0x14), 31337n]],
  ["ProxyAdmin", 0x18, [OWNER]],
  ["BaseFeeVault", 0x19, [VAULT_RECIPIENT, 7n, 1]],
  ["L1FeeVault", 0x1a, [OWNER, 0n, 1]],
  ["SchemaRegistry", 0x20, []],
  ["EAS", 0x21, []],
];
/** Their EIP-712 domain caches the address that created them, which on the scratch chain is another one. */
const CACHES_OWN_ADDRESS = ["EAS", "GovernanceToken"];

type Storage = Record<string, string>;

let anvil: Anvil;
const created = new Map<string, Hex>();
let dump: Map<string, Storage>;

async function rpc<T>(method: string, params: readonly unknown[]): Promise<T> {
  const response = await fetch(anvil.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result: T; error?: { message: string } };
  if (error !== undefined) throw new TypeError(`${method}: ${error.message}`);
  return result;
}

async function send(transaction: Record<string, unknown>): Promise<{ contractAddress: Hex }> {
  const hash = await rpc<Hex>("eth_sendTransaction", [{ gas: "0xe4e1c0", ...transaction }]);
  for (;;) {
    const receipt = await rpc<{ status: Hex; contractAddress: Hex } | null>("eth_getTransactionReceipt", [hash]);
    if (receipt === null) continue;
    expect(receipt.status).toBe("0x1");
    return receipt;
  }
}

async function as(from: Hex, to: Hex, data: Hex): Promise<void> {
  await rpc("anvil_setBalance", [from, "0xde0b6b3a7640000"]);
  await rpc("anvil_impersonateAccount", [from]);
  await send({ from, to, data });
}

async function create(name: string, args: readonly unknown[]): Promise<Hex> {
  const { abi, bytecode } = contractOf(name);
  const { contractAddress } = await send({ from: OWNER, data: encodeDeployData({ abi: abi as Abi, bytecode, args }) });
  created.set(name, contractAddress);
  return contractAddress;
}

beforeAll(async () => {
  compileOwnContracts();
  anvil = await startAnvil(["--chain-id", String(L2_CHAIN_ID)]);
  const proxy = contractOf("Proxy");
  for (const [name, index, args, initialize] of CONTRACTS) {
    const address = await create(name, args);
    await rpc("anvil_setCode", [implementation(index), await rpc("eth_getCode", [address, "latest"])]);
    await rpc("anvil_setCode", [predeploy(index), proxy.deployedBytecode]);
    await rpc("anvil_setStorageAt", [predeploy(index), ADMIN_SLOT, `0x${PROXY_ADMIN.slice(2).padStart(64, "0")}`]);
    const upgrade =
      initialize === undefined
        ? encodeFunctionData({ abi: proxy.abi as Abi, functionName: "upgradeTo", args: [implementation(index)] })
        : encodeFunctionData({
            abi: proxy.abi as Abi,
            functionName: "upgradeToAndCall",
            args: [
              implementation(index),
              encodeFunctionData({
                abi: contractOf(name).abi as Abi,
                functionName: "initialize",
                args: initialize,
              }),
            ],
          });
    await as(PROXY_ADMIN, predeploy(index), upgrade);
  }
  const oracle = contractOf("GasPriceOracle").abi as Abi;
  await as(DEPOSITOR, predeploy(0x0f), encodeFunctionData({ abi: oracle, functionName: "setEcotone" }));
  await as(DEPOSITOR, predeploy(0x0f), encodeFunctionData({ abi: oracle, functionName: "setFjord" }));
  await create("GovernanceToken", []);
  await create("WETH", []);

  const state = JSON.parse(gunzipSync(hexToBytes(await rpc<Hex>("anvil_dumpState", []))).toString()) as {
    accounts: Record<string, { storage: Storage }>;
  };
  dump = new Map(Object.entries(state.accounts).map(([address, { storage }]) => [address.toLowerCase(), storage]));
}, 240_000);
afterAll(() => anvil.stop());

/** Words of 32 bytes, zeros left out. */
function normalized(storage: Storage = {}): Storage {
  const word = (value: string) => `0x${value.slice(2).toLowerCase().padStart(64, "0")}`;
  return Object.fromEntries(
    Object.entries(storage)
      .map(([slot, value]) => [word(slot), word(value)] as const)
      .filter(([, value]) => BigInt(value) !== 0n)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

describe("the genesis against what constructors and initializers leave", () => {
  const { genesis } = buildL2Genesis(options);

  test.each(CONTRACTS.map(([name, index]) => [name, index] as const))("%s: storage of the proxy", (name, index) => {
    const expected = normalized(dump.get(predeploy(index)));
    // The L2's ProxyAdmin runs behind a proxy, where no constructor set its owner; the table does.
    if (name === "ProxyAdmin") expected[`0x${"0".repeat(64)}`] = `0x${OWNER.slice(2).padStart(64, "0")}`;
    expect(normalized(genesis.alloc[predeploy(index)]?.storage)).toEqual(normalized(expected));
  });

  test.each(CONTRACTS.map(([name, index]) => [name, index] as const))(
    "%s: storage and code of the implementation",
    async (name, index) => {
      const account = genesis.alloc[implementation(index)];
      expect(normalized(account?.storage)).toEqual(normalized(dump.get(created.get(name)!)));
      if (CACHES_OWN_ADDRESS.includes(name)) return;
      expect(account?.code).toBe(await rpc("eth_getCode", [created.get(name), "latest"]));
    },
  );

  test("the oracle saw the initializers work", () => {
    expect(Object.keys(normalized(dump.get(predeploy(0x07))))).toHaveLength(5);
    expect(normalized(dump.get(predeploy(0x0f)))[`0x${"0".repeat(64)}`]).toBe(`0x${"101".padStart(64, "0")}`);
  });

  test("WETH and the governance token stand without a proxy", async () => {
    expect(genesis.alloc[predeploy(0x06)]?.code).toBe(await rpc("eth_getCode", [created.get("WETH"), "latest"]));
    expect(normalized(genesis.alloc[predeploy(0x42)]?.storage)).toEqual(
      normalized(dump.get(created.get("GovernanceToken")!)),
    );
  });

  test.each([
    ["EAS", 0x21],
    ["GovernanceToken", 0x42],
  ] as const)("%s answers with the domain separator of its own address", async (name, index) => {
    const target = predeploy(index);
    const code = name === "EAS" ? genesis.alloc[implementation(index)]?.code : genesis.alloc[target]?.code;
    const view = name === "EAS" ? "getDomainSeparator" : "DOMAIN_SEPARATOR";
    const data = encodeFunctionData({ abi: contractOf(name).abi as Abi, functionName: view });
    // Once with the cached value (the address is the cached one), once computed by the code made for another address.
    await rpc("anvil_setCode", [target, code]);
    const cached = await rpc("eth_call", [{ to: target, data }, "latest"]);
    await rpc("anvil_setCode", [target, await rpc("eth_getCode", [created.get(name), "latest"])]);
    expect(cached).toBe(await rpc("eth_call", [{ to: target, data }, "latest"]));
  });
});
