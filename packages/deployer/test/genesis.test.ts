import type { ForkTimes } from "@altlayer/protocol";
import { describe, expect, test } from "vitest";
import { trieRoot } from "../src/genesis/trie.ts";
import {
  buildChainFiles,
  buildL2Genesis,
  developmentParameters,
  EIP1559_DEFAULTS,
  feeVaultsTo,
  forkTimesAtGenesis,
  type GenesisOptions,
  type Hex,
  ROLLUP_TIMING,
  withLaterForks,
} from "../src/index.ts";
import { ACCOUNTS, ROLES } from "./fixtures.ts";

const options: GenesisOptions = {
  l1ChainId: 31337,
  l2ChainId: 901,
  anchor: { hash: `0x${"01".repeat(32)}`, number: 7, timestamp: 1_700_000_000 },
  addresses: {
    L1CrossDomainMessengerProxy: "0x1111111111111111111111111111111111111111",
    L1StandardBridgeProxy: "0x2222222222222222222222222222222222222222",
    L1ERC721BridgeProxy: "0x3333333333333333333333333333333333333333",
  } as unknown as GenesisOptions["addresses"],
  owner: ACCOUNTS.owner.address,
  gasLimit: 60_000_000,
  forkTimes: forkTimesAtGenesis("holocene"),
  eip1559Defaults: EIP1559_DEFAULTS,
  feeVaults: feeVaultsTo(ACCOUNTS.owner.address),
  balances: { [ACCOUNTS.user.address]: 10n ** 24n },
};

describe("the genesis file", () => {
  test("is the same bytes for the same options", () => {
    expect(JSON.stringify(buildL2Genesis(options))).toBe(JSON.stringify(buildL2Genesis({ ...options })));
  });

  // op-geth v1.101503.2-rc.1 `init` of these genesis files gave these hashes.
  test("has the hash that op-geth gives it", () => {
    expect(buildL2Genesis(options).hash).toBe("0x9ab7063f1216172b8d8e22259f2cc9e05768e4d73a1e4288318478e9d2076a3c");
    expect(buildL2Genesis({ ...options, forkTimes: forkTimesAtGenesis("granite") }).hash).toBe(
      "0x3a11ec3475b6897e2edefbe3ab003c31be67376526487f86eced70a778b98e46",
    );
  });

  test("carries Holocene's parameters in its extra data, and none before", () => {
    const custom = buildL2Genesis({ ...options, eip1559: { denominator: 100, elasticity: 4 } });
    expect(custom.genesis.extraData).toBe("0x000000006400000004");
    expect(custom.eip1559Params).toBe("0x0000006400000004");
    const granite = buildL2Genesis({ ...options, forkTimes: forkTimesAtGenesis("granite") });
    expect(granite.genesis.extraData).toBe("0x");
    expect(granite.genesis.config).not.toHaveProperty("holoceneTime");
  });

  test("schedules Holocene after genesis", () => {
    const time = options.anchor.timestamp + 60;
    const { genesis } = buildL2Genesis({ ...options, forkTimes: { ...forkTimesAtGenesis("granite"), holocene: time } });
    expect(genesis.config.holoceneTime).toBe(time);
    expect(genesis.extraData).toBe("0x");
  });

  test("is the same chain under another schedule, to the byte what building it with that schedule gives", () => {
    const time = options.anchor.timestamp + 60;
    const built = (laterForks: ForkTimes) =>
      buildChainFiles({
        deployment: {
          l1ChainId: options.l1ChainId,
          deployer: ACCOUNTS.owner.address,
          parameters: developmentParameters(ROLES),
          addresses: new Proxy(options.addresses, {
            get: (known, name) => Reflect.get(known, name) ?? `0x${"44".repeat(20)}`,
          }),
          anchor: options.anchor,
          transactionsSent: 0,
        },
        newestFork: "fjord",
        laterForks,
        timing: ROLLUP_TIMING,
        feeRecipient: ACCOUNTS.owner.address,
      });
    const plain = built({});
    const scheduled = built({ granite: time, holocene: time });
    expect(scheduled.l2GenesisHash).toBe(plain.l2GenesisHash);
    expect(withLaterForks(plain, { granite: time, holocene: time })).toEqual({
      genesisJson: scheduled.genesisJson,
      rollupJson: scheduled.rollupJson,
    });
    expect(withLaterForks(scheduled, {})).toEqual({ genesisJson: plain.genesisJson, rollupJson: plain.rollupJson });
    // What holds since the genesis is no part of what can be scheduled.
    expect(withLaterForks(scheduled, { fjord: time, granite: time }).rollupJson).toContain('"fjord_time": 0,');
    expect(() => withLaterForks(plain, { holocene: time })).toThrowError(
      expect.objectContaining({ code: "INVALID_ROLLUP_CONFIG" }),
    );
  });

  test("refuses forks whose state it does not build", () => {
    expect(() => buildL2Genesis({ ...options, forkTimes: forkTimesAtGenesis("ecotone") })).toThrowError(
      expect.objectContaining({ code: "INVALID_PARAMETERS" }),
    );
    expect(() => buildL2Genesis({ ...options, forkTimes: forkTimesAtGenesis("isthmus") })).toThrowError(
      expect.objectContaining({ code: "UNSUPPORTED_SCHEDULE" }),
    );
  });

  test("holds 2,048 predeploys less two, and Permit2 bound to the chain", () => {
    const { alloc } = buildL2Genesis(options).genesis;
    const namespace = Object.keys(alloc).filter((address) => /^0x420{35}[0-7]/.test(address));
    expect(namespace).toHaveLength(2047);
    const permit2 = alloc["0x000000000022d473030f116ddee9f6b43ac78ba3" as Hex]?.code ?? "0x";
    expect(permit2.slice(2 + 6945 * 2, 2 + 6977 * 2)).toBe((901).toString(16).padStart(64, "0"));
  });
});

describe("the trie's root", () => {
  test("of nothing and of one entry is what the specification says", () => {
    expect(trieRoot([])).toBe("0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
  });

  test("does not depend on the order of entries", () => {
    const entries = Array.from({ length: 300 }, (_, index) => {
      const key = new Uint8Array(32).map((_, position) => (index * 7919 * (position + 1)) & 255);
      key[0] = index & 255;
      key[1] = index >> 8;
      return [key, Uint8Array.of(index & 127, 1)] as const;
    });
    expect(trieRoot([...entries].reverse())).toBe(trieRoot(entries));
  });
});
