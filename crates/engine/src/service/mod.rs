//! The running engine: threads, and the requests they serve.

mod admission;
mod candidate;
mod flashblock;
mod guard;
mod head_state;
mod overlay;
mod parent_state;
mod publisher;
mod range;
mod readers;
mod resume;
mod sealer;
mod shared;
mod slice;
mod waiters;
mod wire;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use admission::{Admission, Reply};
use altlayer_state::{History, StoreOptions};
use crossbeam_channel::Sender;
use parking_lot::Mutex;
use readers::Readers;
use serde_json::value::RawValue;
use shared::Shared;
pub use shared::{Answer, Failure, Sink};
pub use wire::snapshot_json;
use writer::{Command, Outputs};

use crate::{
    error::EngineError,
    genesis,
    options::{EngineOptions, HistoryName, HistoryOption},
    pool::{Pool, PoolJournal},
};

/// Commands that may wait for the writer. Callers await each answer, so more means that one of them runs wild.
const WRITER_QUEUE: usize = 1_024;

/// One rollup's engine. Any number may live in a process; nothing is global.
pub struct Engine {
    shared: Arc<Shared>,
    /// `config` of genesis.json.
    config: Box<RawValue>,
    writer: Sender<Command>,
    readers: Readers,
    admission: Admission,
    /// Writer, sealer and publisher, in the order in which they end.
    threads: Mutex<Vec<JoinHandle<()>>>,
    closing: AtomicBool,
}

impl Engine {
    /// Opens or creates the data directory and starts the threads. May take seconds: not for a thread in a hurry.
    pub fn open(mut options: EngineOptions, sink: Arc<dyn Sink>) -> Result<Self, EngineError> {
        let mut store = StoreOptions::new(chain_dir(&options.data_dir));
        let files = store.files.clone();
        files
            .create_dir(&options.data_dir)
            .map_err(|error| EngineError::new("ENGINE_DATA_DIR", format!("{}: {error}", options.data_dir.display())))?;
        store.history = match options.history {
            HistoryOption::Blocks(blocks) => History::Blocks(blocks),
            HistoryOption::Named(HistoryName::Archive) => History::Archive,
        };
        let source = match options.genesis_file.take() {
            Some(file) => genesis::Source::File(file),
            None => genesis::Source::Text(std::mem::take(&mut options.genesis_json)),
        };
        let genesis::Opened { spec, chain, config } = genesis::open(&options.data_dir, store, &source)?;
        drop(source);
        let spec = Arc::new(spec);

        let head = head_state::pool_head(&spec, &chain, chain.heads().unsafe_head.hash, options.pool.min_tip_wei)?;
        let mut pool = Pool::new(options.pool.clone(), head);
        let journal = if options.pool.journal {
            let path = options.data_dir.join("pool.journal");
            let failed =
                |error: std::io::Error| EngineError::new("ENGINE_POOL_JOURNAL", format!("{}: {error}", path.display()));
            let (mut journal, pooled) = PoolJournal::open(files, &path).map_err(failed)?;
            for tx in pooled.transactions {
                let arrival = pool.reserve_arrivals(1);
                // What no longer applies (mined meanwhile, unaffordable) is dropped here, on purpose.
                let _ = pool.insert(Arc::new(tx), arrival);
            }
            journal.rewrite(&pool.in_order()).map_err(failed)?;
            Some(journal)
        } else {
            None
        };

        let shared = Arc::new(Shared::new(spec, chain, pool, journal, options, sink));
        let (writer, commands) = crossbeam_channel::bounded(WRITER_QUEUE);
        let (sealer, jobs) = crossbeam_channel::unbounded();
        let (publisher, publications) = crossbeam_channel::unbounded();
        let outputs = Outputs { sealer, publisher: publisher.clone() };
        let threads = vec![
            writer::spawn(shared.clone(), commands, outputs)?,
            sealer::spawn(shared.clone(), jobs, publisher)?,
            publisher::spawn(shared.clone(), publications, writer.clone())?,
        ];
        let _ = shared.writer.set(writer.clone());
        let readers = Readers::spawn(&shared)?;
        let admission = Admission::spawn(&shared)?;
        Ok(Self {
            shared,
            config,
            writer,
            readers,
            admission,
            threads: Mutex::new(threads),
            closing: AtomicBool::new(false),
        })
    }

    /// What `open` answers with: genesis, heads and chain configuration, as JSON.
    pub fn describe(&self) -> String {
        wire::to_json(&wire::Opened {
            genesis: self.shared.chain.genesis().into(),
            heads: self.shared.chain.heads().into(),
            chain_config: &self.config,
        })
    }

    /// Hands in a request; the answer comes through the sink under `id`.
    pub fn request(&self, id: u32, operation: &str, json: String) {
        if let Err(error) = self.dispatch(id, operation, json) {
            self.shared.sink.answer(id, Err(Failure::Engine(error)));
        }
    }

    fn dispatch(&self, id: u32, operation: &str, json: String) -> Result<(), EngineError> {
        self.check_alive()?;
        match wire::Operation::parse(operation)? {
            wire::Operation::Write(operation) => {
                self.writer.try_send(Command::Request { id, operation, json }).map_err(|error| {
                    if error.is_full() {
                        EngineError::new("ENGINE_BUSY", "too many requests wait for the engine's writer")
                    } else {
                        self.shared.gone()
                    }
                })
            }
            // At once, in the order of the caller's requests: what is submitted behind it is told.
            wire::Operation::Watch(part) => {
                self.shared.watch(part, wire::is_watched(&json)?);
                self.shared.sink.answer(id, Ok("null".into()));
                Ok(())
            }
            wire::Operation::Read(operation) => self.readers.request(id, operation, json),
        }
    }

    /// Answers a JSON-RPC method natively; `params` is the JSON text of its parameters.
    pub fn query(&self, id: u32, method: String, params: String) {
        let result = self.check_alive().map_err(Failure::Engine).and_then(|()| self.readers.query(id, method, params));
        if let Err(failure) = result {
            self.shared.sink.answer(id, Err(failure));
        }
    }

    /// Hands in transactions, each as a little-endian u32 length and its EIP-2718 bytes.
    pub fn submit(&self, id: u32, flat: Vec<u8>) {
        let result = self.check_alive().and_then(|()| self.admission.submit(id, flat, Reply::Hashes));
        if let Err(error) = result {
            self.shared.sink.answer(id, Err(Failure::Engine(error)));
        }
    }

    /// Hands in one transaction; the answer is its receipt, once a slice or a block holds it (EIP-7966).
    pub fn submit_sync(&self, id: u32, raw: &[u8]) {
        let flat = [&(raw.len() as u32).to_le_bytes(), raw].concat();
        let result = self.check_alive().and_then(|()| self.admission.submit(id, flat, Reply::Receipt));
        if let Err(error) = result {
            self.shared.sink.answer(id, Err(Failure::Engine(error)));
        }
    }

    fn check_alive(&self) -> Result<(), EngineError> {
        if self.closing.load(Ordering::Acquire) || self.shared.failure().is_some() {
            return Err(self.shared.gone());
        }
        Ok(())
    }

    /// Stops the threads after what they are at, and makes everything durable. Blocks.
    pub fn close(&self) -> Result<(), EngineError> {
        if self.closing.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.admission.close();
        let _ = self.writer.send(Command::Close);
        for thread in self.threads.lock().drain(..) {
            let _ = thread.join();
        }
        self.readers.close();
        self.shared.compact_pool_journal();
        Ok(self.shared.chain.close()?)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::error!(%error, "the engine could not be closed in order");
        }
    }
}

/// Where in an engine's data directory its chain lies.
pub fn chain_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("chain")
}

pub fn invalid_genesis(error: altlayer_execution::ChainSpecError) -> EngineError {
    EngineError::new("ENGINE_INVALID_GENESIS", error.to_string())
}
