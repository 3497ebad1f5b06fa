//! The head as the pool sees it.

use std::sync::Arc;

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256};
use altlayer_execution::{ChainSpec, Fork, environment::L1Fees, next_base_fee};
use altlayer_state::{ChainStore, StateError, StateRead, StateView};

use crate::{
    error::EngineError,
    pool::{HeadState, PoolHead, PoolRules, SenderAccount},
};

struct ViewState {
    view: StateView,
    fees: L1Fees,
}

impl HeadState for ViewState {
    fn account(&self, address: &Address) -> Result<SenderAccount, StateError> {
        let Some(info) = self.view.account(address)? else { return Ok(SenderAccount::default()) };
        let forbidding_code = if info.code_hash == KECCAK256_EMPTY || info.code_hash.is_zero() {
            None
        } else {
            // EIP-7702: a delegated account may send.
            (!self.view.code(&info.code_hash)?.is_eip7702()).then_some(info.code_hash)
        };
        Ok(SenderAccount { nonce: info.nonce, balance: info.balance, forbidding_code })
    }

    fn additional_cost(&self, raw: &[u8], gas_limit: u64) -> U256 {
        self.fees.additional_cost(raw, gas_limit)
    }
}

/// The pool's view of a block: its state, and the rules of the block that follows.
pub fn pool_head(spec: &ChainSpec, chain: &ChainStore, hash: B256, min_tip: u128) -> Result<PoolHead, EngineError> {
    let header = chain.header(&hash)?.ok_or(StateError::UnknownBlock { hash })?;
    let view = chain.view(hash)?;
    let fees = L1Fees::read(spec, &view, header.number, header.timestamp)?;
    let next = header.timestamp.saturating_add(1);
    let base_fee = next_base_fee(spec, &header, next).unwrap_or(header.base_fee_per_gas.unwrap_or_default());
    let rules = PoolRules {
        chain_id: spec.chain_id,
        block_gas_limit: header.gas_limit,
        base_fee,
        min_tip,
        shanghai: spec.is_active(Fork::Canyon, next),
        prague: spec.is_active(Fork::Isthmus, next),
    };
    Ok(PoolHead { rules, state: Arc::new(ViewState { view, fees }) })
}
