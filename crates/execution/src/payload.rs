//! A block from elsewhere: engine_newPayload's checks, and its execution.

use std::sync::Arc;

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bloom, Bytes};
use altlayer_state::{StateDiff, StateError, StateRead};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    attributes::quantity,
    base_fee::{ExtraDataError, decode_extra_data, next_base_fee},
    chain_spec::{ChainSpec, Fork},
    executor::{BlockExecutor, BlockOutcome, ExecuteError, Parent},
    header::{StateRoots, frame, transactions_root},
    reject::TxReject,
    transaction::RecoveredTx,
};

/// ExecutionPayloadV3 (V2 and V1 by absent fields) with its `parentBeaconBlockRoot`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionPayload {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_beacon_block_root: Option<B256>,
    pub parent_hash: B256,
    pub fee_recipient: Address,
    pub state_root: B256,
    pub receipts_root: B256,
    pub logs_bloom: Bloom,
    pub prev_randao: B256,
    #[serde(with = "hex_quantity")]
    pub block_number: u64,
    #[serde(with = "hex_quantity")]
    pub gas_limit: u64,
    #[serde(with = "hex_quantity")]
    pub gas_used: u64,
    #[serde(with = "hex_quantity")]
    pub timestamp: u64,
    pub extra_data: Bytes,
    #[serde(with = "hex_quantity")]
    pub base_fee_per_gas: u64,
    pub block_hash: B256,
    pub transactions: Vec<Bytes>,
    /// Required from Canyon on, and empty: withdrawals do not happen this way on L2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawals: Option<Vec<serde_json::Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_hex_quantity")]
    pub blob_gas_used: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_hex_quantity")]
    pub excess_blob_gas: Option<u64>,
    /// ExecutionPayloadV4 (Isthmus): the message passer's storage root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawals_root: Option<B256>,
}

mod hex_quantity {
    use super::*;
    pub fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{value:#x}"))
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        quantity(deserializer)
    }
}

mod optional_hex_quantity {
    use super::*;
    pub fn serialize<S: Serializer>(value: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => hex_quantity::serialize(value, serializer),
            None => serializer.serialize_none(),
        }
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
        crate::attributes::optional_quantity(deserializer)
    }
}

/// Why a payload is invalid. All but [`PayloadError::State`] and [`PayloadError::Evm`] are final verdicts on the payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    #[error("parent hash is {found}, expected {expected}")]
    ParentHash { found: B256, expected: B256 },
    #[error("invalid block number {found}, expected {expected}")]
    Number { found: u64, expected: u64 },
    #[error("invalid timestamp {timestamp}: must be above the parent's {parent}")]
    Timestamp { timestamp: u64, parent: u64 },
    #[error("gasUsed {gas_used} exceeds gasLimit {gas_limit}")]
    GasAboveLimit { gas_used: u64, gas_limit: u64 },
    #[error("{field} must be {rule}")]
    Field { field: &'static str, rule: &'static str },
    #[error(transparent)]
    ExtraData(#[from] ExtraDataError),
    #[error("invalid baseFee: have {found}, want {expected}")]
    BaseFee { found: u64, expected: u64 },
    #[error("blockhash mismatch, want {expected}, got {found}")]
    BlockHash { found: B256, expected: B256 },
    #[error("could not apply tx {index} [{hash}]: {reject}")]
    Transaction { index: usize, hash: B256, reject: Box<TxReject> },
    #[error("invalid transaction {index}: {reject}")]
    Undecodable { index: usize, reject: Box<TxReject> },
    #[error("invalid gas used (remote: {found} local: {expected})")]
    GasUsed { found: u64, expected: u64 },
    #[error("invalid bloom")]
    Bloom,
    #[error("invalid receipt root hash (remote: {found} local: {expected})")]
    ReceiptsRoot { found: B256, expected: B256 },
    #[error("invalid merkle root (remote: {found} local: {expected})")]
    StateRoot { found: B256, expected: B256 },
    #[error("invalid withdrawals root (remote: {found} local: {expected})")]
    WithdrawalsRoot { found: B256, expected: B256 },
    /// Not a verdict: this node could not read its state.
    #[error(transparent)]
    State(#[from] StateError),
    /// Not a verdict: the EVM failed for a reason that is not the transaction's.
    #[error("EVM failed: {0}")]
    Evm(String),
}

impl PayloadError {
    /// Whether the payload itself is at fault (`INVALID`), as opposed to this node.
    pub const fn is_verdict(&self) -> bool {
        !matches!(self, Self::State(_) | Self::Evm(_))
    }
}

/// A payload that was executed and found valid.
#[derive(Debug, Clone)]
pub struct ExecutedPayload<P> {
    pub header: Header,
    pub hash: B256,
    pub outcome: BlockOutcome,
    /// What the caller's root function made besides the roots.
    pub prepared: P,
}

impl ExecutionPayload {
    /// The payload of a sealed block.
    pub fn from_block(header: &Header, hash: B256, transactions: impl IntoIterator<Item = Bytes>) -> Self {
        Self {
            parent_beacon_block_root: header.parent_beacon_block_root,
            parent_hash: header.parent_hash,
            fee_recipient: header.beneficiary,
            state_root: header.state_root,
            receipts_root: header.receipts_root,
            logs_bloom: header.logs_bloom,
            prev_randao: header.mix_hash,
            block_number: header.number,
            gas_limit: header.gas_limit,
            gas_used: header.gas_used,
            timestamp: header.timestamp,
            extra_data: header.extra_data.clone(),
            base_fee_per_gas: header.base_fee_per_gas.unwrap_or_default(),
            block_hash: hash,
            transactions: transactions.into_iter().collect(),
            withdrawals: header.withdrawals_root.is_some().then(Vec::new),
            blob_gas_used: header.blob_gas_used,
            excess_blob_gas: header.excess_blob_gas,
            // Before Isthmus the root is a constant and not part of the payload.
            withdrawals_root: header.requests_hash.and(header.withdrawals_root),
        }
    }

    /// The header that the payload claims.
    pub fn claimed_header(&self, spec: &ChainSpec) -> Header {
        let mut header = frame(spec, self.timestamp, self.withdrawals_root.unwrap_or_default());
        header.parent_hash = self.parent_hash;
        header.beneficiary = self.fee_recipient;
        header.state_root = self.state_root;
        header.transactions_root = transactions_root(&self.transactions);
        header.receipts_root = self.receipts_root;
        header.logs_bloom = self.logs_bloom;
        header.number = self.block_number;
        header.gas_limit = self.gas_limit;
        header.gas_used = self.gas_used;
        header.extra_data = self.extra_data.clone();
        header.mix_hash = self.prev_randao;
        header.base_fee_per_gas = Some(self.base_fee_per_gas);
        header.blob_gas_used = self.blob_gas_used;
        header.excess_blob_gas = self.excess_blob_gas;
        header.parent_beacon_block_root = self.parent_beacon_block_root;
        header
    }

    /// Checks that need neither state nor parent: which fields there are, extraData, and the block's hash.
    pub fn check_form(&self, spec: &ChainSpec) -> Result<Header, PayloadError> {
        let present = |field, found: bool, fork, name| {
            if found == spec.is_active(fork, self.timestamp) {
                Ok(())
            } else {
                Err(PayloadError::Field { field, rule: name })
            }
        };
        present("withdrawals", self.withdrawals.is_some(), Fork::Canyon, "present from Canyon on and absent before")?;
        if self.withdrawals.as_ref().is_some_and(|list| !list.is_empty()) {
            return Err(PayloadError::Field { field: "withdrawals", rule: "empty" });
        }
        let from_ecotone = "present from Ecotone on and absent before";
        present("blobGasUsed", self.blob_gas_used.is_some(), Fork::Ecotone, from_ecotone)?;
        present("excessBlobGas", self.excess_blob_gas.is_some(), Fork::Ecotone, from_ecotone)?;
        present("parentBeaconBlockRoot", self.parent_beacon_block_root.is_some(), Fork::Ecotone, from_ecotone)?;
        let from_isthmus = "present from Isthmus on and absent before";
        present("withdrawalsRoot", self.withdrawals_root.is_some(), Fork::Isthmus, from_isthmus)?;
        // specs/protocol/exec-engine.md: no blobs on L2. Jovian keeps the DA footprint in blobGasUsed.
        if self.blob_gas_used.is_some_and(|gas| gas != 0) && !spec.is_active(Fork::Jovian, self.timestamp) {
            return Err(PayloadError::Field { field: "blobGasUsed", rule: "zero" });
        }
        if self.excess_blob_gas.is_some_and(|gas| gas != 0) {
            return Err(PayloadError::Field { field: "excessBlobGas", rule: "zero" });
        }
        if self.gas_used > self.gas_limit {
            return Err(PayloadError::GasAboveLimit { gas_used: self.gas_used, gas_limit: self.gas_limit });
        }
        decode_extra_data(spec, self.timestamp, &self.extra_data)?;
        let header = self.claimed_header(spec);
        let hash = header.hash_slow();
        if hash != self.block_hash {
            return Err(PayloadError::BlockHash { found: hash, expected: self.block_hash });
        }
        Ok(header)
    }
}

/// Checks a claimed header against its parent.
pub fn check_against_parent(spec: &ChainSpec, header: &Header, parent: &Parent) -> Result<(), PayloadError> {
    if header.parent_hash != parent.hash {
        return Err(PayloadError::ParentHash { found: header.parent_hash, expected: parent.hash });
    }
    let expected = parent.header.number.saturating_add(1);
    if header.number != expected {
        return Err(PayloadError::Number { found: header.number, expected });
    }
    if header.timestamp <= parent.header.timestamp {
        return Err(PayloadError::Timestamp { timestamp: header.timestamp, parent: parent.header.timestamp });
    }
    let expected = next_base_fee(spec, &parent.header, header.timestamp)?;
    let found = header.base_fee_per_gas.unwrap_or_default();
    if found != expected {
        return Err(PayloadError::BaseFee { found, expected });
    }
    Ok(())
}

/// Executes a payload on its parent's state and checks every field of its header.
///
/// `transactions` are the payload's, decoded ([`crate::decode_all`]) by the caller, who may have known their senders.
/// `root` computes the roots after the block's changes.
pub fn execute_payload<S: StateRead, P>(
    spec: &Arc<ChainSpec>,
    view: S,
    parent: &Parent,
    payload: &ExecutionPayload,
    transactions: &[RecoveredTx],
    root: impl FnOnce(&StateDiff) -> Result<(StateRoots, P), StateError>,
) -> Result<ExecutedPayload<P>, PayloadError> {
    let claimed = payload.check_form(spec)?;
    check_against_parent(spec, &claimed, parent)?;
    let mut executor = BlockExecutor::open_with_header(spec.clone(), view, parent.header.timestamp, claimed.clone())
        .map_err(|error| fail(error, 0, B256::ZERO))?;
    for (index, tx) in transactions.iter().enumerate() {
        executor.execute(tx).map_err(|error| fail(error, index, tx.hash))?;
    }
    let outcome = executor.finish();
    if outcome.gas_used != payload.gas_used {
        return Err(PayloadError::GasUsed { found: payload.gas_used, expected: outcome.gas_used });
    }
    let (roots, prepared) = root(&outcome.diff)?;
    let header = outcome.assemble_header(spec, roots);
    if header.logs_bloom != claimed.logs_bloom {
        return Err(PayloadError::Bloom);
    }
    if header.receipts_root != claimed.receipts_root {
        return Err(PayloadError::ReceiptsRoot { found: claimed.receipts_root, expected: header.receipts_root });
    }
    if header.state_root != claimed.state_root {
        return Err(PayloadError::StateRoot { found: claimed.state_root, expected: header.state_root });
    }
    if header.withdrawals_root != claimed.withdrawals_root {
        return Err(PayloadError::WithdrawalsRoot {
            found: claimed.withdrawals_root.unwrap_or_default(),
            expected: header.withdrawals_root.unwrap_or_default(),
        });
    }
    // Whatever else a header holds is covered by its hash (Jovian's DA footprint, and transactions other than the payload's).
    let hash = header.hash_slow();
    if hash != payload.block_hash {
        return Err(PayloadError::BlockHash { found: hash, expected: payload.block_hash });
    }
    Ok(ExecutedPayload { header, hash, outcome, prepared })
}

fn fail(error: ExecuteError, index: usize, hash: B256) -> PayloadError {
    match error {
        ExecuteError::Reject(reject) => PayloadError::Transaction { index, hash, reject: Box::new(reject) },
        ExecuteError::State(error) => PayloadError::State(error),
        ExecuteError::Evm(error) => PayloadError::Evm(error),
        // The header was checked before; an attribute cannot be at fault any more.
        ExecuteError::Attributes(error) => PayloadError::Evm(error.to_string()),
    }
}
