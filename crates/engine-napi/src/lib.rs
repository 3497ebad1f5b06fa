//! The Node binding: converts, nothing else. Answers and events of an engine gather in an outbox, and one call into
//! JavaScript delivers all that has gathered.

// Under test, napi's macros export nothing, so nothing is used.
#![cfg_attr(test, allow(dead_code))]

mod bn254;
mod keccak;
mod kzg;
mod outbox;
mod secp256k1;
mod snapshot;

use std::sync::Arc;

use altlayer_engine::{Engine, Failure, Sink, error::EngineError, options::EngineOptions};
use napi::bindgen_prelude::Function;
use napi_derive::napi;
use outbox::{Columns, Outbox};
use parking_lot::Mutex;

/// `None` before it is open and after it is closed.
type Slot = Arc<Mutex<Option<Arc<Engine>>>>;

/// One engine. Every request carries an id, under which its answer is delivered.
#[napi]
pub struct NativeEngine {
    engine: Slot,
    outbox: Arc<Outbox>,
}

#[napi]
impl NativeEngine {
    /// Opens an engine on a thread of its own; the answer to request 0 tells the outcome. The genesis comes beside the options,
    /// since quoting a hundred megabytes takes a while. `deliver` gets three arrays of equal length: ids, kinds (see
    /// outbox.rs) and texts.
    #[napi(constructor)]
    pub fn new(options: String, genesis: String, deliver: Function<'_, Columns, ()>) -> napi::Result<Self> {
        let outbox = Outbox::connect(deliver)?;
        let engine = Slot::default();
        let (slot, sink) = (engine.clone(), outbox.clone());
        std::thread::Builder::new().name("engine-open".into()).spawn(move || open(&options, genesis, &slot, sink))?;
        Ok(Self { engine, outbox })
    }

    #[napi]
    pub fn request(&self, id: u32, operation: String, json: String) {
        if let Some(engine) = self.opened(id) {
            engine.request(id, &operation, json);
        }
    }

    #[napi]
    pub fn query(&self, id: u32, method: String, params: String) {
        if let Some(engine) = self.opened(id) {
            engine.query(id, method, params);
        }
    }

    /// Transactions, each as a little-endian u32 length and its bytes.
    #[napi]
    pub fn submit(&self, id: u32, flat: &[u8]) {
        if let Some(engine) = self.opened(id) {
            engine.submit(id, flat.to_vec());
        }
    }

    /// One transaction; the answer is its receipt, once a slice or a block holds it.
    #[napi]
    pub fn submit_sync(&self, id: u32, raw: &[u8]) {
        if let Some(engine) = self.opened(id) {
            engine.submit_sync(id, raw);
        }
    }

    /// Closes on a thread of its own. After the answer nothing is delivered any more.
    #[napi]
    pub fn close(&self, id: u32) -> napi::Result<()> {
        let (slot, outbox) = (self.engine.clone(), self.outbox.clone());
        std::thread::Builder::new().name("engine-close".into()).spawn(move || {
            let engine = slot.lock().take();
            // Dropped here and not later: the directory's lock must be free when the answer arrives.
            let closed = engine.map_or(Ok(()), |engine| contain(|| engine.close()));
            outbox.answer(id, closed.map(|()| "null".into()).map_err(Failure::Engine));
            outbox.disconnect();
        })?;
        Ok(())
    }

    fn opened(&self, id: u32) -> Option<Arc<Engine>> {
        let engine = self.engine.lock().clone();
        if engine.is_none() {
            let error = EngineError::new("ENGINE_CLOSED", "the engine is not open");
            self.outbox.answer(id, Err(Failure::Engine(error)));
        }
        engine
    }
}

fn open(options: &str, genesis: String, slot: &Slot, outbox: Arc<Outbox>) {
    let opened = serde_json::from_str::<EngineOptions>(options)
        .map_err(|error| EngineError::bad_request(format!("options: {error}")))
        .and_then(|mut options| {
            options.genesis_json = genesis;
            contain(|| Engine::open(options, outbox.clone()))
        });
    match opened {
        Ok(engine) => {
            let description = engine.describe();
            *slot.lock() = Some(Arc::new(engine));
            outbox.answer(0, Ok(description));
        }
        Err(error) => {
            outbox.answer(0, Err(Failure::Engine(error)));
            outbox.disconnect();
        }
    }
}

/// Panics of opening and closing become errors like those of the engine's own threads.
fn contain<T>(work: impl FnOnce() -> Result<T, EngineError>) -> Result<T, EngineError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(EngineError::new("ENGINE_PANIC", "the engine panicked; its log says where")))
}
