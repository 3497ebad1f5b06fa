import { isForkActive } from "../config/forks.ts";
import type { RollupConfig } from "../config/rollup-config.ts";
import { bytesToHex, hexToBytes, quantity } from "../encoding/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { Hex, L2BlockRef, PayloadView, SystemConfig } from "../types.ts";
import { decodeDepositTransaction, isDepositTransaction } from "./deposit-transaction.ts";
import type { L1BlockInfo } from "./l1-attributes.ts";
import { hasEcotoneAttributes, parseL1Attributes } from "./l1-attributes.ts";
import { decodeScalar, encodeScalar } from "./system-config.ts";

const ZERO_PARAMS: Hex = "0x0000000000000000";
const ZERO_WORD: Hex = `0x${"0".repeat(64)}`;

/** The L1 info in a block's first transaction. @throws ProtocolError `MALFORMED_PAYLOAD` if there is none */
export function l1InfoFromPayload(
  config: RollupConfig,
  payload: Pick<PayloadView, "timestamp" | "transactions" | "blockHash">,
): L1BlockInfo {
  const first = payload.transactions[0];
  if (first === undefined || !isDepositTransaction(first)) {
    throw new ProtocolError("MALFORMED_PAYLOAD", "the block has no L1 attributes transaction", {
      blockHash: payload.blockHash,
    });
  }
  return parseL1Attributes(config, quantity(payload.timestamp), decodeDepositTransaction(hexToBytes(first)).data);
}

/** An L2 block's reference with its L1 origin, read from its payload; for the genesis block from the configuration. */
export function l2BlockRefFromPayload(config: RollupConfig, payload: PayloadView): L2BlockRef {
  const block = { hash: payload.blockHash, number: quantity(payload.blockNumber), parentHash: payload.parentHash };
  const timestamp = quantity(payload.timestamp);
  if (block.number === config.genesis.l2.number) {
    checkGenesis(config, payload);
    return { ...block, timestamp, l1Origin: config.genesis.l1, sequenceNumber: 0 };
  }
  const info = l1InfoFromPayload(config, payload);
  return {
    ...block,
    timestamp,
    l1Origin: { hash: info.blockHash, number: info.number },
    sequenceNumber: info.sequenceNumber,
  };
}

/** The system config as of an L2 block, as the block itself records it. */
export function systemConfigFromPayload(config: RollupConfig, payload: PayloadView): SystemConfig {
  if (quantity(payload.blockNumber) === config.genesis.l2.number) {
    checkGenesis(config, payload);
    return config.genesis.systemConfig;
  }
  const timestamp = quantity(payload.timestamp);
  const info = l1InfoFromPayload(config, payload);
  return {
    batcherAddress: info.batcherAddress,
    overhead: info.overhead,
    scalar: hasEcotoneAttributes(config, timestamp) ? encodeScalar(info) : info.scalar,
    gasLimit: quantity(payload.gasLimit),
    eip1559Params: isForkActive(config, "holocene", timestamp) ? holoceneParams(payload.extraData) : ZERO_PARAMS,
  };
}

/**
 * What `systemConfigFromPayload` will read from the block that is built with `systemConfig`: some of it changes its
 * form, and before Holocene the EIP-1559 parameters are not recorded at all.
 */
export function systemConfigAsRecorded(
  config: RollupConfig,
  systemConfig: SystemConfig,
  l2Timestamp: number,
): SystemConfig {
  const ecotone = hasEcotoneAttributes(config, l2Timestamp);
  let eip1559Params = ZERO_PARAMS;
  if (isForkActive(config, "holocene", l2Timestamp)) {
    // The engine puts the chain's constants into the block when it is told zero.
    const { denominatorCanyon, elasticity } = config.eip1559Defaults;
    const word = (value: number) => value.toString(16).padStart(8, "0");
    const zeroDenominator = systemConfig.eip1559Params.slice(2, 10) === "00000000";
    eip1559Params = zeroDenominator ? `0x${word(denominatorCanyon)}${word(elasticity)}` : systemConfig.eip1559Params;
  }
  return {
    batcherAddress: systemConfig.batcherAddress,
    overhead: ecotone ? ZERO_WORD : systemConfig.overhead,
    scalar: ecotone ? encodeScalar(decodeScalar(systemConfig.scalar)) : systemConfig.scalar,
    gasLimit: systemConfig.gasLimit,
    eip1559Params,
  };
}

/** Holocene's extra data: version 0, denominator, elasticity (specs/protocol/holocene/exec-engine.md). */
function holoceneParams(extraData: Hex): Hex {
  const data = hexToBytes(extraData);
  if (data.length !== 9 || data[0] !== 0) {
    throw new ProtocolError("MALFORMED_PAYLOAD", "extra data is not of Holocene's form", { extraData });
  }
  return bytesToHex(data.subarray(1));
}

function checkGenesis(config: RollupConfig, payload: PayloadView): void {
  if (payload.blockHash !== config.genesis.l2.hash) {
    throw new ProtocolError("MALFORMED_PAYLOAD", "the block at the genesis number is not the configured genesis", {
      expected: config.genesis.l2.hash,
      found: payload.blockHash,
    });
  }
}
