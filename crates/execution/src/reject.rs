//! Why a transaction cannot be in a block: stable codes, and messages that begin as go-ethereum's do (wallets match on
//! them).

use alloy_primitives::{Address, U256};

/// A transaction that cannot be included in the block it was tried in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TxReject {
    #[error("rlp: {0}")]
    Malformed(String),
    #[error("transaction type not supported: {0:#04x}")]
    UnsupportedType(u8),
    #[error("invalid sender")]
    InvalidSender,
    #[error("invalid chain id for signer: have {have} want {want}")]
    InvalidChainId { have: u64, want: u64 },
    #[error("nonce too low: address {address}, tx: {tx} state: {state}")]
    NonceTooLow { address: Address, tx: u64, state: u64 },
    #[error("nonce too high: address {address}, tx: {tx} state: {state}")]
    NonceTooHigh { address: Address, tx: u64, state: u64 },
    #[error("nonce has max value: address {address}, nonce: {nonce}")]
    NonceMax { address: Address, nonce: u64 },
    #[error("sender not an eoa: address {address}")]
    SenderNotEoa { address: Address },
    #[error(
        "max priority fee per gas higher than max fee per gas: address {address}, maxPriorityFeePerGas: {tip}, maxFeePerGas: {fee_cap}"
    )]
    TipAboveFeeCap { address: Address, tip: u128, fee_cap: u128 },
    #[error(
        "max fee per gas less than block base fee: address {address}, maxFeePerGas: {fee_cap}, baseFee: {base_fee}"
    )]
    FeeCapTooLow { address: Address, fee_cap: u128, base_fee: u64 },
    #[error("insufficient funds for gas * price + value: address {address} have {have} want {want}")]
    InsufficientFunds { address: Address, have: U256, want: U256 },
    #[error("gas uint64 overflow")]
    CostOverflow,
    #[error("intrinsic gas too low: have {have}, want {want}")]
    IntrinsicGas { have: u64, want: u64 },
    #[error("insufficient gas for floor data gas cost: have {have}, want {want}")]
    FloorDataGas { have: u64, want: u64 },
    #[error("max initcode size exceeded: code size {size} limit {limit}")]
    InitCodeTooLarge { size: usize, limit: usize },
    #[error("gas limit reached: transaction gas limit {gas_limit}, left in the block {left}")]
    GasLimitReached { gas_limit: u64, left: u64 },
    #[error("DA footprint limit reached: transaction {footprint}, left in the block {left}")]
    DaFootprintReached { footprint: u64, left: u64 },
    #[error("EIP-7702 transaction is invalid: {0}")]
    InvalidAuthorization(&'static str),
    #[error("transaction is invalid: {0}")]
    Other(String),
}

impl TxReject {
    /// A stable code, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "MALFORMED",
            Self::UnsupportedType(_) => "UNSUPPORTED_TYPE",
            Self::InvalidSender => "INVALID_SENDER",
            Self::InvalidChainId { .. } => "INVALID_CHAIN_ID",
            Self::NonceTooLow { .. } => "NONCE_TOO_LOW",
            Self::NonceTooHigh { .. } => "NONCE_TOO_HIGH",
            Self::NonceMax { .. } => "NONCE_MAX",
            Self::SenderNotEoa { .. } => "SENDER_NOT_EOA",
            Self::TipAboveFeeCap { .. } => "TIP_ABOVE_FEE_CAP",
            Self::FeeCapTooLow { .. } => "FEE_CAP_TOO_LOW",
            Self::InsufficientFunds { .. } => "INSUFFICIENT_FUNDS",
            Self::CostOverflow => "COST_OVERFLOW",
            Self::IntrinsicGas { .. } => "INTRINSIC_GAS",
            Self::FloorDataGas { .. } => "FLOOR_DATA_GAS",
            Self::InitCodeTooLarge { .. } => "INIT_CODE_TOO_LARGE",
            Self::GasLimitReached { .. } => "GAS_LIMIT_REACHED",
            Self::DaFootprintReached { .. } => "DA_FOOTPRINT_REACHED",
            Self::InvalidAuthorization(_) => "INVALID_AUTHORIZATION",
            Self::Other(_) => "INVALID_TRANSACTION",
        }
    }

    /// Whether no later block of this chain (under the same rules) can include the transaction either.
    pub const fn is_permanent(&self) -> bool {
        match self {
            Self::NonceTooHigh { .. }
            | Self::FeeCapTooLow { .. }
            | Self::InsufficientFunds { .. }
            | Self::SenderNotEoa { .. }
            | Self::GasLimitReached { .. }
            | Self::DaFootprintReached { .. }
            | Self::UnsupportedType(_)
            | Self::Other(_) => false,
            Self::Malformed(_)
            | Self::InvalidSender
            | Self::InvalidChainId { .. }
            | Self::NonceTooLow { .. }
            | Self::NonceMax { .. }
            | Self::TipAboveFeeCap { .. }
            | Self::CostOverflow
            | Self::IntrinsicGas { .. }
            | Self::FloorDataGas { .. }
            | Self::InitCodeTooLarge { .. }
            | Self::InvalidAuthorization(_) => true,
        }
    }
}
