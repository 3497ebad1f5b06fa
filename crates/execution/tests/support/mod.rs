//! Seeded random chains for tests.
#![allow(dead_code, reason = "each test binary uses its share")]

pub mod chain;
pub mod generator;
pub mod program;
pub mod random;
pub mod simple;
