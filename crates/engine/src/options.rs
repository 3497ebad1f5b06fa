//! What an engine is opened with.

use std::path::PathBuf;

use serde::Deserialize;

/// Limits of the pool.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PoolOptions {
    pub max_transactions: usize,
    pub max_per_sender: usize,
    /// Bytes of raw transactions.
    pub max_bytes: usize,
    /// Lowest tip cap, in wei, as a decimal string.
    #[serde(deserialize_with = "wei")]
    pub min_tip_wei: u128,
    /// Keep the pool's content in a file, so that it survives a restart.
    pub journal: bool,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self { max_transactions: 200_000, max_per_sender: 10_000, max_bytes: 256 << 20, min_tip_wei: 0, journal: true }
    }
}

/// Limits of queries.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueryLimits {
    /// Gas of one eth_call, eth_estimateGas, trace.
    pub call_gas: u64,
    /// Time of one query, in milliseconds.
    pub call_timeout_ms: u64,
    pub logs_max_blocks: u64,
    pub logs_max_results: usize,
}

impl QueryLimits {
    pub const fn call_timeout(&self) -> std::time::Duration {
        std::time::Duration::from_millis(self.call_timeout_ms)
    }
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self { call_gas: 50_000_000, call_timeout_ms: 5_000, logs_max_blocks: 10_000_000, logs_max_results: 20_000 }
    }
}

/// Options of an engine, as the binding's JSON carries them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EngineOptions {
    pub data_dir: PathBuf,
    /// Comes beside the other options; empty where it lies in a file.
    #[serde(skip)]
    pub genesis_json: String,
    #[serde(default)]
    pub genesis_file: Option<PathBuf>,
    pub history: HistoryOption,
    #[serde(default)]
    pub pool: PoolOptions,
    #[serde(default)]
    pub limits: QueryLimits,
}

/// Blocks of history that state queries reach.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
pub enum HistoryOption {
    Blocks(u64),
    Named(HistoryName),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HistoryName {
    Archive,
}

fn wei<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| serde::de::Error::custom("expected wei as a decimal string"))
}
