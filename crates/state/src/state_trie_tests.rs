//! Witnesses: what a verifier holds is enough, in any order, and what it does not hold is a typed error.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_trie::{KECCAK_EMPTY, Nibbles, TrieAccount, proof::verify_proof};
use proptest::prelude::*;
use revm::state::AccountInfo;

use crate::{Accesses, AccountDiff, Preimages, StateDiff, StateError, StateTrie, state_root};

fn address(index: u8) -> Address {
    Address::with_last_byte(index)
}

fn info(balance: u64) -> AccountInfo {
    AccountInfo { balance: U256::from(balance), nonce: 1, code_hash: KECCAK_EMPTY, account_id: None, code: None }
}

type Slots = BTreeMap<u8, u64>;

fn diff_of(model: &BTreeMap<u8, Option<(u64, Slots)>>) -> StateDiff {
    let mut diff = StateDiff::default();
    for (index, entry) in model {
        let change = match entry {
            None => AccountDiff::default(),
            Some((balance, slots)) => AccountDiff {
                info: Some(info(*balance)),
                storage_cleared: false,
                storage: slots.iter().map(|(slot, value)| (U256::from(*slot), U256::from(*value))).collect(),
            },
        };
        diff.accounts.insert(address(*index), change);
    }
    diff
}

fn slots() -> impl Strategy<Value = Slots> {
    proptest::collection::btree_map(0u8..24, prop_oneof![Just(0u64), 1u64..5, Just(u64::MAX)], 0..12)
}

fn states() -> impl Strategy<Value = BTreeMap<u8, Option<(u64, Slots)>>> {
    proptest::collection::btree_map(0u8..40, proptest::option::weighted(0.7, (any::<u64>(), slots())), 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn a_witness_is_enough(before in states(), change in states(), reads in proptest::collection::btree_set(0u8..40, 0..6)) {
        let mut full = StateTrie::new();
        full.apply(&diff_of(&before)).unwrap();
        let parent_root = full.root();
        let diff = diff_of(&change);
        let accesses: Accesses = reads.iter().map(|index| (address(*index), BTreeSet::from([U256::from(*index)]))).collect();
        let witness = full.witness(&accesses, &diff).unwrap();
        prop_assert_eq!(full.root(), parent_root);

        let mut after = full.clone();
        after.apply(&diff).unwrap();
        let expected = after.root();

        let mut partial = StateTrie::from_witness(parent_root, &witness).unwrap();
        for (address, slots) in &accesses {
            prop_assert_eq!(partial.account(address).unwrap(), full.account(address).unwrap());
            for slot in slots {
                prop_assert_eq!(partial.storage(address, slot).unwrap(), full.storage(address, slot).unwrap());
            }
        }
        let untouched = partial.clone();
        partial.apply(&diff).unwrap();
        prop_assert_eq!(partial.root(), expected);

        // One change at a time, first forwards, then backwards: verifiers differ in their order.
        for backwards in [false, true] {
            let mut partial = untouched.clone();
            let mut singles: Vec<StateDiff> = diff.accounts.iter().map(|(address, change)| StateDiff {
                accounts: BTreeMap::from([(*address, change.clone())]),
                codes: BTreeMap::new(),
            }).collect();
            if backwards { singles.reverse(); }
            for single in singles {
                partial.apply(&single).unwrap();
            }
            prop_assert_eq!(partial.root(), expected);
        }
    }

    #[test]
    fn without_a_node_the_error_is_typed(before in states(), change in states(), drop in any::<prop::sample::Index>()) {
        let mut full = StateTrie::new();
        full.apply(&diff_of(&before)).unwrap();
        let root = full.root();
        let diff = diff_of(&change);
        let mut witness = full.witness(&Accesses::new(), &diff).unwrap();
        prop_assume!(!witness.is_empty());
        let hash = *drop.get(&witness.keys().copied().collect::<Vec<_>>());
        witness.remove(&hash);
        let mut partial = StateTrie::from_witness(root, &witness).unwrap();
        full.apply(&diff).unwrap();
        match partial.apply(&diff) {
            // A sibling that only another order needs.
            Ok(()) => prop_assert_eq!(partial.root(), full.root()),
            Err(StateError::MissingNode { hash: missing, .. }) => prop_assert_eq!(missing, hash),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn damaged_witnesses_are_refused(before in states(), at in any::<prop::sample::Index>(), byte in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut full = StateTrie::new();
        full.apply(&diff_of(&before)).unwrap();
        let root = full.root();
        let mut witness = full.witness(&Accesses::new(), &diff_of(&before)).unwrap();
        prop_assume!(!witness.is_empty());
        let hash = *at.get(&witness.keys().copied().collect::<Vec<_>>());
        let mut node = witness[&hash].to_vec();
        let position = byte.index(node.len());
        node[position] ^= flip;
        witness.insert(hash, node.into());
        let bad_node = matches!(StateTrie::from_witness(root, &witness), Err(StateError::BadNode { .. }));
        prop_assert!(bad_node);
    }

    #[test]
    fn proofs_verify(state in states(), asked in 0u8..40, slot in 0u8..24) {
        let diff = diff_of(&state);
        let mut trie = StateTrie::new();
        trie.apply(&diff).unwrap();
        let root = trie.root();
        prop_assert_eq!(root, state_root(&diff));
        let slot = U256::from(slot);
        let proof = trie.proof(&address(asked), &[slot]).unwrap();
        let account = trie.account(&address(asked)).unwrap();
        let expected = account.map(|_| alloy_rlp::encode(TrieAccount::new(proof.nonce, proof.balance, proof.storage_root, proof.code_hash)));
        let key = Nibbles::unpack(keccak256(address(asked)));
        prop_assert!(verify_proof(root, key, expected, &proof.proof).is_ok());
        let value = proof.storage[0].value;
        let expected = (!value.is_zero()).then(|| alloy_rlp::encode(value));
        let key = Nibbles::unpack(keccak256(slot.to_be_bytes::<32>()));
        prop_assert!(verify_proof(proof.storage_root, key, expected, &proof.storage[0].proof).is_ok());
    }
}

#[test]
fn an_unknown_root_is_a_missing_node() {
    let root = B256::repeat_byte(7);
    let mut trie = StateTrie::from_witness(root, &Preimages::new()).unwrap();
    assert_eq!(trie.root(), root);
    assert!(matches!(trie.account(&address(1)), Err(StateError::MissingNode { hash, .. }) if hash == root));
}

#[test]
fn a_self_referencing_flood_stays_linear() {
    // Sixteen references to the same child on each of sixty levels: 16^60 paths, but sixty nodes.
    let mut witness = Preimages::new();
    let mut hash = B256::repeat_byte(1);
    for _ in 0..60 {
        let mut payload = Vec::new();
        for _ in 0..16 {
            alloy_rlp::Encodable::encode(&hash, &mut payload);
        }
        payload.push(0x80);
        let mut node = Vec::new();
        alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut node);
        node.extend(payload);
        hash = keccak256(&node);
        witness.insert(hash, node.into());
    }
    let trie = StateTrie::from_witness(hash, &witness).unwrap();
    assert!(matches!(trie.account(&address(1)), Err(StateError::MissingNode { .. })));
}
