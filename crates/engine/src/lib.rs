//! The engine of one rollup: pool, candidate blocks, fork choice and queries over one chain.
//!
//! Threads: the writer owns the head and every open candidate; recovery workers admit transactions; a bounded read pool
//! answers queries. Callers hand in requests and get their answers by callback, so nothing here knows of JavaScript.

pub mod error;
pub mod options;
pub mod pool;
pub mod query;
