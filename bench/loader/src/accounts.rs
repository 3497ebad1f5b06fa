//! Accounts by number. The first ones sign; of the others only the address is known, which is all that a receiver needs.

use alloy_primitives::{Address, B256, keccak256};
use secp256k1::{PublicKey, SECP256K1, SecretKey};

fn digest(purpose: &str, index: u64) -> B256 {
    keccak256([purpose.as_bytes(), &index.to_be_bytes()].concat())
}

/// The key of signing account `index`.
pub fn key(index: u64) -> SecretKey {
    // A hash that is no valid key is not found in practice.
    SecretKey::from_byte_array(digest("altlayer bench key", index).0).unwrap_or_else(|_| unreachable!())
}

pub fn address_of(key: &SecretKey) -> Address {
    let public = PublicKey::from_secret_key(SECP256K1, key).serialize_uncompressed();
    Address::from_slice(&keccak256(&public[1..])[12..])
}

/// The address of account `index`, of which the first `senders` have keys.
pub fn address(index: u64, senders: u64) -> Address {
    if index < senders { address_of(&key(index)) } else { receiver(index) }
}

/// The address of an account without a key.
pub fn receiver(index: u64) -> Address {
    Address::from_slice(&digest("altlayer bench account", index)[12..])
}
