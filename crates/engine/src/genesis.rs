//! Block zero without reading it twice: what an opening needs of a genesis.json is kept beside the chain, since a file with a
//! million accounts takes seconds to read and to hash into a root.
//!
//! The file `genesis.known` holds a SHA-256 of the rest, and the rest says for which text it was made, and in which file that
//! stood: a file that nobody touched since is not even read. It is a cache: lost, damaged or of another text, it is made anew.

use std::{
    borrow::Cow,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

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
    /// The file in which it stood at the last start, if it came in one.
    #[serde(default)]
    file: Option<Stamp>,
    /// Its `config`, as it stands there.
    config: Box<RawValue>,
    /// RLP.
    header: Bytes,
}

/// What of a file changes with its content: whoever replaces it makes another inode, whoever writes into it another time of
/// change, which no program sets at will.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> std::io::Result<Self> {
        let file = std::fs::metadata(path)?;
        Ok(Self {
            device: file.dev(),
            inode: file.ino(),
            length: file.size(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        })
    }
}

/// A genesis.json.
pub enum Source {
    Text(String),
    File(PathBuf),
}

impl Source {
    fn text(&self) -> Result<Cow<'_, str>, EngineError> {
        match self {
            Self::Text(text) => Ok(text.into()),
            Self::File(path) => std::fs::read_to_string(path).map(Cow::from).map_err(|error| unreadable(path, &error)),
        }
    }

    fn stamp(&self) -> Result<Option<Stamp>, EngineError> {
        match self {
            Self::Text(_) => Ok(None),
            Self::File(path) => Stamp::of(path).map(Some).map_err(|error| unreadable(path, &error)),
        }
    }
}

/// An opened chain, and what its genesis.json says of it.
pub struct Opened {
    pub spec: ChainSpec,
    pub chain: std::sync::Arc<ChainStore>,
    /// `config` of genesis.json.
    pub config: Box<RawValue>,
}

/// Opens the chain of a genesis.json.
pub fn open(data_dir: &Path, options: StoreOptions, source: &Source) -> Result<Opened, EngineError> {
    let path = data_dir.join("genesis.known");
    let files = options.files.clone();
    // Before it is read: if it changes meanwhile, the next start finds another.
    let stamp = source.stamp()?;
    let kept = read(&*files, &path);
    let untouched = stamp.is_some() && kept.as_ref().is_some_and(|(known, _)| known.file == stamp);
    let text = if untouched { None } else { Some(source.text()?) };
    let digest = text.as_ref().map(|text| sha256(text.as_bytes()));
    if let Some((mut known, header)) = kept.filter(|(known, _)| digest.is_none_or(|digest| known.text == digest)) {
        // The state is wanted by a directory without a chain only, which has lost it since: then all is read after all.
        match ChainStore::open(options.clone(), GenesisBlock { header, state: Default::default() }) {
            Ok(chain) => {
                let spec = spec_of(&known.config)?;
                if stamp.is_some() && !untouched {
                    known.file = stamp;
                    keep(&*files, &path, &known);
                }
                return Ok(Opened { spec, chain, config: known.config });
            }
            Err(StateError::RootMismatch { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let text = text.map_or_else(|| source.text(), Ok)?;
    let (spec, genesis) = ChainSpec::from_genesis_json(&text).map_err(invalid_genesis)?;
    let block = genesis_block(&spec, &genesis).map_err(invalid_genesis)?;
    drop(genesis);
    let header = alloy_rlp::encode(&block.header).into();
    let chain = ChainStore::open(options, block)?;
    #[derive(Deserialize)]
    struct WithConfig {
        config: Box<RawValue>,
    }
    let WithConfig { config } = serde_json::from_str(&text).map_err(malformed)?;
    let known = Known { text: digest.unwrap_or_else(|| sha256(text.as_bytes())), file: stamp, config, header };
    keep(&*files, &path, &known);
    Ok(Opened { spec, chain, config: known.config })
}

fn keep(files: &dyn Files, path: &Path, known: &Known) {
    if let Err(error) = write(files, path, known) {
        tracing::warn!(%error, file = %path.display(), "the next start reads the genesis again");
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> EngineError {
    EngineError::new("ENGINE_INVALID_GENESIS", format!("cannot read {}: {error}", path.display()))
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
        opened_from(dir, &Source::Text(text.into()))
    }

    fn opened_from(dir: &Path, source: &Source) -> Result<(B256, u64), EngineError> {
        let opened = open(dir, StoreOptions::new(dir.join("chain")), source)?;
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
    /// Whether a start reads the file tells one whose text is not JSON any more, though its stamp says that it is untouched.
    #[test]
    fn an_untouched_file_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("genesis.json");
        let source = Source::File(file.clone());
        std::fs::write(&file, text("0x1")).unwrap();
        let first = opened_from(dir.path(), &source).unwrap();
        let path = dir.path().join("genesis.known");
        let known = || read(&*StoreOptions::new(dir.path()).files, &path).unwrap().0;
        assert!(known().file == Some(Stamp::of(&file).unwrap()));
        // Somebody else's file, and the cache is told that it is the one it knows.
        std::fs::write(&file, "no genesis").unwrap();
        let forged = Known { file: Some(Stamp::of(&file).unwrap()), ..known() };
        write(&*StoreOptions::new(dir.path()).files, &path, &forged).unwrap();
        assert_eq!(opened_from(dir.path(), &source).unwrap(), first);
        // Without a chain it must be read all the same.
        std::fs::remove_dir_all(dir.path().join("chain")).unwrap();
        assert_eq!(opened_from(dir.path(), &source).unwrap_err().code, "ENGINE_INVALID_GENESIS");
    }

    #[test]
    fn a_file_that_was_touched_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("genesis.json");
        let source = Source::File(file.clone());
        std::fs::write(&file, text("0x1")).unwrap();
        let first = opened_from(dir.path(), &source).unwrap();
        // Of the same length, and in place.
        std::fs::write(&file, text("0x2")).unwrap();
        assert_eq!(opened_from(dir.path(), &source).unwrap_err().code, "STATE_GENESIS_MISMATCH");
        // The same text in another file is the same genesis, and that file the one that is known from then on.
        let other = dir.path().join("other.json");
        std::fs::write(&other, text("0x1")).unwrap();
        assert_eq!(opened_from(dir.path(), &Source::File(other.clone())).unwrap(), first);
        let known = read(&*StoreOptions::new(dir.path()).files, &dir.path().join("genesis.known")).unwrap().0;
        assert!(known.file == Some(Stamp::of(&other).unwrap()));
        let gone = Source::File(dir.path().join("gone.json"));
        assert_eq!(opened_from(dir.path(), &gone).unwrap_err().code, "ENGINE_INVALID_GENESIS");
    }
}
