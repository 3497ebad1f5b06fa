//! The engine of one rollup: pool, candidate blocks, fork choice and queries over one chain.
//!
//! Threads: the writer owns the head and every open candidate; recovery workers admit transactions; bounded pools of
//! readers answer queries. Callers hand in requests and get their answers through a [`Sink`], so nothing here knows of
//! JavaScript. Start reading at [`Engine`].

pub mod error;
mod genesis;
pub mod options;
pub mod pool;
pub mod query;
mod service;
pub mod snapshot;

pub use service::{Answer, Engine, Failure, Sink};
