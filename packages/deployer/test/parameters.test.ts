import fc from "fast-check";
import { keccak256, numberToHex } from "viem";
import { describe, expect, test } from "vitest";
import {
  batchInboxOf,
  DEVELOPMENT_PRESTATE,
  DeployerError,
  type DeploymentParametersInput,
  developmentParameters,
  type Hex,
  isMadeUpPrestate,
  parseDeploymentParameters,
} from "../src/index.ts";
import { refuseUnsafeParameters } from "../src/safeguards.ts";
import { ACCOUNTS, ROLES } from "./fixtures.ts";

/** Addresses without a known key, as a live chain's roles have. */
const address = (seed: number) => keccak256(numberToHex(seed)).slice(0, 42) as Hex;
const REAL_PRESTATE = `0x03${keccak256("0x6f70").slice(4)}` as Hex;
const LIVE: DeploymentParametersInput = {
  l2ChainId: 424242,
  owner: address(1),
  batcher: address(2),
  proposer: address(3),
  challenger: address(4),
  unsafeBlockSigner: address(5),
  delays: { proofMaturitySeconds: 604_800, gameFinalitySeconds: 302_400, bondWithdrawalSeconds: 604_800 },
  game: { absolutePrestate: REAL_PRESTATE, clockExtensionSeconds: 10_800, maxClockSeconds: 302_400 },
};
const SEPOLIA = { l1ChainId: 11_155_111, deployer: address(6) };

function refusal(input: DeploymentParametersInput, chain = SEPOLIA): DeployerError | undefined {
  try {
    refuseUnsafeParameters(parseDeploymentParameters(input), chain);
    return undefined;
  } catch (error) {
    if (error instanceof DeployerError) return error;
    throw error;
  }
}

describe("parameters", () => {
  test("fill guardian and batch inbox by convention", () => {
    const parameters = parseDeploymentParameters(LIVE);
    expect(parameters.guardian).toBe(parameters.owner);
    // OP Sepolia's inbox, 0xff00...11155420, predates the convention; this is the convention's formula.
    expect(parameters.batchInbox).toBe(batchInboxOf(424242));
    expect(parameters.batchInbox).toMatch(/^0x00[0-9a-f]{38}$/);
  });

  test("name each field at fault", () => {
    expect(() => parseDeploymentParameters({ ...LIVE, owner: "0x12", gasLimit: 5, extra: 1 })).toThrowError(
      expect.objectContaining({
        code: "INVALID_PARAMETERS",
        details: {
          problems: expect.arrayContaining([expect.stringContaining("owner"), expect.stringContaining("gasLimit")]),
        },
      }),
    );
  });

  test("any JSON gives parameters or a typed error", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          parseDeploymentParameters(value);
        } catch (error) {
          expect(error).toBeInstanceOf(DeployerError);
        }
      }),
    );
  });
});

describe("off development chains", () => {
  test("sound parameters pass", () => {
    expect(refusal(LIVE)).toBeUndefined();
  });

  test.each(["proofMaturitySeconds", "gameFinalitySeconds", "bondWithdrawalSeconds"] as const)(
    "a zero %s is refused",
    (name) => {
      const error = refusal({ ...LIVE, delays: { ...LIVE.delays, [name]: 0 } });
      expect(error).toMatchObject({ code: "UNSAFE_PARAMETERS", severity: "critical" });
      expect(error?.details.problems).toEqual([expect.stringContaining(name)]);
    },
  );

  test.each([DEVELOPMENT_PRESTATE, `0x03${"00".repeat(31)}`, `0x${"de".repeat(32)}`, keccak256("0x00")] as Hex[])(
    "the made-up prestate %s is refused",
    (absolutePrestate) => {
      expect(refusal({ ...LIVE, game: { ...LIVE.game, absolutePrestate } })).toMatchObject({
        code: "UNSAFE_PARAMETERS",
      });
    },
  );

  test.each(["owner", "guardian", "batcher", "proposer", "challenger", "unsafeBlockSigner"] as const)(
    "a test key as %s is refused",
    (role) => {
      const error = refusal({ ...LIVE, [role]: ACCOUNTS.user.address });
      expect(error?.details.problems).toContainEqual(expect.stringContaining(role));
    },
  );

  test("a test key as deployer is refused, and so is the key 1", () => {
    expect(refusal(LIVE, { ...SEPOLIA, deployer: ACCOUNTS.owner.address })).toMatchObject({
      code: "UNSAFE_PARAMETERS",
    });
    expect(refusal(LIVE, { ...SEPOLIA, deployer: "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf" })).toMatchObject({
      code: "UNSAFE_PARAMETERS",
    });
  });

  test("what a development chain takes is refused as a whole, each problem named", () => {
    const error = refusal(developmentParameters(ROLES));
    expect(((error?.details.problems ?? []) as string[]).length).toBeGreaterThanOrEqual(9);
    expect(
      refusal(developmentParameters(ROLES), { l1ChainId: 31337, deployer: ACCOUNTS.owner.address }),
    ).toBeUndefined();
  });

  test("real prestates look like hashes", () => {
    expect(isMadeUpPrestate(REAL_PRESTATE)).toBe(false);
  });
});
