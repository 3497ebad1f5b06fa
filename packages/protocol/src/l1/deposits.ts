import type { RollupConfig } from "../config/rollup-config.ts";
import { bytesToBigint, bytesToHex, hexToBytes } from "../encoding/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { Hex, Keccak256, L1Log, L1Receipt } from "../types.ts";
import type { DepositTransaction } from "./deposit-transaction.ts";
import { encodeDepositTransaction } from "./deposit-transaction.ts";
import { userDepositSourceHash } from "./source-hash.ts";

/** keccak256("TransactionDeposited(address,address,uint256,bytes)") */
export const TRANSACTION_DEPOSITED_TOPIC: Hex = "0xb3813568d9991fc951961fcb4c784893574240a28925604d09fc577c55bb7c32";
const VERSION_0: Hex = `0x${"0".repeat(64)}`;

/**
 * Reads the portal's TransactionDeposited event into the deposit that it causes (specs/protocol/deposits.md,
 * "L1 Deposit Contract"): opaqueData is mint 32 | value 32 | gas 8 | isCreation 1 | data.
 * @throws ProtocolError `MALFORMED_DEPOSIT_LOG`; a deposit may never be ignored, so this stops derivation.
 */
export function depositFromLog(log: L1Log, l1BlockHash: Hex, keccak256: Keccak256): DepositTransaction {
  const [event, from, to, version] = log.topics;
  if (log.topics.length !== 4 || event !== TRANSACTION_DEPOSITED_TOPIC || from === undefined || to === undefined) {
    throw malformed(log, "expects the event's four topics");
  }
  if (version !== VERSION_0) throw malformed(log, "has an unknown version");
  const data = hexToBytes(log.data);
  if (data.length < 64 || data.length % 32 !== 0) throw malformed(log, "data is not whole words of at least a header");
  if (bytesToBigint(data.subarray(0, 32)) !== 32n) throw malformed(log, "data offset is not 32");
  const length = bytesToBigint(data.subarray(32, 64));
  const room = BigInt(data.length - 64);
  if (length > room || length + 32n <= room) throw malformed(log, "data length does not match the event's size");
  const opaque = data.subarray(64, 64 + Number(length));
  if (opaque.length < 73) throw malformed(log, "opaque data is too short");
  return {
    sourceHash: userDepositSourceHash(l1BlockHash, log.logIndex, keccak256),
    from: `0x${from.slice(26)}`,
    to: opaque[72] === 0 ? `0x${to.slice(26)}` : null,
    mint: bytesToBigint(opaque.subarray(0, 32)),
    value: bytesToBigint(opaque.subarray(32, 64)),
    gas: bytesToBigint(opaque.subarray(64, 72)),
    isSystemTransaction: false,
    data: bytesToHex(opaque.subarray(73)),
  };
}

/** All user deposits of an L1 block, encoded, in the order of their logs. */
export function deriveDeposits(
  config: Pick<RollupConfig, "depositContractAddress">,
  l1BlockHash: Hex,
  receipts: readonly L1Receipt[],
  keccak256: Keccak256,
): Hex[] {
  const deposits: Hex[] = [];
  for (const receipt of receipts) {
    if (!receipt.success) continue;
    for (const log of receipt.logs) {
      if (log.address !== config.depositContractAddress || log.topics[0] !== TRANSACTION_DEPOSITED_TOPIC) continue;
      deposits.push(bytesToHex(encodeDepositTransaction(depositFromLog(log, l1BlockHash, keccak256))));
    }
  }
  return deposits;
}

function malformed(log: L1Log, problem: string): ProtocolError {
  return new ProtocolError("MALFORMED_DEPOSIT_LOG", `TransactionDeposited log ${log.logIndex} ${problem}`, {
    logIndex: log.logIndex,
  });
}
