//! TrieTests: ordered and unordered insertions, deletions, secure tries.

use std::path::Path;

use alloy_primitives::{B256, hex, keccak256};
use altlayer_state::{
    StateError,
    raw_trie::{Edit, LeafValue, Nibbles, Trie},
};
use serde_json::Value;

use crate::{
    report::Report,
    vectors::{cases, text},
};

#[derive(Clone)]
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

type Changes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

pub fn run(_: &Path, name: &str, contents: Vec<u8>) -> Report {
    let mut report = Report::default();
    let secure = name.to_lowercase().contains("secure");
    let cases = match cases(&contents) {
        Ok(cases) => cases,
        Err(error) => {
            report.fail(name, error);
            return report;
        }
    };
    for (case, value) in &cases {
        let outcome = match value.get("tests") {
            Some(tests) => neighbours(value, tests),
            None => roots(value, secure),
        };
        report.check(|| format!("{name}/{case}"), outcome);
    }
    report
}

fn parse(text: &str) -> Result<Vec<u8>, String> {
    match text.strip_prefix("0x") {
        Some(digits) => hex::decode(digits).map_err(|error| error.to_string()),
        None => Ok(text.as_bytes().to_vec()),
    }
}

fn changes(input: &Value) -> Result<(Changes, bool), String> {
    let value = |value: &Value| value.as_str().map(parse).transpose();
    match input {
        Value::Array(pairs) => {
            let mut out = Changes::new();
            for pair in pairs {
                out.push((parse(pair[0].as_str().ok_or("key is not text")?)?, value(&pair[1])?));
            }
            Ok((out, false))
        }
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, item)| Ok((parse(key)?, value(item)?)));
            Ok((pairs.collect::<Result<_, String>>()?, true))
        }
        _ => Err("`in` is neither list nor map".into()),
    }
}

fn roots(case: &Value, secure: bool) -> Result<(), String> {
    let expected: B256 = text(case, "root")?.parse().map_err(|error| format!("root: {error}"))?;
    let (changes, any_order) = changes(case.get("in").ok_or("`in` is missing")?)?;
    let mut orders = vec![changes.clone()];
    if any_order {
        // Backwards, and every rotation: a share of all orders that reaches each key first and last.
        orders.push(changes.iter().rev().cloned().collect());
        orders.extend((1..changes.len()).map(|by| {
            let mut order = changes.clone();
            order.rotate_left(by);
            order
        }));
    }
    for order in &orders {
        // Once hashed at the end, once after each change: cached hashes must not go stale.
        for hash_between in [false, true] {
            let found = root(order, secure, hash_between).map_err(|error| error.to_string())?;
            if found != expected {
                return Err(format!("root is {found}, expected {expected} (hashed between: {hash_between})"));
            }
        }
    }
    Ok(())
}

fn root(changes: &Changes, secure: bool, hash_between: bool) -> Result<B256, StateError> {
    let mut trie = Trie::<Raw>::default();
    for (key, value) in changes {
        let path = if secure { Nibbles::unpack(keccak256(key)) } else { Nibbles::unpack(key) };
        trie.edit(&path, Put(value.clone()))?;
        if hash_between {
            trie.root();
        }
    }
    Ok(trie.root())
}

/// For each key, the stored keys before and after it.
fn neighbours(case: &Value, tests: &Value) -> Result<(), String> {
    let mut trie = Trie::<Raw>::default();
    for key in case["in"].as_array().ok_or("`in` is not a list")? {
        let key = key.as_str().ok_or("key is not text")?;
        trie.edit(&Nibbles::unpack(key), Put(Some(key.into()))).map_err(|error| error.to_string())?;
    }
    let mut keys = Vec::new();
    for entry in trie.iter() {
        let (_, Raw(key)) = entry.map_err(|error| error.to_string())?;
        keys.push(String::from_utf8_lossy(key).into_owned());
    }
    for test in tests.as_array().ok_or("`tests` is not a list")? {
        let [key, before, after] = [0, 1, 2].map(|index| test[index].as_str().unwrap_or_default());
        let found_before = keys.iter().rev().find(|k| k.as_str() < key).map_or("", String::as_str);
        let found_after = keys.iter().find(|k| k.as_str() > key).map_or("", String::as_str);
        if (found_before, found_after) != (before, after) {
            return Err(format!("around {key}: {found_before}, {found_after}; expected {before}, {after}"));
        }
    }
    Ok(())
}
