//! BLS on BN254 for JavaScript: single operations in place, checks of many signatures on libuv's threads.

use std::sync::Arc;

use altlayer_crypto::bn254::{self, Bn254Error, KeySet};
use napi::{
    Env, Task,
    bindgen_prelude::{AsyncTask, Buffer, Uint8Array},
};
use napi_derive::napi;

/// The error's code goes before the first `|`, as in kzg.rs.
fn failed(error: Bn254Error) -> napi::Error {
    napi::Error::from_reason(format!("{}|{error}", error.code()))
}

#[napi]
pub fn bn254_derive_secret(seed: &[u8], info: &[u8]) -> napi::Result<Buffer> {
    Ok(bn254::derive_secret(seed, info).map_err(failed)?.to_vec().into())
}

/// Both keys, one after the other: 64 bytes of G1, 128 of G2.
#[napi]
pub fn bn254_public_keys(secret: &[u8]) -> napi::Result<Buffer> {
    let (g1, g2) = bn254::public_keys(secret).map_err(failed)?;
    Ok([g1.as_slice(), g2.as_slice()].concat().into())
}

#[napi]
pub fn bn254_hash_to_curve(digest: &[u8]) -> napi::Result<Buffer> {
    Ok(bn254::hash_to_curve(digest).map_err(failed)?.to_vec().into())
}

#[napi]
pub fn bn254_sign(secret: &[u8], digest: &[u8]) -> napi::Result<Buffer> {
    Ok(bn254::sign(secret, digest).map_err(failed)?.to_vec().into())
}

#[napi]
pub fn bn254_verify(key_g2: &[u8], digest: &[u8], signature: &[u8]) -> napi::Result<bool> {
    bn254::verify(key_g2, digest, signature).map_err(failed)
}

#[napi]
pub fn bn254_verify_with_both_keys(
    key_g1: &[u8],
    key_g2: &[u8],
    digest: &[u8],
    signature: &[u8],
) -> napi::Result<bool> {
    bn254::verify_with_both_keys(key_g1, key_g2, digest, signature).map_err(failed)
}

pub struct VerifyAggregateTask {
    key_g1: Uint8Array,
    key_g2: Uint8Array,
    digest: Uint8Array,
    signature: Uint8Array,
}

impl Task for VerifyAggregateTask {
    type Output = bool;
    type JsValue = bool;

    fn compute(&mut self) -> napi::Result<bool> {
        bn254::verify_with_both_keys(&self.key_g1, &self.key_g2, &self.digest, &self.signature).map_err(failed)
    }

    fn resolve(&mut self, _env: Env, output: bool) -> napi::Result<bool> {
        Ok(output)
    }
}

/// As [`bn254_verify_with_both_keys`], on libuv's threads.
#[napi]
pub fn bn254_verify_aggregate(
    key_g1: Uint8Array,
    key_g2: Uint8Array,
    digest: Uint8Array,
    signature: Uint8Array,
) -> AsyncTask<VerifyAggregateTask> {
    AsyncTask::new(VerifyAggregateTask { key_g1, key_g2, digest, signature })
}

#[napi]
pub fn bn254_sum_g1(points: &[u8]) -> napi::Result<Option<Buffer>> {
    Ok(bn254::sum_g1(points).map_err(failed)?.map(|point| point.to_vec().into()))
}

#[napi]
pub fn bn254_sum_g2(points: &[u8]) -> napi::Result<Option<Buffer>> {
    Ok(bn254::sum_g2(points).map_err(failed)?.map(|point| point.to_vec().into()))
}

pub struct InvalidSignaturesTask {
    keys: Arc<KeySet>,
    positions: Vec<u32>,
    digest: Uint8Array,
    signatures: Uint8Array,
}

impl Task for InvalidSignaturesTask {
    type Output = Vec<u32>;
    type JsValue = Vec<u32>;

    fn compute(&mut self) -> napi::Result<Vec<u32>> {
        self.keys.invalid_signatures(&self.positions, &self.digest, &self.signatures).map_err(failed)
    }

    fn resolve(&mut self, _env: Env, output: Vec<u32>) -> napi::Result<Vec<u32>> {
        Ok(output)
    }
}

/// Keys parsed once, and checked against many times.
#[napi]
pub struct Bn254KeySet {
    keys: Arc<KeySet>,
}

#[napi]
impl Bn254KeySet {
    #[napi(constructor)]
    pub fn new(keys_g2: &[u8]) -> napi::Result<Self> {
        Ok(Self { keys: Arc::new(KeySet::parse(keys_g2).map_err(failed)?) })
    }

    #[napi]
    pub fn sum(&self, positions: Vec<u32>) -> napi::Result<Option<Buffer>> {
        Ok(self.keys.sum(&positions).map_err(failed)?.map(|point| point.to_vec().into()))
    }

    #[napi]
    pub fn invalid_signatures(
        &self,
        positions: Vec<u32>,
        digest: Uint8Array,
        signatures: Uint8Array,
    ) -> AsyncTask<InvalidSignaturesTask> {
        AsyncTask::new(InvalidSignaturesTask { keys: self.keys.clone(), positions, digest, signatures })
    }
}
