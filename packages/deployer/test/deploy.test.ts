import { compileOwnContracts, ownContract } from "@altlayer/contracts";
import { type Abi, createPublicClient, type Hex, http } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Deployment } from "../src/index.ts";
import { deployL1Contracts, developmentParameters, MULTICALL3_ADDRESS } from "../src/index.ts";
import { multicall3Transaction } from "../src/l1/multicall3.ts";
import type { Anvil } from "./anvil.ts";
import { startAnvil } from "./anvil.ts";
import { ACCOUNTS, ROLES } from "./fixtures.ts";

const parameters = developmentParameters({
  ...ROLES,
  gasLimit: 1_000_000_000,
  eip1559: { denominator: 100, elasticity: 4 },
});

beforeAll(() => {
  compileOwnContracts();
});

function access(anvil: Anvil) {
  return { rpcUrl: anvil.url, privateKey: ACCOUNTS.owner.privateKey };
}

describe("the deployment on a chain that mines each transaction at once", () => {
  let anvil: Anvil;
  let first: Deployment;
  beforeAll(async () => {
    anvil = await startAnvil();
    first = await deployL1Contracts({ parameters }, { l1: access(anvil) });
  });
  afterAll(() => anvil.stop());

  test("puts code at every address", async () => {
    const client = createPublicClient({ transport: http(anvil.url) });
    for (const [name, address] of Object.entries(first.addresses)) {
      expect((await client.getCode({ address })) ?? "0x", name).not.toBe("0x");
    }
    expect(first.transactionsSent).toBe(50);
  });

  test("called again, sends nothing and names the same addresses", async () => {
    const second = await deployL1Contracts({ parameters }, { l1: access(anvil) });
    expect(second.transactionsSent).toBe(0);
    expect(second.addresses).toEqual(first.addresses);
  });

  test.each([
    ["constructors see", { l2ChainId: 902 }, 48],
    // Found by its code, but not what is asked for: the gas limit is an initializer's.
    ["only initializers see", { gasLimit: 900_000_000, eip1559: { denominator: 100, elasticity: 4 } }, 50],
  ])("with other parameters that %s begins anew", async (_, change, transactions) => {
    const other = developmentParameters({ ...ROLES, ...change });
    const second = await deployL1Contracts({ parameters: other }, { l1: access(anvil) });
    expect(second.transactionsSent).toBe(transactions);
    expect(second.addresses.SystemConfigProxy).not.toBe(first.addresses.SystemConfigProxy);
  });

  test("announces gas limit and EIP-1559 parameters as derivation reads them", async () => {
    const client = createPublicClient({ transport: http(anvil.url) });
    const logs = await client.getLogs({ address: first.addresses.SystemConfigProxy, fromBlock: 0n, toBlock: "latest" });
    // keccak("ConfigUpdate(uint256,uint8,bytes)")
    const topic = "0x1d2b0bda21d56b8bd12d4f94ebacffdfb35f5e226f84b461103bb8beab6353be";
    const updates = logs.filter((log) => log.topics[0] === topic);
    const last = (type: number) => updates.filter((log) => Number(log.topics[2]) === type).at(-1)?.data;
    const word = (value: bigint) => value.toString(16).padStart(64, "0");
    expect(last(2)).toBe(`0x${word(32n)}${word(32n)}${word(1_000_000_000n)}`);
    expect(last(4)).toBe(`0x${word(32n)}${word(32n)}${word((100n << 32n) | 4n)}`);
  });

  test("lets only the owner change the system configuration, and only within its bounds", async () => {
    const client = createPublicClient({ transport: http(anvil.url) });
    const address = first.addresses.SystemConfigProxy;
    const abi = ownContract("SystemConfig").abi as Abi;
    const attempt = (account: Hex, functionName: string, args: readonly unknown[]) =>
      client.simulateContract({ address, abi, functionName, args, account });
    const { owner, user } = ACCOUNTS;
    await expect(attempt(owner.address, "setBlockGasLimit", [10_000_000_000n])).resolves.toBeDefined();
    await expect(attempt(owner.address, "setEIP1559Params", [1, 1])).resolves.toBeDefined();
    const refused = [
      ["setBlockGasLimit", [10_000_000_001n], "BlockGasLimitOutOfBounds"],
      ["setBlockGasLimit", [20_999_999n], "BlockGasLimitOutOfBounds"],
      ["setEIP1559Params", [0, 6], "EIP1559ParameterZero"],
      ["setEIP1559Params", [250, 0], "EIP1559ParameterZero"],
    ] as const;
    for (const [name, args, errorName] of refused) {
      await expect(attempt(owner.address, name, args)).rejects.toMatchObject({ cause: { data: { errorName } } });
    }
    for (const [name, args] of [
      ["setBlockGasLimit", [60_000_000n]],
      ["setEIP1559Params", [250, 6]],
    ] as const) {
      await expect(attempt(user.address, name, args)).rejects.toMatchObject({
        cause: { reason: "Ownable: caller is not the owner" },
      });
    }
  });

  test("puts Multicall3 at its canonical address", async () => {
    const client = createPublicClient({ transport: http(anvil.url) });
    expect((await client.getCode({ address: MULTICALL3_ADDRESS }))?.length).toBe(2 + 3808 * 2);
    const { recoverTransactionAddress } = await import("viem");
    const sender = await recoverTransactionAddress({ serializedTransaction: multicall3Transaction() as never });
    expect(sender).toBe("0x05f32B3cC3888453ff71B01135B34FF8e41263F2");
  });
});

describe("the deployment on a chain that mines by the second", () => {
  test("an interrupted one is resumed, and nothing is sent twice", async () => {
    const anvil = await startAnvil(["--block-time", "1"]);
    try {
      const abort = new AbortController();
      const interrupted = deployL1Contracts(
        { parameters },
        { l1: access(anvil), signal: abort.signal, onProgress: ({ step }) => step === 10 && abort.abort() },
      );
      await expect(interrupted).rejects.toMatchObject({ code: "ABORTED", severity: "temporary" });
      const resumed = await deployL1Contracts({ parameters }, { l1: access(anvil) });
      expect(resumed.transactionsSent).toBeGreaterThan(0);
      expect(resumed.transactionsSent).toBeLessThanOrEqual(40);
      const client = createPublicClient({ transport: http(anvil.url) });
      expect(await client.getTransactionCount({ address: ACCOUNTS.owner.address })).toBe(50);
    } finally {
      await anvil.stop();
    }
  }, 60_000);
});
