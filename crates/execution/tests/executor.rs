//! What the block loop promises: rejections, deposits, fees, savepoints, activation blocks.

mod support;

use alloy_consensus::Transaction;
use alloy_primitives::{Address, TxKind, U256, address};
use altlayer_execution::{BlockExecutor, ExecuteError, RecoveredTx, TxReject};
use altlayer_state::{StateDiff, StateRead};
use op_alloy_consensus::OpReceipt;
use revm::Database;
use support::{
    chain::L1_BLOCK,
    simple::{BASE_FEE, CHAIN_ID, RECEIVER, Simple, spec_from},
};

const L1_FEE_VAULT: Address = address!("420000000000000000000000000000000000001A");
const BASE_FEE_VAULT: Address = address!("4200000000000000000000000000000000000019");

fn reject<S: StateRead>(block: &mut BlockExecutor<S>, tx: &RecoveredTx) -> TxReject {
    match block.execute(tx) {
        Err(ExecuteError::Reject(reject)) => reject,
        other => panic!("expected a rejection, got {other:?}"),
    }
}

/// Wallets and libraries match on how these messages begin.
#[test]
fn rejections_read_as_in_go_ethereum() {
    let chain = Simple::new();
    let mut block = chain.open();
    block.execute(&chain.transfer(|_| ())).unwrap();
    let before = (block.diff(), block.gas_used());
    let who = chain.sender;
    let cases: [(RecoveredTx, &str, String); 7] = [
        (chain.transfer(|_| ()), "NONCE_TOO_LOW", format!("nonce too low: address {who}, tx: 0 state: 1")),
        (chain.transfer(|tx| tx.nonce = 7), "NONCE_TOO_HIGH", format!("nonce too high: address {who}, tx: 7 state: 1")),
        (
            chain.transfer(|tx| (tx.nonce, tx.gas_limit) = (1, 20_999)),
            "INTRINSIC_GAS",
            "intrinsic gas too low: have 20999, want 21000".into(),
        ),
        (
            chain.transfer(|tx| (tx.nonce, tx.max_fee_per_gas) = (1, u128::from(BASE_FEE - 1))),
            "FEE_CAP_TOO_LOW",
            format!("max fee per gas less than block base fee: address {who}, maxFeePerGas: 999999, baseFee: 1000000"),
        ),
        (
            chain.transfer(|tx| (tx.nonce, tx.max_priority_fee_per_gas) = (1, 3_000_000)),
            "TIP_ABOVE_FEE_CAP",
            format!(
                "max priority fee per gas higher than max fee per gas: address {who}, maxPriorityFeePerGas: 3000000, \
                 maxFeePerGas: 2000000"
            ),
        ),
        (
            chain.transfer(|tx| (tx.nonce, tx.chain_id) = (1, 1)),
            "INVALID_CHAIN_ID",
            format!("invalid chain id for signer: have 1 want {CHAIN_ID}"),
        ),
        (
            chain.transfer(|tx| (tx.nonce, tx.gas_limit) = (1, 30_000_000)),
            "GAS_LIMIT_REACHED",
            "gas limit reached: transaction gas limit 30000000, left in the block 29979000".into(),
        ),
    ];
    for (tx, code, message) in cases {
        let found = reject(&mut block, &tx);
        assert_eq!((found.code(), found.to_string()), (code, message));
    }
    assert_eq!((block.diff(), block.gas_used()), before, "a rejected transaction changed the block");
    block.execute(&chain.transfer(|tx| tx.nonce = 1)).unwrap();
}

#[test]
fn missing_funds_are_reported_with_the_l1_fee() {
    let chain = Simple::new();
    let mut block = chain.open();
    let tx = chain.transfer(|tx| tx.value = U256::from(10).pow(U256::from(30)));
    let fees = block.l1_fees().unwrap();
    let have = chain.state.account(&chain.sender).unwrap().unwrap().balance;
    let want = tx.tx.value() + U256::from(21_000u64 * 2_000_000) + fees.data_fee(&tx.raw);
    assert_eq!(reject(&mut block, &tx), TxReject::InsufficientFunds { address: chain.sender, have, want });
}

#[test]
fn fees_go_to_their_vaults() {
    let chain = Simple::new();
    let mut block = chain.open();
    let tx = chain.transfer(|_| ());
    let executed = block.execute(&tx).unwrap();
    assert_eq!((executed.success, executed.gas_used), (true, 21_000));
    let data_fee = block.l1_fees().unwrap().data_fee(&tx.raw);
    assert!(data_fee > U256::ZERO);
    let mut balance = |address| block.state().basic(address).unwrap().map_or(U256::ZERO, |info| info.balance);
    assert_eq!(balance(L1_FEE_VAULT), data_fee);
    assert_eq!(balance(BASE_FEE_VAULT), U256::from(21_000 * BASE_FEE));
    assert_eq!(balance(RECEIVER), U256::ONE);
    let paid = chain.state.account(&chain.sender).unwrap().unwrap().balance - balance(chain.sender);
    assert_eq!(paid, data_fee + U256::from(21_000 * (BASE_FEE + 1000)) + U256::ONE);
}

#[test]
fn a_failed_deposit_keeps_its_mint_and_counts() {
    let chain = Simple::new();
    let poor = Address::with_last_byte(0x55);
    let mut block = chain.open();
    let executed = block
        .execute(&chain.deposit(|deposit| {
            (deposit.from, deposit.mint, deposit.value) = (poor, 500, U256::from(501));
        }))
        .unwrap();
    assert_eq!((executed.success, executed.gas_used), (false, 100_000));
    let info = block.state().basic(poor).unwrap().unwrap();
    assert_eq!((info.balance, info.nonce), (U256::from(500), 1));
    // The next one, from the same sender, names the nonce before it.
    block.execute(&chain.deposit(|deposit| (deposit.from, deposit.to) = (poor, TxKind::Create))).unwrap();
    let nonces: Vec<_> = block
        .receipts()
        .iter()
        .map(|receipt| match receipt {
            OpReceipt::Deposit(deposit) => (deposit.deposit_nonce, deposit.deposit_receipt_version),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(nonces, [(Some(0), Some(1)), (Some(1), Some(1))]);
}

#[test]
fn deposits_count_towards_the_gas_limit() {
    let chain = Simple::new();
    let mut block = chain.open();
    let found = reject(&mut block, &chain.deposit(|deposit| deposit.gas_limit = 30_000_001));
    assert_eq!(found.code(), "GAS_LIMIT_REACHED");
}

#[test]
fn savepoints_return_to_any_boundary() {
    let chain = Simple::new();
    let mut block = chain.open();
    let mut boundaries = vec![(block.savepoint(), block.diff())];
    for nonce in 0..5 {
        block.execute(&chain.transfer(|tx| tx.nonce = nonce)).unwrap();
        boundaries.push((block.savepoint(), block.diff()));
    }
    for (index, (savepoint, diff)) in boundaries.into_iter().enumerate().rev() {
        block.rollback(savepoint);
        assert_eq!(block.diff(), diff);
        assert_eq!((block.receipts().len(), block.transactions().len()), (index, index));
        assert_eq!(block.gas_used(), 21_000 * index as u64);
    }
}

#[test]
fn l1_fees_follow_the_attributes_deposit_of_the_same_block() {
    let chain = Simple::new();
    let mut block = chain.open();
    // The L1 base fee becomes zero, and with it the scalars: no L1 fee.
    block.execute(&chain.deposit(|deposit| deposit.to = TxKind::Call(L1_BLOCK))).unwrap();
    block.execute(&chain.transfer(|tx| tx.nonce = 1)).unwrap();
    assert_eq!(block.state().basic(L1_FEE_VAULT).unwrap().map_or(U256::ZERO, |info| info.balance), U256::ZERO);
}

#[test]
fn canyon_deploys_the_create2_deployer_in_its_first_block_only() {
    let deployer = address!("13b0D85CcB8bf860b6b79AF3029fCA081AE9beF2");
    for (canyon, deployed) in [(1001, true), (1002, true), (1003, false), (1000, false), (0, false)] {
        let chain = Simple::with(spec_from(canyon), &StateDiff::default());
        let diff = chain.open().finish().diff;
        assert_eq!(diff.accounts.contains_key(&deployer), deployed, "Canyon at {canyon}, block at 1002 on 1000");
    }
}

#[test]
fn the_beacon_root_is_stored_before_the_first_transaction() {
    let chain = Simple::new();
    let diff = chain.open().finish().diff;
    let storage = &diff.accounts[&alloy_eips::eip4788::BEACON_ROOTS_ADDRESS].storage;
    assert_eq!(storage.get(&U256::from(1002)), Some(&U256::from(1002)));
    assert_eq!(storage.get(&U256::from(1002 + 8191)), Some(&U256::from_be_bytes([7; 32])));
}
