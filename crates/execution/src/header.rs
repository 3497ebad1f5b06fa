//! From an executed block to its header.

use alloy_consensus::{
    EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH, Header, TxReceipt, proofs::ordered_trie_root_with_encoder,
};
use alloy_eips::{eip2718::Encodable2718, eip7685::EMPTY_REQUESTS_HASH};
use alloy_primitives::{B64, B256, Bloom, Bytes, U256};
use alloy_rlp::BufMut;
use op_alloy_consensus::OpReceipt;

use crate::chain_spec::{ChainSpec, Fork};

/// What only the state trie knows about a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateRoots {
    pub state: B256,
    /// Storage root of the L2ToL1MessagePasser: the header's withdrawals root from Isthmus on.
    pub message_passer: B256,
}

/// What the receipts add to a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptsSummary {
    pub root: B256,
    pub bloom: Bloom,
}

/// Root of the transactions' trie, by their EIP-2718 bytes.
pub fn transactions_root<'a>(raw: impl IntoIterator<Item = &'a Bytes>) -> B256 {
    let raw: Vec<&Bytes> = raw.into_iter().collect();
    ordered_trie_root_with_encoder(&raw, |bytes, out| out.put_slice(bytes))
}

/// Root of the receipts' trie and the block's bloom.
pub fn summarize_receipts(spec: &ChainSpec, timestamp: u64, receipts: &[OpReceipt]) -> ReceiptsSummary {
    let mut bloom = Bloom::ZERO;
    let with_bloom: Vec<_> = receipts
        .iter()
        .map(|receipt| {
            let mut receipt = receipt.clone();
            // Between Regolith and Canyon the deposit nonce stands in the receipt, but is not hashed
            // (specs/protocol/deposits.md, "Deposit Receipt").
            if !spec.is_active(Fork::Canyon, timestamp)
                && let OpReceipt::Deposit(deposit) = &mut receipt
            {
                deposit.deposit_nonce = None;
            }
            let receipt = receipt.into_with_bloom();
            bloom |= receipt.logs_bloom;
            receipt
        })
        .collect();
    let root = ordered_trie_root_with_encoder(&with_bloom, |receipt, out| receipt.encode_2718(out));
    ReceiptsSummary { root, bloom }
}

/// The fields of a header that every fork has one rule for, given what the block was opened with. Roots, gas used and bloom
/// are left empty.
pub(crate) fn frame(spec: &ChainSpec, timestamp: u64, message_passer: B256) -> Header {
    let canyon = spec.is_active(Fork::Canyon, timestamp);
    let ecotone = spec.is_active(Fork::Ecotone, timestamp);
    let isthmus = spec.is_active(Fork::Isthmus, timestamp);
    Header {
        timestamp,
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        difficulty: U256::ZERO,
        nonce: B64::ZERO,
        // specs/protocol/isthmus/exec-engine.md, "L2ToL1MessagePasser storage root in header".
        withdrawals_root: canyon.then_some(if isthmus { message_passer } else { EMPTY_ROOT_HASH }),
        blob_gas_used: ecotone.then_some(0),
        excess_blob_gas: ecotone.then_some(0),
        parent_beacon_block_root: ecotone.then_some(B256::ZERO),
        requests_hash: isthmus.then_some(EMPTY_REQUESTS_HASH),
        ..Default::default()
    }
}
