//! From the engine's threads to JavaScript, many messages at a time.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use altlayer_engine::{Answer, Failure, Sink};
use napi::{
    Status,
    bindgen_prelude::{FnArgs, Function},
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use parking_lot::Mutex;

/// Kinds of messages; packages/engine/src/native/messages.ts has the same numbers.
const ANSWER: u32 = 0;
const ENGINE_ERROR: u32 = 1;
const RPC_ERROR: u32 = 2;
const EVENT: u32 = 3;
/// Goes before the event that it belongs to.
const ATTACHMENT: u32 = 4;

/// Ids, kinds and texts of messages.
pub type Columns = FnArgs<(Vec<u32>, Vec<u32>, Vec<String>)>;
type Deliver = ThreadsafeFunction<(), (), Columns, Status, false>;

pub struct Outbox {
    queue: Arc<Queue>,
    deliver: Mutex<Option<Arc<Deliver>>>,
}

#[derive(Default)]
struct Queue {
    columns: Mutex<(Vec<u32>, Vec<u32>, Vec<String>)>,
    /// A delivery is on its way and will take whatever is queued when it arrives.
    scheduled: AtomicBool,
}

impl Outbox {
    pub fn connect(deliver: Function<'_, Columns, ()>) -> napi::Result<Arc<Self>> {
        let queue = Arc::<Queue>::default();
        let source = queue.clone();
        let deliver = deliver.build_threadsafe_function::<()>().build_callback(move |_| {
            source.scheduled.store(false, Ordering::SeqCst);
            Ok(FnArgs::from(std::mem::take(&mut *source.columns.lock())))
        })?;
        Ok(Arc::new(Self { queue, deliver: Mutex::new(Some(Arc::new(deliver))) }))
    }

    /// Lets Node end. What is queued is still delivered.
    pub fn disconnect(&self) {
        self.deliver.lock().take();
    }

    fn push(&self, id: u32, kind: u32, text: String) {
        self.push_all(id, [(kind, text)]);
    }

    fn push_all<const N: usize>(&self, id: u32, messages: [(u32, String); N]) {
        {
            let mut columns = self.queue.columns.lock();
            for (kind, text) in messages {
                columns.0.push(id);
                columns.1.push(kind);
                columns.2.push(text);
            }
        }
        if !self.queue.scheduled.swap(true, Ordering::SeqCst) {
            let deliver = self.deliver.lock().clone();
            if let Some(deliver) = deliver {
                // Fails only while Node tears down: then there is nobody to tell.
                deliver.call((), ThreadsafeFunctionCallMode::NonBlocking);
            }
        }
    }
}

impl Sink for Outbox {
    fn answer(&self, id: u32, answer: Answer) {
        match answer {
            Ok(text) => self.push(id, ANSWER, text),
            Err(Failure::Engine(error)) => {
                let text = serde_json::json!({ "code": error.code, "message": error.message }).to_string();
                self.push(id, ENGINE_ERROR, text);
            }
            Err(Failure::Rpc(error)) => {
                let mut fields = serde_json::json!({ "code": error.code, "message": error.message });
                if let Some(data) = error.data.as_deref().and_then(|data| serde_json::to_value(data).ok()) {
                    fields["data"] = data;
                }
                self.push(id, RPC_ERROR, fields.to_string());
            }
        }
    }

    fn event(&self, json: String) {
        self.push(0, EVENT, json);
    }

    fn event_with(&self, json: String, attachment: String) {
        self.push_all(0, [(ATTACHMENT, attachment), (EVENT, json)]);
    }
}
