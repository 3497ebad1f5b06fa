//! Read-only JSON-RPC methods, executed natively. The answer is JSON text that goes into the response as it is.

mod context;

pub use context::{PendingBlock, QueryContext};
use serde_json::value::RawValue;

use crate::error::RpcError;

/// Answers one method. `params` is the JSON text of the parameter array. Runs on a thread of the read pool; long work must
/// look at [`QueryContext::check_deadline`].
pub fn query(_context: &QueryContext, method: &str, _params: &str) -> Result<Box<RawValue>, RpcError> {
    Err(RpcError::new(RpcError::METHOD_NOT_FOUND, format!("the method {method} does not exist/is not available")))
}
