//! OP Stack block execution: opening, extending and sealing blocks, checking payloads, witnesses. Knows neither disk nor
//! network: state comes in as [`altlayer_state::StateRead`] and goes out as [`altlayer_state::StateDiff`].

mod attributes;
mod base_fee;
mod block_state;
mod canyon;
mod chain_spec;
pub mod environment;
mod executor;
mod genesis;
mod header;
mod payload;
mod reject;
mod transaction;
mod witness;

pub use attributes::PayloadAttributes;
pub use base_fee::{ExtraDataError, HeaderFeeParams, decode_extra_data, encode_extra_data, next_base_fee};
pub use block_state::{BlockState, DbError, StateDb, StatePoint};
pub use chain_spec::{BaseFeeParams, ChainSpec, ChainSpecError, Fork, ForkRow, SCHEDULE};
pub use executor::{
    AttributesError, BlockExecutor, BlockOutcome, ExecuteError, Executed, InspectedTx, Parent, Savepoint, open_header,
};
pub use genesis::{MESSAGE_PASSER, genesis_block, genesis_header};
pub use header::{ReceiptsSummary, StateRoots, summarize_receipts, transactions_root};
pub use payload::{ExecutedPayload, ExecutionPayload, PayloadError, execute_payload};
pub use reject::TxReject;
pub use transaction::{DEPOSIT_TYPE, RecoveredTx, decode, decode_all, recover};
pub use witness::{ExecutionWitness, RecordingState, WitnessState, execute_stateless, generate_witness};
