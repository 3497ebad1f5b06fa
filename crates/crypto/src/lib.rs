//! Native cryptography behind plain functions over bytes.

pub mod bn254;
pub mod kzg;
pub mod secp256k1;

pub use alloy_primitives::keccak256;
