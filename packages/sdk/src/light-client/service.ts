import { type Address, type Hex, isAddressEqual, numberToHex, zeroAddress } from "viem";
import { SdkError } from "../errors.ts";
import { type L1View, slotAt, slotOf } from "./l1-view.ts";

/**
 * What a light client pins: which service it believes in. `avs` is the registrar's address, which is also the one that
 * signatures are bound to; whoever pins a malicious contract here gets what that contract says.
 */
export interface ServicePin {
  readonly l1ChainId: number;
  readonly avs: Address;
  readonly rollupId: Hex;
}

/** What the L1's state says of a service, as of one block. */
export interface ServiceFacts {
  readonly table: Address;
  readonly verifier: Address;
  readonly slasher: Address;
  /** Whether a fault can be slashed before stake may leave (docs/spec/mach.md, sections 10 and 11). */
  readonly slashableInTime: boolean;
  readonly startBlock: number;
  readonly windows: { readonly k: number; readonly epochLength: number; readonly certificateAge: number };
  readonly threshold: { readonly numerator: bigint; readonly denominator: bigint };
  /** Of the epoch asked for; `null` while nobody has committed it. */
  readonly commitment: Hex | null;
}

/** Storage layouts of contracts/src/avs; test/light-client.test.ts holds them against the contracts' own answers. */
const REGISTRAR = { rollupId: 0, table: 3, verifier: 4, slasher: 5, rewardsAndFlag: 6 } as const;
const TABLE = { startBlock: 2, windows: 6, commitments: 24 } as const;
const VERIFIER = { threshold: 3 } as const;
const SLASHER = { convictedBy: 12 } as const;

/** @throws SdkError `SERVICE_UNKNOWN`; those of the view */
export async function proveService(
  { pin, epoch }: { readonly pin: ServicePin; readonly epoch: number },
  { view }: { readonly view: L1View },
): Promise<ServiceFacts> {
  const [rollupId, table, verifier, slasher, rewardsAndFlag] = (await view.storage(
    pin.avs,
    [REGISTRAR.rollupId, REGISTRAR.table, REGISTRAR.verifier, REGISTRAR.slasher, REGISTRAR.rewardsAndFlag].map(slotAt),
  )) as [bigint, bigint, bigint, bigint, bigint];
  const suite = { table: addressOf(table), verifier: addressOf(verifier), slasher: addressOf(slasher) };
  const complete = Object.values(suite).every((address) => !isAddressEqual(address, zeroAddress));
  if (wordToHex(rollupId) !== pin.rollupId.toLowerCase() || !complete) {
    throw new SdkError("SERVICE_UNKNOWN", `${pin.avs} is not the registrar of a MACH service of this rollup`, {
      avs: pin.avs,
      rollupId: pin.rollupId,
    });
  }
  const [[startBlock, windows, commitment], [threshold]] = (await Promise.all([
    view.storage(suite.table, [
      slotAt(TABLE.startBlock),
      slotAt(TABLE.windows),
      slotOf(TABLE.commitments, BigInt(epoch)),
    ]),
    view.storage(suite.verifier, [slotAt(VERIFIER.threshold)]),
  ])) as unknown as [[bigint, bigint, bigint], [bigint]];
  if (startBlock === 0n) throw new SdkError("SERVICE_UNKNOWN", "the MACH service has not started", { avs: pin.avs });
  return {
    ...suite,
    slashableInTime: bits(rewardsAndFlag, 160, 8) === 1n,
    startBlock: Number(startBlock),
    windows: {
      k: Number(bits(windows, 0, 32)),
      epochLength: Number(bits(windows, 32, 32)),
      certificateAge: Number(bits(windows, 96, 32)),
    },
    threshold: { numerator: bits(threshold, 0, 128), denominator: bits(threshold, 128, 128) },
    commitment: commitment === 0n ? null : wordToHex(commitment),
  };
}

/** Which of the operators the slasher has convicted, by position. */
export async function proveConvicted(
  { slasher, operators }: { readonly slasher: Address; readonly operators: readonly Address[] },
  { view }: { readonly view: L1View },
): Promise<readonly boolean[]> {
  const slots = operators.map((operator) => slotOf(SLASHER.convictedBy, operator));
  return (await view.storage(slasher, slots)).map((fault) => fault !== 0n);
}

function addressOf(word: bigint): Address {
  return numberToHex(bits(word, 0, 160), { size: 20 });
}

function wordToHex(word: bigint): Hex {
  return numberToHex(word, { size: 32 });
}

function bits(word: bigint, from: number, count: number): bigint {
  return (word >> BigInt(from)) & ((1n << BigInt(count)) - 1n);
}
