//! The trie against ethereum/tests, alloy's hash builder, the independent `eth_trie`, and alloy's proof verifier.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use alloy_primitives::{B256, hex, keccak256};
use alloy_trie::{HashBuilder, Nibbles, proof::verify_proof};
use eth_trie::{EthTrie, MemoryDB, Trie as _};
use proptest::prelude::*;
use serde_json::Value;

use super::*;

#[derive(Clone, Debug, PartialEq)]
struct Raw(Vec<u8>);

impl LeafValue for Raw {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

struct Put(Option<Vec<u8>>);

impl Edit<Raw> for Put {
    fn is_removal(&self) -> bool {
        self.0.is_none()
    }
    fn create(self) -> Result<Raw, StateError> {
        Ok(Raw(self.0.unwrap_or_default()))
    }
}

fn vectors(name: &str) -> Value {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../test/vectors/ethereum-tests/TrieTests");
    serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
}

fn bytes(text: &str) -> Vec<u8> {
    match text.strip_prefix("0x") {
        Some(digits) => hex::decode(digits).unwrap(),
        None => text.as_bytes().to_vec(),
    }
}

type Change = (Vec<u8>, Option<Vec<u8>>);

fn changes(input: &Value) -> Vec<Change> {
    match input {
        Value::Array(pairs) => {
            pairs.iter().map(|pair| (bytes(pair[0].as_str().unwrap()), pair[1].as_str().map(bytes))).collect()
        }
        Value::Object(map) => map.iter().map(|(key, value)| (bytes(key), value.as_str().map(bytes))).collect(),
        _ => panic!("neither list nor map"),
    }
}

fn check(changes: &[Change], secure: bool, expected: &str, name: &str) {
    let expected: B256 = expected.parse().unwrap();
    // Once hashed at the end, once after every change: cached hashes must not go stale.
    for hash_between in [false, true] {
        let mut trie = Trie::default();
        for (key, value) in changes {
            let key = if secure { Nibbles::unpack(keccak256(key)) } else { Nibbles::unpack(key) };
            trie.edit(&key, Put(value.clone())).unwrap();
            if hash_between {
                trie.root();
            }
        }
        assert_eq!(trie.root(), expected, "{name}, secure {secure}, hashed between {hash_between}");
    }
}

#[test]
fn ordered_vectors() {
    let mut count = 0;
    for (file, secure) in
        [("trietest.json", false), ("trietest_secureTrie.json", true), ("hex_encoded_securetrie_test.json", true)]
    {
        for (name, case) in vectors(file).as_object().unwrap() {
            check(&changes(&case["in"]), secure, case["root"].as_str().unwrap(), name);
            count += 1;
        }
    }
    assert_eq!(count, 11);
}

fn permutations(items: &[Change]) -> Vec<Vec<Change>> {
    if items.len() <= 1 {
        return vec![items.to_vec()];
    }
    let mut all = Vec::new();
    for index in 0..items.len() {
        let mut rest = items.to_vec();
        let first = rest.remove(index);
        for mut tail in permutations(&rest) {
            tail.insert(0, first.clone());
            all.push(tail);
        }
    }
    all
}

#[test]
fn any_order_vectors() {
    let mut count = 0;
    for (file, secure) in [("trieanyorder.json", false), ("trieanyorder_secureTrie.json", true)] {
        for (name, case) in vectors(file).as_object().unwrap() {
            for order in permutations(&changes(&case["in"])) {
                check(&order, secure, case["root"].as_str().unwrap(), name);
            }
            count += 1;
        }
    }
    assert_eq!(count, 14);
}

#[test]
fn next_and_previous_vectors() {
    let cases = vectors("trietestnextprev.json");
    for case in cases.as_object().unwrap().values() {
        let mut trie = Trie::default();
        for key in case["in"].as_array().unwrap() {
            let key = key.as_str().unwrap();
            trie.edit(&Nibbles::unpack(key), Put(Some(key.into()))).unwrap();
        }
        let keys: Vec<String> =
            trie.iter().map(|entry| String::from_utf8(entry.unwrap().1.0.clone()).unwrap()).collect();
        for test in case["tests"].as_array().unwrap() {
            let [key, previous, next] = [0, 1, 2].map(|index| test[index].as_str().unwrap());
            assert_eq!(
                keys.iter().rev().find(|k| k.as_str() < key).map_or("", String::as_str),
                previous,
                "before {key}"
            );
            assert_eq!(keys.iter().find(|k| k.as_str() > key).map_or("", String::as_str), next, "after {key}");
        }
    }
}

fn built_root(model: &BTreeMap<Vec<u8>, Vec<u8>>) -> B256 {
    let mut builder = HashBuilder::default();
    for (key, value) in model {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    builder.root()
}

/// Few distinct nibbles at the start, so that prefixes are shared, paths split and branches collapse often.
fn keys(length: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(
        prop_oneof![4 => prop_oneof![Just(0x00u8), Just(0x01), Just(0x10), Just(0x11)], 1 => any::<u8>()],
        length,
    )
}

/// Like every value of a real state trie, these are no single bytes from 0x80 up, which `eth_trie` 0.6.1 misreads.
fn values() -> impl Strategy<Value = Option<Vec<u8>>> {
    prop_oneof![
        2 => Just(None),
        2 => proptest::collection::vec(0u8..0x80, 1..4).prop_map(Some),
        2 => proptest::collection::vec(any::<u8>(), 30..80).prop_map(Some),
    ]
}

fn batches(length: usize) -> impl Strategy<Value = Vec<BTreeMap<Vec<u8>, Option<Vec<u8>>>>> {
    proptest::collection::vec(proptest::collection::btree_map(keys(length), values(), 1..24), 1..10)
}

fn run(batches: Vec<BTreeMap<Vec<u8>, Option<Vec<u8>>>>) -> Result<(), TestCaseError> {
    let mut model = BTreeMap::new();
    let mut trie = Trie::<Raw>::default();
    let mut reference = EthTrie::new(Arc::new(MemoryDB::new(false)));
    let mut earlier: Vec<(Trie<Raw>, B256)> = Vec::new();
    for batch in batches {
        let mut edits = Vec::new();
        for (key, value) in &batch {
            match value {
                Some(value) => {
                    model.insert(key.clone(), value.clone());
                    reference.insert(key, value).unwrap();
                }
                None => {
                    model.remove(key);
                    reference.remove(key).unwrap();
                }
            }
            edits.push((Nibbles::unpack(key), Put(value.clone())));
        }
        trie.edit_all(edits).unwrap();
        let root = trie.root();
        prop_assert_eq!(root, built_root(&model));
        prop_assert_eq!(root.0, reference.root_hash().unwrap().0);
        let listed: Vec<_> = trie.iter().map(|entry| entry.unwrap().1.0.clone()).collect();
        prop_assert_eq!(listed, model.values().cloned().collect::<Vec<_>>());
        for key in batch.keys() {
            // Alloy's verifier takes the root for a hash reference, which a tiny root does not have.
            if trie.root.as_ref().is_some_and(|root| root.node_ref.as_hash().is_none()) {
                break;
            }
            let path = Nibbles::unpack(key);
            let proof = trie.proof(&path).unwrap();
            prop_assert_eq!(verify_proof(root, path, model.get(key).cloned(), &proof), Ok(()), "proof of {:?}", key);
            prop_assert!(verify_proof(root, path, Some(b"something else".to_vec()), &proof).is_err());
        }
        earlier.push((trie.clone(), root));
    }
    // Clones keep what they had: dropping the cached hashes and hashing again gives the same roots.
    for (clone, root) in earlier {
        let mut again = Trie::default();
        for entry in clone.iter() {
            let (key, value) = entry.unwrap();
            again.edit(&key, Put(Some(value.0.clone()))).unwrap();
        }
        prop_assert_eq!(again.root(), root);
        prop_assert_eq!(clone.cached_root(), Some(root));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_others_on_short_keys(batches in batches(3)) {
        run(batches)?;
    }

    #[test]
    fn agrees_with_others_on_hash_sized_keys(batches in batches(32)) {
        run(batches)?;
    }

    #[test]
    fn built_from_sorted_leaves_is_the_same(model in proptest::collection::btree_map(keys(32), proptest::collection::vec(any::<u8>(), 1..40), 0..40)) {
        let leaves = model.iter().map(|(key, value)| (B256::from_slice(key), Raw(value.clone()))).collect();
        prop_assert_eq!(Trie::from_sorted(leaves).root(), built_root(&model));
    }
}

#[test]
fn big_batches_run_in_parallel_with_the_same_result() {
    let mut model = BTreeMap::new();
    let mut trie = Trie::<Raw>::default();
    let mut seed = 1u64;
    let mut next = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        seed >> 33
    };
    for round in 0..20u64 {
        let mut batch = BTreeMap::new();
        for _ in 0..1500 {
            let key = keccak256((next() % 4000).to_be_bytes()).to_vec();
            // Later rounds remove more and more, down to nothing.
            let value = (next() % 20 >= round + u64::from(round == 19)).then(|| (round, next()));
            batch.insert(key, value.map(|value| format!("{value:?}").into_bytes()));
        }
        if round == 19 {
            batch = model.keys().map(|key: &Vec<u8>| (key.clone(), None)).collect();
        }
        for (key, value) in &batch {
            match value {
                Some(value) => model.insert(key.clone(), value.clone()),
                None => model.remove(key),
            };
        }
        let before = (trie.clone(), trie.root());
        trie.edit_all(batch.into_iter().map(|(key, value)| (Nibbles::unpack(&key), Put(value))).collect()).unwrap();
        assert_eq!(trie.root(), built_root(&model), "round {round}");
        assert_eq!(before.0.cached_root().or(Some(before.1)), Some(before.1));
    }
    assert!(trie.is_empty());
    let leaves: Vec<_> = (0..5000u64).map(|n| keccak256(n.to_be_bytes())).collect();
    let model: BTreeMap<_, _> = leaves.iter().map(|key| (key.to_vec(), key[..8].to_vec())).collect();
    let sorted = model.iter().map(|(key, value)| (B256::from_slice(key), Raw(value.clone()))).collect();
    assert_eq!(Trie::from_sorted(sorted).root(), built_root(&model));
}
