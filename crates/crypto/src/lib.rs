//! Native cryptography behind plain functions over bytes.

pub mod kzg;
