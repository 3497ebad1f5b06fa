import { type KeyMaker, keyDataOf, proveKey } from "@altlayer/sdk";
import {
  type Abi,
  type Address,
  encodeFunctionData,
  erc20Abi,
  type Hex,
  hashTypedData,
  parseAbi,
  zeroAddress,
} from "viem";
import type { PlannedCall } from "../batch.ts";
import { abiOf } from "../deployment.ts";
import type { MachServiceFile } from "../service-file.ts";
import type { DevTerms } from "./terms.ts";

const WAD = 10n ** 18n;
const WETH = parseAbi(["function deposit() payable"]);

/** All that makes an operator of an account with ether and ALT: registered, with stake, allocated, with a key, joined. */
export function operatorCalls(
  {
    operator,
    secret,
    service,
    terms,
  }: {
    readonly operator: Address;
    readonly secret: Uint8Array;
    readonly service: MachServiceFile;
    readonly terms: DevTerms;
  },
  keys: KeyMaker,
): readonly PlannedCall[] {
  const { core, suite, strategies } = service;
  const set = { avs: suite.registrar, id: 0 };
  const call = (to: Address, abi: Abi, functionName: string, args: readonly unknown[], gas: bigint): PlannedCall => ({
    label: functionName,
    to,
    data: encodeFunctionData({ abi, functionName, args }),
    gas,
  });
  const deposits = strategies.flatMap(({ strategy, token, class: class_ }) => {
    const amount = class_ === 0 ? terms.lstStake : terms.altStake;
    const wrapped: PlannedCall[] =
      class_ === 0 ? [{ ...call(token, WETH, "deposit", [], 100_000n), valueWei: amount }] : [];
    return [
      ...wrapped,
      call(token, erc20Abi, "approve", [core.strategyManager, amount], 100_000n),
      call(core.strategyManager, abiOf("StrategyManager"), "depositIntoStrategy", [strategy, token, amount], 500_000n),
    ];
  });
  const list = strategies.map(({ strategy }) => strategy);
  const allocation = { operatorSet: set, strategies: list, newMagnitudes: list.map(() => WAD) };
  const keyData = keyDataOf(keys.publicKeys(secret));
  const proof = proveKey(secret, registrationDigest(service, operator, keyData), keys);
  return [
    call(core.delegationManager, abiOf("DelegationManager"), "registerAsOperator", [zeroAddress, 0, ""], 400_000n),
    ...deposits,
    call(core.allocationManager, abiOf("IAllocationManager"), "modifyAllocations", [operator, [allocation]], 900_000n),
    call(core.keyRegistrar, abiOf("KeyRegistrar"), "registerKey", [operator, set, keyData, proof], 1_200_000n),
    call(
      core.allocationManager,
      abiOf("IAllocationManager"),
      "registerForOperatorSets",
      [operator, { avs: suite.registrar, operatorSetIds: [0], data: "0x" }],
      2_500_000n,
    ),
  ];
}

/** KeyRegistrar's `getBN254KeyRegistrationMessageHash`, for a contract that does not exist yet: our own, whose domain is known. */
function registrationDigest({ l1ChainId, core, suite }: MachServiceFile, operator: Address, keyData: Hex): Hex {
  return hashTypedData({
    domain: { name: "EigenLayer", version: "1", chainId: l1ChainId, verifyingContract: core.keyRegistrar },
    types: {
      BN254KeyRegistration: [
        { name: "operator", type: "address" },
        { name: "avs", type: "address" },
        { name: "operatorSetId", type: "uint32" },
        { name: "keyData", type: "bytes" },
      ],
    },
    primaryType: "BN254KeyRegistration",
    message: { operator, avs: suite.registrar, operatorSetId: 0, keyData },
  });
}
