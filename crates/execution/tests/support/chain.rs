//! A genesis with funded accounts, random contracts and the predeploys that execution depends on.

use alloy_eips::eip4788::{BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CODE};
use alloy_primitives::{Address, Bytes, U256, address};
use altlayer_state::{AccountDiff, StateDiff};
use revm::{bytecode::Bytecode, state::AccountInfo};

use super::{
    generator::Generator,
    program::{Program, contract},
};

pub const L1_BLOCK: Address = address!("4200000000000000000000000000000000000015");
pub const CONTRACTS: u64 = 10;

pub fn contract_address(index: u64) -> Address {
    Address::with_last_byte(0xc0 + index as u8)
}

/// Base fee scalar and blob base fee scalar where Ecotone's L1Block packs them.
pub fn scalars(base_fee: u32, blob: u32) -> U256 {
    let mut word = [0; 32];
    word[16..20].copy_from_slice(&base_fee.to_be_bytes());
    word[20..24].copy_from_slice(&blob.to_be_bytes());
    U256::from_be_bytes(word)
}

pub fn genesis_alloc(generator: &mut Generator) -> StateDiff {
    let mut state = StateDiff::default();
    let world = generator.world();
    for (index, address) in generator.senders().into_iter().enumerate() {
        // The last one cannot pay for much.
        let wei = if index == 5 { 50_000_000_000 } else { 1_000_000_000_000_000_000_000u128 };
        add(&mut state, address, U256::from(wei), Bytes::new());
    }
    for index in 0..CONTRACTS {
        let code = contract(&mut generator.random, &world);
        add(&mut state, contract_address(index), U256::from(generator.random.below(10_000)), code.into());
        if let Some(account) = state.accounts.get_mut(&contract_address(index)) {
            for slot in 0..generator.random.below(6) {
                account.storage.insert(U256::from(slot), U256::from(generator.random.below(50) + 1));
            }
        }
    }
    add(&mut state, BEACON_ROOTS_ADDRESS, U256::ZERO, BEACON_ROOTS_CODE.clone());
    // A stand-in for L1Block: stores the call data's words where the L1 fee is read from.
    let mut code = Program::default();
    for (offset, slot) in [(0, 1), (32, 3), (64, 7)] {
        code.push(offset).op(0x35).store(slot);
    }
    code.op(0x00);
    add(&mut state, L1_BLOCK, U256::ZERO, code.0.into());
    if let Some(account) = state.accounts.get_mut(&L1_BLOCK) {
        account.storage.insert(U256::from(1), U256::from(7_000_000_000u64));
        account.storage.insert(U256::from(3), scalars(1368, 810_949));
        account.storage.insert(U256::from(7), U256::from(3_000_000u64));
    }
    state
}

fn add(state: &mut StateDiff, address: Address, balance: U256, code: Bytes) {
    let mut info = AccountInfo { balance, code: None, ..Default::default() };
    if !code.is_empty() {
        info.code_hash = alloy_primitives::keccak256(&code);
        info.nonce = 1;
        state.codes.insert(info.code_hash, Bytecode::new_raw(code));
    }
    state.accounts.insert(address, AccountDiff { info: Some(info), ..Default::default() });
}
