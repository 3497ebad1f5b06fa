use std::sync::Arc;

use alloy_primitives::{Address, U256};

use super::{
    BestTransactions, Pool, PooledTransaction, Rejection, SenderAccount,
    testing::{head, pool, sender, tx},
};

fn insert(pool: &mut Pool, tx: &Arc<PooledTransaction>) -> Result<(), Rejection> {
    let arrival = pool.reserve_arrivals(1);
    pool.insert(tx.clone(), arrival)
}

fn drain(pool: &Pool, best: &mut BestTransactions) -> Vec<(Address, u64)> {
    let mut order = Vec::new();
    while let Some(tx) = best.next(pool) {
        order.push((tx.sender, tx.nonce()));
        best.included(pool, &tx);
    }
    order
}

#[test]
fn orders_by_tip_then_arrival_and_keeps_nonces() {
    let (mut pool, _) = pool(100, 10);
    for tx in [tx(0, 0, 5, 1_000, 0), tx(0, 1, 50, 1_000, 0), tx(1, 0, 7, 1_000, 0), tx(2, 0, 5, 1_000, 0)] {
        insert(&mut pool, &tx).unwrap();
    }
    let order = drain(&pool, &mut BestTransactions::new(100));
    assert_eq!(order, [(sender(1), 0), (sender(0), 0), (sender(0), 1), (sender(2), 0)]);
}

#[test]
fn the_fee_cap_bounds_the_tip_and_below_the_base_fee_nothing_is_offered() {
    let (mut pool, _) = pool(100, 10);
    for tx in [tx(0, 0, 90, 110, 0), tx(1, 0, 20, 1_000, 0), tx(2, 0, 90, 99, 0)] {
        insert(&mut pool, &tx).unwrap();
    }
    assert_eq!(drain(&pool, &mut BestTransactions::new(100)), [(sender(1), 0), (sender(0), 0)]);
}

#[test]
fn a_candidate_catches_up_with_what_arrives() {
    let (mut pool, _) = pool(100, 10);
    let mut best = BestTransactions::new(100);
    insert(&mut pool, &tx(0, 0, 5, 1_000, 0)).unwrap();
    assert_eq!(drain(&pool, &mut best), [(sender(0), 0)]);
    assert!(best.next(&pool).is_none());
    insert(&mut pool, &tx(0, 2, 5, 1_000, 0)).unwrap();
    assert!(best.next(&pool).is_none(), "a gap");
    insert(&mut pool, &tx(0, 1, 5, 1_000, 0)).unwrap();
    assert_eq!(drain(&pool, &mut best), [(sender(0), 1), (sender(0), 2)]);
    // Another candidate starts from the pool's state.
    assert_eq!(drain(&pool, &mut BestTransactions::new(100)).len(), 3);
}

#[test]
fn replacement_needs_ten_percent_of_both() {
    let (mut pool, _) = pool(100, 10);
    insert(&mut pool, &tx(0, 0, 100, 1_000, 0)).unwrap();
    for (tip, cap) in [(110, 1_099), (109, 1_100), (100, 2_000), (200, 1_000)] {
        assert_eq!(insert(&mut pool, &tx(0, 0, tip, cap, 1)), Err(Rejection::ReplacementUnderpriced));
    }
    let better = tx(0, 0, 110, 1_100, 1);
    insert(&mut pool, &better).unwrap();
    assert_eq!(pool.len(), 1);
    assert_eq!(BestTransactions::new(100).next(&pool).unwrap().hash, better.hash);
}

#[test]
fn a_full_pool_evicts_the_lowest_tip_and_protects_pending_from_future() {
    let (mut pool, _) = pool(3, 10);
    for (from, tip) in [(0, 2), (1, 3), (2, 4)] {
        insert(&mut pool, &tx(from, 0, tip, 1_000, 0)).unwrap();
    }
    assert_eq!(insert(&mut pool, &tx(3, 0, 2, 1_000, 0)), Err(Rejection::Underpriced));
    assert_eq!(insert(&mut pool, &tx(3, 5, 9, 1_000, 0)), Err(Rejection::FutureReplacesPending));
    insert(&mut pool, &tx(3, 0, 9, 1_000, 0)).unwrap();
    assert_eq!(pool.content_from(&sender(0)).0.len(), 0);
    assert_eq!(pool.status(), (3, 0));
}

#[test]
fn a_new_head_takes_out_what_is_mined_or_unaffordable() {
    let (mut pool, accounts) = pool(100, 10);
    for nonce in 0..4 {
        insert(&mut pool, &tx(0, nonce, 5, 1_000, 0)).unwrap();
    }
    insert(&mut pool, &tx(1, 0, 5, 1_000, 0)).unwrap();
    let rich = U256::from(u64::MAX);
    accounts.0.lock().unwrap().insert(sender(0), SenderAccount { nonce: 2, balance: rich, forbidding_code: None });
    accounts
        .0
        .lock()
        .unwrap()
        .insert(sender(1), SenderAccount { nonce: 0, balance: U256::ZERO, forbidding_code: None });
    pool.reset(head(&accounts, 100), [sender(0), sender(1)]).unwrap();
    assert_eq!(pool.status(), (2, 0));
    assert_eq!(pool.next_nonce(&sender(0)), Some(4));
    assert_eq!(insert(&mut pool, &tx(0, 1, 5, 1_000, 0)), Err(Rejection::NonceTooLow { next: 2, nonce: 1 }));
}

#[test]
fn what_a_reorg_dropped_comes_first_and_in_its_order() {
    let (mut pool, accounts) = pool(100, 10);
    insert(&mut pool, &tx(3, 0, 900, 1_000, 0)).unwrap();
    pool.reset(head(&accounts, 100), []).unwrap();
    let dropped = vec![tx(0, 0, 1, 1_000, 0), tx(1, 0, 500, 1_000, 0), tx(0, 1, 7, 1_000, 0)];
    assert!(pool.reinject(dropped).is_empty());
    // A second, earlier reorg's transactions come before the first's.
    assert!(pool.reinject(vec![tx(4, 0, 3, 1_000, 0)]).is_empty());
    let order = drain(&pool, &mut BestTransactions::new(100));
    assert_eq!(order, [(sender(4), 0), (sender(0), 0), (sender(1), 0), (sender(0), 1), (sender(3), 0)]);
}
