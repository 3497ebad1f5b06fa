//! Native cryptography behind plain functions over bytes.

pub mod bn254;
pub mod kzg;

pub use alloy_primitives::keccak256;
