//! What can be said of a transaction without its sender's account: decoding, static rules, the signature.
//!
//! Checks run in go-ethereum's order, so that a transaction with several faults is refused for the same one.

use alloy_consensus::Transaction;
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{B256, Bytes, keccak256};
use altlayer_execution::RecoveredTx;
use op_alloy_consensus::OpTxEnvelope;

use super::{Rejection, head::PoolRules, transaction::PooledTransaction};

/// Largest transaction, in EIP-2718 bytes (go-ethereum's four slots of 32 KiB).
pub const MAX_TRANSACTION_BYTES: usize = 128 * 1024;

/// EIP-3860.
const MAX_INIT_CODE_BYTES: usize = 2 * 24_576;

/// A decoded transaction whose sender is not known yet.
pub struct Decoded {
    pub hash: B256,
    pub raw: Bytes,
    pub envelope: OpTxEnvelope,
}

/// Decodes a transaction of a type that the pool takes (0, 1, 2), and hashes it.
pub fn decode(raw: &[u8]) -> Result<Decoded, Rejection> {
    match raw.first() {
        None => return Err(Rejection::TooShort),
        Some(0x04) => return Err(Rejection::SetCodeBeforePrague),
        Some(1 | 2) if raw.len() == 1 => return Err(Rejection::TooShort),
        Some(1 | 2) => {}
        Some(kind) if *kind < 0x80 => return Err(Rejection::UnsupportedType),
        Some(kind) if *kind < 0xc0 => {
            return Err(Rejection::Undecodable("rlp: expected input list for types.LegacyTx".into()));
        }
        Some(_) => {}
    }
    // Before the copy: an oversized body is not kept.
    if raw.len() > MAX_TRANSACTION_BYTES {
        return Err(Rejection::Oversized { size: raw.len(), limit: MAX_TRANSACTION_BYTES });
    }
    let mut rest = raw;
    let envelope = OpTxEnvelope::decode_2718(&mut rest).map_err(|error| Rejection::Undecodable(rlp_message(error)))?;
    if !rest.is_empty() {
        return Err(Rejection::Undecodable("rlp: input contains more than one value".into()));
    }
    if envelope.chain_id().is_none() {
        return Err(Rejection::Unprotected);
    }
    Ok(Decoded { hash: keccak256(raw), raw: Bytes::copy_from_slice(raw), envelope })
}

fn rlp_message(error: alloy_eips::eip2718::Eip2718Error) -> String {
    use alloy_eips::eip2718::Eip2718Error;
    use alloy_rlp::Error;
    match error {
        Eip2718Error::RlpError(error) => match error {
            Error::Overflow => "rlp: input string too long for uint64".into(),
            Error::LeadingZero | Error::NonCanonicalSingleByte | Error::NonCanonicalSize => {
                "rlp: non-canonical integer (leading zero bytes)".into()
            }
            Error::InputTooShort => "rlp: value size exceeds available input length".into(),
            Error::UnexpectedString => "rlp: expected List".into(),
            Error::UnexpectedList => "rlp: expected String or Byte".into(),
            Error::UnexpectedLength | Error::ListLengthMismatch { .. } => "rlp: input list has wrong length".into(),
            other => format!("rlp: {other}"),
        },
        // Only a legacy transaction gets this far without being RLP of its type.
        _ => "rlp: too few elements for types.LegacyTx".into(),
    }
}

/// The rules that need the head but no account, up to the signature.
pub fn check_static(tx: &Decoded, rules: &PoolRules) -> Result<(), Rejection> {
    let envelope = &tx.envelope;
    let creates = envelope.to().is_none();
    if rules.shanghai && creates && envelope.input().len() > MAX_INIT_CODE_BYTES {
        return Err(Rejection::InitCodeSize { size: envelope.input().len(), limit: MAX_INIT_CODE_BYTES });
    }
    if envelope.gas_limit() > rules.transaction_gas_limit() {
        return Err(Rejection::GasLimit);
    }
    if envelope.max_priority_fee_per_gas().is_some_and(|tip| tip > envelope.max_fee_per_gas()) {
        return Err(Rejection::TipAboveFeeCap);
    }
    match envelope.chain_id() {
        Some(id) if id == rules.chain_id => {}
        id => return Err(Rejection::ChainId { have: id.unwrap_or_default(), want: rules.chain_id }),
    }
    Ok(())
}

/// The rules that go-ethereum checks after the signature.
pub fn check_fees(tx: &PooledTransaction, rules: &PoolRules) -> Result<(), Rejection> {
    let gas = tx.gas_limit();
    let needed = intrinsic_gas(&tx.tx, rules);
    if gas < needed {
        return Err(Rejection::IntrinsicGas { gas, needed });
    }
    if rules.prague {
        let needed = floor_gas(&tx.tx);
        if gas < needed {
            return Err(Rejection::FloorGas { gas, needed });
        }
    }
    if tx.tip_cap() < rules.min_tip {
        return Err(Rejection::TipBelowMinimum { tip: tx.tip_cap(), needed: rules.min_tip });
    }
    // EIP-2681.
    if tx.nonce() == u64::MAX {
        return Err(Rejection::NonceMax { sender: tx.sender, nonce: tx.nonce() });
    }
    Ok(())
}

/// Recovers the sender: by far the most expensive step of admission.
pub fn recover(tx: Decoded) -> Result<PooledTransaction, Rejection> {
    let sender = altlayer_execution::recover(&tx.envelope).map_err(|_| Rejection::Signature)?;
    Ok(PooledTransaction(RecoveredTx { hash: tx.hash, sender, raw: tx.raw, tx: tx.envelope }))
}

/// Gas a transaction pays before its first opcode (yellow paper 6.2, EIP-2028, EIP-2930, EIP-3860).
fn intrinsic_gas(tx: &OpTxEnvelope, rules: &PoolRules) -> u64 {
    let (zeros, others) = count_bytes(tx.input());
    let mut gas = 21_000 + 4 * zeros + 16 * others;
    if tx.to().is_none() {
        gas += 32_000;
        if rules.shanghai {
            gas += 2 * (tx.input().len() as u64).div_ceil(32);
        }
    }
    if let Some(list) = tx.access_list() {
        let keys: usize = list.iter().map(|item| item.storage_keys.len()).sum();
        gas += 2_400 * list.len() as u64 + 1_900 * keys as u64;
    }
    gas
}

/// EIP-7623.
fn floor_gas(tx: &OpTxEnvelope) -> u64 {
    let (zeros, others) = count_bytes(tx.input());
    21_000 + 10 * (zeros + 4 * others)
}

fn count_bytes(data: &[u8]) -> (u64, u64) {
    let zeros = data.iter().filter(|byte| **byte == 0).count() as u64;
    (zeros, data.len() as u64 - zeros)
}
