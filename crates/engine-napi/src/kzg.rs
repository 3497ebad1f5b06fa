//! KZG for JavaScript: on libuv's threads, and in place for libraries that want it so.

use altlayer_crypto::kzg::{self, KzgError};
use napi::{
    Env, Task,
    bindgen_prelude::{AsyncTask, Buffer, Uint8Array},
};
use napi_derive::napi;

/// The error's code goes before the first `|`: promises of the binding carry no other field.
fn failed(error: KzgError) -> napi::Error {
    napi::Error::from_reason(format!("{}|{error}", error.code()))
}

enum Work {
    Commit,
    Prove { commitment: Uint8Array },
    ProveCells,
}

pub struct KzgTask {
    blob: Uint8Array,
    work: Work,
}

impl Task for KzgTask {
    type Output = Vec<u8>;
    type JsValue = Buffer;

    fn compute(&mut self) -> napi::Result<Vec<u8>> {
        match &self.work {
            Work::Commit => kzg::commit(&self.blob).map(Vec::from),
            Work::Prove { commitment } => kzg::prove(&self.blob, commitment).map(Vec::from),
            Work::ProveCells => kzg::prove_cells(&self.blob),
        }
        .map_err(failed)
    }

    fn resolve(&mut self, _env: Env, output: Vec<u8>) -> napi::Result<Buffer> {
        Ok(output.into())
    }
}

#[napi]
pub fn kzg_commit(blob: Uint8Array) -> AsyncTask<KzgTask> {
    AsyncTask::new(KzgTask { blob, work: Work::Commit })
}

#[napi]
pub fn kzg_prove(blob: Uint8Array, commitment: Uint8Array) -> AsyncTask<KzgTask> {
    AsyncTask::new(KzgTask { blob, work: Work::Prove { commitment } })
}

#[napi]
pub fn kzg_prove_cells(blob: Uint8Array) -> AsyncTask<KzgTask> {
    AsyncTask::new(KzgTask { blob, work: Work::ProveCells })
}

#[napi]
pub fn kzg_commit_sync(blob: &[u8]) -> napi::Result<Buffer> {
    Ok(kzg::commit(blob).map_err(failed)?.to_vec().into())
}

#[napi]
pub fn kzg_prove_sync(blob: &[u8], commitment: &[u8]) -> napi::Result<Buffer> {
    Ok(kzg::prove(blob, commitment).map_err(failed)?.to_vec().into())
}

#[napi]
pub fn kzg_verify_sync(blob: &[u8], commitment: &[u8], proof: &[u8]) -> napi::Result<bool> {
    kzg::verify(blob, commitment, proof).map_err(failed)
}

#[napi]
pub fn kzg_verify_cells_sync(blob: &[u8], commitment: &[u8], proofs: &[u8]) -> napi::Result<bool> {
    kzg::verify_cells(blob, commitment, proofs).map_err(failed)
}
