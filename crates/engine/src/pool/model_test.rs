//! The pool against a model that is slow and obvious: random submissions, heads and blocks.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use alloy_primitives::U256;
use proptest::prelude::*;

use super::{
    BestTransactions, Pool, PooledTransaction, SenderAccount,
    testing::{head, pool, sender, tx},
};

#[derive(Debug, Clone)]
enum Step {
    Submit {
        from: u8,
        nonce: u64,
        tip: u128,
        salt: u64,
    },
    /// A block includes up to this many of the best.
    Block {
        count: usize,
    },
    /// The sender's account changes in some other way.
    Account {
        from: u8,
        nonce: u64,
        broke: bool,
    },
    BaseFee(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..5u8, 0..8u64, 1..60u128, 0..3u64)
            .prop_map(|(from, nonce, tip, salt)| Step::Submit { from, nonce, tip, salt }),
        2 => (0..6usize).prop_map(|count| Step::Block { count }),
        1 => (0..5u8, 0..6u64, prop::bool::weighted(0.2))
            .prop_map(|(from, nonce, broke)| Step::Account { from, nonce, broke }),
        1 => (50..300u64).prop_map(Step::BaseFee),
    ];
    prop::collection::vec(step, 1..120)
}

#[derive(Default)]
struct Model {
    accounts: HashMap<u8, u64>,
    pooled: BTreeMap<(u8, u64), (Arc<PooledTransaction>, i64)>,
}

impl Model {
    fn nonce(&self, from: u8) -> u64 {
        self.accounts.get(&from).copied().unwrap_or(0)
    }

    fn executable(&self, from: u8) -> Vec<u64> {
        (self.nonce(from)..).take_while(|nonce| self.pooled.contains_key(&(from, *nonce))).collect()
    }

    fn best(&self, base_fee: u64) -> Vec<(u8, u64)> {
        let mut next: HashMap<u8, u64> = (0..5).map(|from| (from, self.nonce(from))).collect();
        let mut order = Vec::new();
        loop {
            let offers = next.iter().filter_map(|(from, nonce)| {
                let (tx, arrival) = self.pooled.get(&(*from, *nonce))?;
                Some((tx.effective_tip(base_fee)?, std::cmp::Reverse(*arrival), *from, *nonce))
            });
            let Some((_, _, from, nonce)) = offers.max() else { return order };
            order.push((from, nonce));
            next.insert(from, nonce + 1);
        }
    }
}

fn check(pool: &Pool, model: &Model, base_fee: u64) {
    assert_eq!(pool.len(), model.pooled.len());
    let executable: usize = (0..5).map(|from| model.executable(from).len()).sum();
    assert_eq!(pool.status(), (executable, model.pooled.len() - executable));
    assert_eq!(pool.bytes(), model.pooled.values().map(|(tx, _)| tx.raw.len()).sum::<usize>());
    let mut best = BestTransactions::new(base_fee);
    let mut order = Vec::new();
    while let Some(tx) = best.next(pool) {
        order.push((tx.sender.0[0] - 1, tx.nonce()));
        best.included(pool, &tx);
    }
    assert_eq!(order, model.best(base_fee));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn behaves_like_the_model(steps in steps()) {
        let (mut pool, accounts) = pool(1_000, 1_000);
        let mut model = Model::default();
        let mut base_fee = 100;
        // A candidate that lives through everything must never offer what a fresh look would not.
        let mut long_lived = BestTransactions::new(base_fee);
        for step in steps {
            match step {
                Step::Submit { from, nonce, tip, salt } => {
                    let tx = tx(from, nonce, tip, 400 + tip * 10, salt);
                    let arrival = pool.reserve_arrivals(1);
                    let old = model.pooled.get(&(from, nonce));
                    let broke = accounts.0.lock().unwrap().get(&sender(from)).is_some_and(|a| a.balance.is_zero());
                    let replaces = old.is_none_or(|(old, _)| {
                        tx.tip_cap() * 100 >= old.tip_cap() * 110 && tx.fee_cap() * 100 >= old.fee_cap() * 110
                    });
                    let known = old.is_some_and(|(old, _)| old.hash == tx.hash);
                    let fits = !broke && !known && nonce >= model.nonce(from) && replaces;
                    prop_assert_eq!(pool.insert(tx.clone(), arrival).is_ok(), fits);
                    if fits {
                        model.pooled.insert((from, nonce), (tx, arrival));
                    }
                }
                Step::Block { count } => {
                    let included: Vec<_> = model.best(base_fee).into_iter().take(count).collect();
                    for (from, nonce) in &included {
                        model.pooled.remove(&(*from, *nonce));
                        model.accounts.insert(*from, nonce + 1);
                        let mut accounts = accounts.0.lock().unwrap();
                        let balance = accounts.get(&sender(*from)).map_or(U256::from(u64::MAX), |a| a.balance);
                        accounts.insert(sender(*from), SenderAccount { nonce: nonce + 1, balance, forbidding_code: None });
                    }
                    pool.reset(head(&accounts, base_fee), included.iter().map(|(from, _)| sender(*from))).unwrap();
                }
                Step::Account { from, nonce, broke } => {
                    let balance = if broke { U256::ZERO } else { U256::from(u64::MAX) };
                    accounts.0.lock().unwrap().insert(sender(from), SenderAccount { nonce, balance, forbidding_code: None });
                    model.accounts.insert(from, nonce);
                    model.pooled.retain(|(owner, pooled), _| *owner != from || (*pooled >= nonce && !broke));
                    pool.reset(head(&accounts, base_fee), [sender(from)]).unwrap();
                }
                Step::BaseFee(fee) => {
                    base_fee = fee;
                    pool.reset(head(&accounts, base_fee), []).unwrap();
                }
            }
            check(&pool, &model, base_fee);
            if let Some(tx) = long_lived.next(&pool) {
                prop_assert!(pool.contains(&tx.hash));
                if tx.nonce() % 2 == 0 { long_lived.included(&pool, &tx) } else { long_lived.put_back(&pool, &tx) }
            }
        }
    }

    #[test]
    fn stays_within_its_bounds(steps in steps(), max in 1..12usize, per_sender in 1..6usize) {
        let (mut pool, _accounts) = pool(max, per_sender);
        for step in steps {
            let Step::Submit { from, nonce, tip, salt } = step else { continue };
            let arrival = pool.reserve_arrivals(1);
            let tx = tx(from, nonce, tip, 400 + tip * 10, salt);
            let before = pool.len();
            let accepted = pool.insert(tx.clone(), arrival).is_ok();
            prop_assert_eq!(pool.contains(&tx.hash), accepted || before > 0 && pool.contains(&tx.hash));
            prop_assert!(pool.len() <= max);
            let (executable, waiting) = pool.content_from(&tx.sender);
            prop_assert!(executable.len() + waiting.len() <= per_sender);
            prop_assert_eq!(pool.in_order().len(), pool.len());
        }
    }

    #[test]
    fn admission_never_panics(raw in prop::collection::vec(any::<u8>(), 0..300), kind in 0..5u8) {
        let mut raw = raw;
        if kind < 3 { raw.insert(0, kind); }
        if let Ok(decoded) = super::admission::decode(&raw) {
            let _ = super::admission::recover(decoded);
        }
    }
}
