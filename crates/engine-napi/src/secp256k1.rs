//! Signatures of Ethereum accounts for JavaScript, in place: its own take a millisecond.

use altlayer_crypto::secp256k1::{self, Secp256k1Error};
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;

/// The error's code goes before the first `|`, as in kzg.rs.
fn failed(error: Secp256k1Error) -> napi::Error {
    napi::Error::from_reason(format!("{}|{error}", error.code()))
}

#[napi(js_name = "secp256k1Sign")]
pub fn secp256k1_sign(secret: &[u8], digest: &[u8]) -> napi::Result<Buffer> {
    Ok(secp256k1::sign(secret, digest).map_err(failed)?.to_vec().into())
}

#[napi(js_name = "secp256k1Recover")]
pub fn secp256k1_recover(digest: &[u8], signature: &[u8]) -> napi::Result<Buffer> {
    Ok(secp256k1::recover(digest, signature).map_err(failed)?.to_vec().into())
}
