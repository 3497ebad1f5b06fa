//! Making an engine's data directory out of a snapshot: the store's part, with what only execution can check.

use std::path::PathBuf;

use alloy_consensus::Header;
use alloy_primitives::Bytes;
use altlayer_execution::{ChainSpec, decode_all, genesis_block, summarize_receipts, transactions_root};
use altlayer_state::{
    StoreOptions, StoredTransaction,
    snapshot::{self, SnapshotInfo},
};
use op_alloy_consensus::OpReceipt;
use serde::Deserialize;

use crate::{
    error::EngineError,
    service::{chain_dir, invalid_genesis, snapshot_json},
};

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstallOptions {
    pub file: PathBuf,
    /// As the engine will be opened with.
    pub data_dir: PathBuf,
    pub genesis_json: String,
}

/// Verifies the snapshot and makes the directory, which must not hold a chain yet; answers what it is of, as JSON. May take
/// minutes for a large state.
pub fn install(options: &InstallOptions) -> Result<String, EngineError> {
    let (spec, genesis) = ChainSpec::from_genesis_json(&options.genesis_json).map_err(invalid_genesis)?;
    let block = genesis_block(&spec, &genesis).map_err(invalid_genesis)?;
    std::fs::create_dir_all(&options.data_dir)
        .map_err(|error| EngineError::new("ENGINE_DATA_DIR", format!("{}: {error}", options.data_dir.display())))?;
    let store = StoreOptions::new(chain_dir(&options.data_dir));
    let check = |header: &Header, raw: &[Bytes], receipts: &[OpReceipt]| check_body(&spec, header, raw, receipts);
    let info: SnapshotInfo = snapshot::install(&options.file, &store, &block, &check)?;
    Ok(snapshot_json(&info))
}

fn check_body(
    spec: &ChainSpec,
    header: &Header,
    raw: &[Bytes],
    receipts: &[OpReceipt],
) -> Result<Vec<StoredTransaction>, String> {
    if transactions_root(raw) != header.transactions_root {
        return Err("its transactions are not those of its header".into());
    }
    let summary = summarize_receipts(spec, header.timestamp, receipts);
    if receipts.len() != raw.len() || summary.root != header.receipts_root || summary.bloom != header.logs_bloom {
        return Err("its receipts are not those of its header".into());
    }
    let recovered = decode_all(raw).map_err(|(index, reject)| format!("transaction {index}: {reject}"))?;
    Ok(recovered.iter().map(|transaction| transaction.to_stored()).collect())
}
