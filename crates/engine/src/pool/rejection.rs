//! Why the pool refuses a transaction, in the words of go-ethereum: wallets and libraries match on them.

use alloy_primitives::{Address, B256, U256};

use crate::error::RpcError;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("{0}")]
    Undecodable(String),
    #[error("typed transaction too short")]
    TooShort,
    #[error("transaction type not supported")]
    UnsupportedType,
    #[error("transaction type not supported: type 4 rejected, pool not yet in Prague")]
    SetCodeBeforePrague,
    #[error("only replay-protected (EIP-155) transactions allowed over RPC")]
    Unprotected,
    #[error("already known")]
    AlreadyKnown,
    #[error("oversized data: transaction size {size}, limit {limit}")]
    Oversized { size: usize, limit: usize },
    #[error("max initcode size exceeded: code size {size}, limit {limit}")]
    InitCodeSize { size: usize, limit: usize },
    #[error("exceeds block gas limit")]
    GasLimit,
    #[error("max priority fee per gas higher than max fee per gas")]
    TipAboveFeeCap,
    #[error("invalid sender: invalid chain id for signer: have {have} want {want}")]
    ChainId { have: u64, want: u64 },
    #[error("invalid sender: invalid transaction v, r, s values")]
    Signature,
    #[error("intrinsic gas too low: gas {gas}, minimum needed {needed}")]
    IntrinsicGas { gas: u64, needed: u64 },
    #[error("insufficient gas for floor data gas cost: gas {gas}, minimum needed {needed}")]
    FloorGas { gas: u64, needed: u64 },
    #[error("transaction underpriced: gas tip cap {tip}, minimum needed {needed}")]
    TipBelowMinimum { tip: u128, needed: u128 },
    #[error("nonce has max value: address {sender}, nonce: {nonce}")]
    NonceMax { sender: Address, nonce: u64 },
    #[error("sender not an eoa: address {sender}, codehash: {code_hash}")]
    SenderNotEoa { sender: Address, code_hash: B256 },
    #[error("nonce too low: next nonce {next}, tx nonce {nonce}")]
    NonceTooLow { next: u64, nonce: u64 },
    #[error("insufficient funds for gas * price + value: balance {balance}, tx cost {cost}, overshot {}", cost - balance)]
    Funds { balance: U256, cost: U256 },
    #[error(
        "insufficient funds for gas * price + value: balance {balance}, queued cost {queued}, tx cost {cost}, overshot {}",
        queued.saturating_add(*cost).saturating_sub(*balance)
    )]
    FundsQueued { balance: U256, queued: U256, cost: U256 },
    #[error(
        "insufficient funds for gas * price + value: balance {balance}, queued cost {queued}, tx bumped {bump}, overshot {}",
        queued.saturating_add(*bump).saturating_sub(*balance)
    )]
    FundsBumped { balance: U256, queued: U256, bump: U256 },
    #[error("transaction underpriced")]
    Underpriced,
    #[error("txpool is full")]
    Full,
    #[error("future transaction tries to replace pending")]
    FutureReplacesPending,
    #[error("replacement transaction underpriced")]
    ReplacementUnderpriced,
    #[error("account limit exceeded: pooled {pooled} txs")]
    AccountLimit { pooled: usize },
    /// Not the transaction's fault: the state could not be read.
    #[error("{0}")]
    State(#[from] altlayer_state::StateError),
}

impl Rejection {
    pub const fn rpc_code(&self) -> i64 {
        match self {
            Self::State(_) => RpcError::INTERNAL,
            _ => RpcError::SERVER,
        }
    }
}
