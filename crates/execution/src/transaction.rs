//! A transaction with what is expensive to learn about it: hash and sender. Made once, at admission or from a payload,
//! and carried from there on.

use alloy_consensus::{
    Transaction, TxLegacy,
    transaction::{RlpEcdsaDecodableTx, SignerRecoverable},
};
use alloy_eips::{
    Typed2718,
    eip2718::{Decodable2718, Eip2718Error},
    eip7702::{RecoveredAuthority, RecoveredAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, keccak256};
use altlayer_state::StoredTransaction;
use op_alloy_consensus::OpTxEnvelope;
use op_revm::{OpTransaction, transaction::deposit::DepositTransactionParts};
use rayon::prelude::*;
use revm::{
    context::TxEnv,
    context_interface::{either::Either, transaction::AccessList},
};

use crate::reject::TxReject;

/// EIP-2718 type of the OP Stack's deposits.
pub const DEPOSIT_TYPE: u8 = 0x7e;

/// A decoded transaction with its sender.
#[derive(Debug, Clone)]
pub struct RecoveredTx {
    pub hash: B256,
    pub sender: Address,
    /// EIP-2718 bytes.
    pub raw: Bytes,
    pub tx: OpTxEnvelope,
}

impl RecoveredTx {
    /// Decodes EIP-2718 bytes (strictly: canonical RLP, nothing after) and recovers the sender. Deposits name theirs.
    pub fn decode(raw: Bytes) -> Result<Self, TxReject> {
        let tx = decode(&raw)?;
        let sender = recover(&tx)?;
        Ok(Self { hash: keccak256(&raw), sender, raw, tx })
    }

    /// Decodes a transaction whose hash and sender are known, such as a stored one.
    pub fn from_stored(stored: &StoredTransaction) -> Result<Self, TxReject> {
        let tx = decode(&stored.raw)?;
        Ok(Self { hash: stored.hash, sender: stored.sender, raw: stored.raw.clone(), tx })
    }

    pub fn to_stored(&self) -> StoredTransaction {
        StoredTransaction { hash: self.hash, sender: self.sender, raw: self.raw.clone() }
    }

    pub fn is_deposit(&self) -> bool {
        self.tx.ty() == DEPOSIT_TYPE
    }

    /// What revm executes.
    pub fn env(&self) -> OpTransaction<TxEnv> {
        if let OpTxEnvelope::Deposit(deposit) = &self.tx {
            return OpTransaction {
                base: TxEnv {
                    tx_type: DEPOSIT_TYPE,
                    caller: self.sender,
                    gas_limit: deposit.gas_limit,
                    gas_price: 0,
                    kind: deposit.to,
                    value: deposit.value,
                    data: deposit.input.clone(),
                    chain_id: None,
                    ..Default::default()
                },
                enveloped_tx: None,
                deposit: DepositTransactionParts::new(
                    deposit.source_hash,
                    (deposit.mint != 0).then_some(deposit.mint),
                    deposit.is_system_transaction,
                ),
            };
        }
        let tx = &self.tx;
        OpTransaction {
            base: TxEnv {
                tx_type: tx.ty(),
                caller: self.sender,
                gas_limit: tx.gas_limit(),
                gas_price: tx.max_fee_per_gas(),
                kind: tx.kind(),
                value: tx.value(),
                data: tx.input().clone(),
                nonce: tx.nonce(),
                chain_id: tx.chain_id(),
                access_list: tx.access_list().cloned().unwrap_or_else(AccessList::default),
                gas_priority_fee: tx.max_priority_fee_per_gas(),
                authorization_list: tx
                    .authorization_list()
                    .unwrap_or_default()
                    .iter()
                    .map(|signed| {
                        let authority =
                            signed.recover_authority().map_or(RecoveredAuthority::Invalid, RecoveredAuthority::Valid);
                        Either::Right(RecoveredAuthorization::new_unchecked(signed.inner().clone(), authority))
                    })
                    .collect(),
                ..Default::default()
            },
            enveloped_tx: Some(self.raw.clone()),
            deposit: DepositTransactionParts::default(),
        }
    }
}

/// Decodes without recovering.
pub fn decode(raw: &[u8]) -> Result<OpTxEnvelope, TxReject> {
    let malformed = |error: alloy_rlp::Error| TxReject::Malformed(error.to_string());
    let mut rest = raw;
    let tx = match raw.first().copied() {
        None => return Err(TxReject::Malformed("typed transaction too short".into())),
        // An RLP list: a legacy transaction. Decoded by itself, because the envelope hides why that failed.
        Some(0xc0..) => OpTxEnvelope::Legacy(TxLegacy::rlp_decode_signed(&mut rest).map_err(malformed)?),
        Some(1 | 2 | 4 | DEPOSIT_TYPE) => OpTxEnvelope::decode_2718(&mut rest).map_err(|error| match error {
            Eip2718Error::UnexpectedType(ty) => TxReject::UnsupportedType(ty),
            Eip2718Error::RlpError(error) => malformed(error),
            other => TxReject::Malformed(other.to_string()),
        })?,
        Some(ty) => return Err(TxReject::UnsupportedType(ty)),
    };
    if !rest.is_empty() {
        return Err(TxReject::Malformed(format!("{} bytes after the transaction", rest.len())));
    }
    Ok(tx)
}

/// The sender by signature (low `s` only, EIP-2), or the one a deposit names.
pub fn recover(tx: &OpTxEnvelope) -> Result<Address, TxReject> {
    match tx {
        OpTxEnvelope::Legacy(signed) => SignerRecoverable::recover_signer(signed),
        OpTxEnvelope::Eip2930(signed) => SignerRecoverable::recover_signer(signed),
        OpTxEnvelope::Eip1559(signed) => SignerRecoverable::recover_signer(signed),
        OpTxEnvelope::Eip7702(signed) => SignerRecoverable::recover_signer(signed),
        OpTxEnvelope::Deposit(deposit) => return Ok(deposit.from),
        OpTxEnvelope::PostExec(_) => return Err(TxReject::UnsupportedType(tx.ty())),
    }
    .map_err(|_| TxReject::InvalidSender)
}

/// Decodes and recovers a payload's transactions on all cores; the first bad one is named by its index.
pub fn decode_all(raw: &[Bytes]) -> Result<Vec<RecoveredTx>, (usize, TxReject)> {
    raw.par_iter()
        .with_min_len(8)
        .enumerate()
        .map(|(index, raw)| RecoveredTx::decode(raw.clone()).map_err(|reject| (index, reject)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_a_transaction() {
        let code = |raw: &[u8]| decode(raw).unwrap_err().code();
        assert_eq!(code(&[]), "MALFORMED");
        assert_eq!(code(&[0xc0]), "MALFORMED");
        assert_eq!(code(&[0x02]), "MALFORMED");
        assert_eq!(code(&[0x7e, 0xc0]), "MALFORMED");
        // Blob transactions and everything unknown.
        assert_eq!(code(&[0x03, 0xc0]), "UNSUPPORTED_TYPE");
        assert_eq!(code(&[0x7d, 0xc0]), "UNSUPPORTED_TYPE");
        assert_eq!(code(&[0x00]), "UNSUPPORTED_TYPE");
    }
}
