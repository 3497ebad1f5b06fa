//! Panics stay inside the engine.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::error::EngineError;

/// Runs `work`; a panic comes back as its message.
pub fn contain<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| describe(&*panic))
}

fn describe(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic without a message".to_owned())
}

/// Starts a named thread.
pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<std::thread::JoinHandle<()>, EngineError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| EngineError::new("ENGINE_THREAD", format!("cannot start thread {name}: {error}")))
}

/// Lowers the calling thread's priority, where the system has priorities per thread.
pub fn yield_priority(nice: i32) {
    #[cfg(target_os = "linux")]
    {
        // Best effort: without it the thread merely competes.
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), nice);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = nice;
}

#[cfg(test)]
mod tests {
    use super::contain;

    #[test]
    fn a_panic_comes_back_as_its_message() {
        assert_eq!(contain(|| 7), Ok(7));
        assert_eq!(contain(|| -> u8 { panic!("node {} is gone", 3) }), Err("node 3 is gone".to_owned()));
        assert_eq!(contain(|| -> u8 { std::panic::panic_any(1u8) }), Err("panic without a message".to_owned()));
    }
}
