//! Starting from a snapshot, on libuv's threads.

use altlayer_engine::{
    error::EngineError,
    snapshot::{self, InstallOptions},
};
use napi::{Env, Task, bindgen_prelude::AsyncTask};
use napi_derive::napi;

use crate::contain;

pub struct InstallTask {
    options: String,
}

impl Task for InstallTask {
    type Output = String;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<String> {
        let options: Result<InstallOptions, _> = serde_json::from_str(&self.options);
        options
            .map_err(|error| EngineError::bad_request(format!("options: {error}")))
            .and_then(|options| contain(|| snapshot::install(&options)))
            // As with KZG, the code goes before the first `|`.
            .map_err(|error| napi::Error::from_reason(format!("{}|{error}", error.code)))
    }

    fn resolve(&mut self, _env: Env, output: String) -> napi::Result<String> {
        Ok(output)
    }
}

/// Makes an engine's data directory out of a snapshot file; options and answer are JSON.
#[napi]
pub fn install_snapshot(options: String) -> AsyncTask<InstallTask> {
    AsyncTask::new(InstallTask { options })
}
