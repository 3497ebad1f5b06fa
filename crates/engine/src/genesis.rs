//! Block zero without reading it twice: what an opening needs of a genesis.json is kept beside the chain, since a file with a
//! million accounts takes seconds to read and to hash into a root.
//!
//! The file `genesis.known` holds a SHA-256 of the rest, and the rest says for which text it was made. It is a cache: lost,
//! damaged or of another text, it is made anew.

use std::path::{Path, PathBuf};

use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes};
use alloy_rlp::Decodable;
use altlayer_execution::{ChainSpec, genesis_block};
use altlayer_files::{Files, Open};
use altlayer_state::{ChainStore, GenesisBlock, StateError, StoreOptions};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::{error::EngineError, service::invalid_genesis};

/// What is kept of a genesis.json.
#[derive(Serialize, Deserialize)]
struct Known {
    /// SHA-256 of the text.
    text: B256,
    /// Its `config`, as it stands there.
    config: Box<RawValue>,
    /// RLP.
    header: Bytes,
}

/// An opened chain, and what its genesis.json says of it.
pub struct Opened {
    pub spec: ChainSpec,
    pub chain: std::sync::Arc<ChainStore>,
    /// `config` of genesis.json.
    pub config: Box<RawValue>,
}

/// Opens the chain of a genesis.json.
pub fn open(data_dir: &Path, options: StoreOptions, text: &str) -> Result<Opened, EngineError> {
    let path = data_dir.join("genesis.known");
    let files = options.files.clone();
    let digest = sha256(text.as_bytes());
    if let Some((known, header)) = read(&*files, &path).filter(|(known, _)| known.text == digest) {
        // The state is wanted by a directory without a chain only, which has lost it since: then all is read after all.
        match ChainStore::open(options.clone(), GenesisBlock { header, state: Default::default() }) {
            Ok(chain) => return Ok(Opened { spec: spec_of(&known.config)?, chain, config: known.config }),
            Err(StateError::RootMismatch { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let (spec, genesis) = ChainSpec::from_genesis_json(text).map_err(invalid_genesis)?;
    let block = genesis_block(&spec, &genesis).map_err(invalid_genesis)?;
    drop(genesis);
    let header = alloy_rlp::encode(&block.header).into();
    let chain = ChainStore::open(options, block)?;
    #[derive(Deserialize)]
    struct WithConfig {
        config: Box<RawValue>,
    }
    let WithConfig { config } = serde_json::from_str(text).map_err(malformed)?;
    let known = Known { text: digest, config, header };
    if let Err(error) = write(&*files, &path, &known) {
        tracing::warn!(%error, file = %path.display(), "the next start reads the genesis again");
    }
    Ok(Opened { spec, chain, config: known.config })
}

fn sha256(bytes: &[u8]) -> B256 {
    B256::from_slice(&Sha256::digest(bytes))
}

fn spec_of(config: &RawValue) -> Result<ChainSpec, EngineError> {
    let config = serde_json::from_str(config.get()).map_err(malformed)?;
    ChainSpec::from_config(&config).map_err(invalid_genesis)
}

fn malformed(error: serde_json::Error) -> EngineError {
    EngineError::new("ENGINE_INVALID_GENESIS", error.to_string())
}

fn read(files: &dyn Files, path: &Path) -> Option<(Known, Header)> {
    let file = files.open(path, Open::Read).ok()?;
    let mut bytes = vec![0; usize::try_from(file.length().ok()?).ok()?];
    file.read_exact_at(&mut bytes, 0).ok()?;
    let (digest, rest) = bytes.split_at_checked(32)?;
    if sha256(rest) != digest {
        return None;
    }
    let known: Known = serde_json::from_slice(rest).ok()?;
    let header = Header::decode(&mut &known.header[..]).ok()?;
    Some((known, header))
}

fn write(files: &dyn Files, path: &Path, known: &Known) -> std::io::Result<()> {
    let rest = serde_json::to_vec(known)?;
    let temporary = path.with_extension("known.tmp");
    let file = files.open(&temporary, Open::Truncate)?;
    file.write_all_at(&[sha256(&rest).as_slice(), &rest].concat(), 0)?;
    file.sync_all()?;
    files.rename(&temporary, path)?;
    files.sync_dir(path.parent().unwrap_or(&PathBuf::from(".")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(balance: &str) -> String {
        let config = json!({
            "chainId": 901, "bedrockBlock": 0, "regolithTime": 0, "canyonTime": 0, "shanghaiTime": 0, "ecotoneTime": 0,
            "cancunTime": 0, "fjordTime": 0, "graniteTime": 0,
            "optimism": {"eip1559Elasticity": 6, "eip1559Denominator": 50, "eip1559DenominatorCanyon": 250},
        });
        let alloc = json!({"00000000000000000000000000000000000000aa": {"balance": balance}});
        json!({"config": config, "alloc": alloc, "gasLimit": "0x1c9c380", "difficulty": "0x0", "timestamp": "0x1"})
            .to_string()
    }

    fn opened(dir: &Path, text: &str) -> Result<(B256, u64), EngineError> {
        let opened = open(dir, StoreOptions::new(dir.join("chain")), text)?;
        assert!(opened.config.get().contains("901"));
        Ok((opened.chain.genesis().hash, opened.spec.chain_id))
    }

    #[test]
    fn a_second_opening_reads_what_the_first_kept() {
        let dir = tempfile::tempdir().unwrap();
        let first = opened(dir.path(), &text("0x1")).unwrap();
        let path = dir.path().join("genesis.known");
        let kept = std::fs::read(&path).unwrap();
        // It is read: an account that the text has and the kept header has not would give another hash.
        assert_eq!(read(&*StoreOptions::new(dir.path()).files, &path).unwrap().1.hash_slow(), first.0);
        assert_eq!(opened(dir.path(), &text("0x1")).unwrap(), first);
        assert_eq!(std::fs::read(&path).unwrap(), kept);
    }

    #[test]
    fn another_text_or_damage_anywhere_is_read_in_full() {
        let dir = tempfile::tempdir().unwrap();
        let first = opened(dir.path(), &text("0x1")).unwrap();
        let path = dir.path().join("genesis.known");
        assert_eq!(opened(dir.path(), &text("0x2")).unwrap_err().code, "STATE_GENESIS_MISMATCH");
        let kept = std::fs::read(&path).unwrap();
        for place in [0, 31, 32, kept.len() / 2, kept.len() - 1] {
            let mut damaged = kept.clone();
            damaged[place] ^= 1;
            std::fs::write(&path, &damaged).unwrap();
            assert_eq!(opened(dir.path(), &text("0x1")).unwrap(), first);
            assert_eq!(std::fs::read(&path).unwrap(), kept);
        }
        for length in [0, 16, 40] {
            std::fs::write(&path, &kept[..length]).unwrap();
            assert_eq!(opened(dir.path(), &text("0x1")).unwrap(), first);
        }
    }

    #[test]
    fn a_chain_that_is_gone_begins_anew_from_the_whole_text() {
        let dir = tempfile::tempdir().unwrap();
        let first = opened(dir.path(), &text("0x1")).unwrap();
        std::fs::remove_dir_all(dir.path().join("chain")).unwrap();
        assert_eq!(opened(dir.path(), &text("0x1")).unwrap(), first);
    }
}
