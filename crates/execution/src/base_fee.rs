//! The base fee and where its parameters stand: the chain's configuration up to Granite, the parent's extraData from
//! Holocene (specs/protocol/holocene/exec-engine.md, "Dynamic EIP-1559 Parameters").

use alloy_consensus::Header;
use alloy_primitives::{B64, Bytes};

use crate::chain_spec::{BaseFeeParams, ChainSpec, Fork};

const HOLOCENE_VERSION: u8 = 0;
const JOVIAN_VERSION: u8 = 1;

/// A header's extraData or an attribute's `eip1559Params` that the rules forbid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtraDataError {
    #[error("extraData must be empty before Holocene, got {0} bytes")]
    NotEmpty(usize),
    #[error("extraData should be {expected} bytes, got {found}")]
    Length { expected: usize, found: usize },
    #[error("extraData version byte should be {expected}, got {found}")]
    Version { expected: u8, found: u8 },
    #[error("eip-1559 parameters must not be zero: denominator {denominator}, elasticity {elasticity}")]
    Zero { denominator: u32, elasticity: u32 },
    #[error("eip1559Params are required from Holocene on and forbidden before")]
    Presence,
    #[error("minBaseFee is required from Jovian on and forbidden before")]
    MinBaseFeePresence,
}

/// What a header's extraData says about its child's base fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderFeeParams {
    pub params: BaseFeeParams,
    /// Jovian; zero before.
    pub min_base_fee: u64,
}

fn split(params: &[u8; 8]) -> (u32, u32) {
    let [d0, d1, d2, d3, e0, e1, e2, e3] = *params;
    (u32::from_be_bytes([d0, d1, d2, d3]), u32::from_be_bytes([e0, e1, e2, e3]))
}

/// Checks and decodes the extraData of a block of that timestamp; `None` before Holocene.
pub fn decode_extra_data(
    spec: &ChainSpec,
    timestamp: u64,
    extra_data: &[u8],
) -> Result<Option<HeaderFeeParams>, ExtraDataError> {
    let (length, version) = if spec.is_active(Fork::Jovian, timestamp) {
        (17, JOVIAN_VERSION)
    } else if spec.is_active(Fork::Holocene, timestamp) {
        (9, HOLOCENE_VERSION)
    } else if extra_data.is_empty() {
        return Ok(None);
    } else {
        return Err(ExtraDataError::NotEmpty(extra_data.len()));
    };
    if extra_data.len() != length {
        return Err(ExtraDataError::Length { expected: length, found: extra_data.len() });
    }
    if extra_data[0] != version {
        return Err(ExtraDataError::Version { expected: version, found: extra_data[0] });
    }
    let mut params = [0; 8];
    params.copy_from_slice(&extra_data[1..9]);
    let (denominator, elasticity) = split(&params);
    // The specification only forbids a zero denominator. A zero elasticity has no meaning either: op-geth divides by it.
    if denominator == 0 || elasticity == 0 {
        return Err(ExtraDataError::Zero { denominator, elasticity });
    }
    let mut min_base_fee = [0; 8];
    if length == 17 {
        min_base_fee.copy_from_slice(&extra_data[9..]);
    }
    Ok(Some(HeaderFeeParams {
        params: BaseFeeParams { denominator: denominator.into(), elasticity: elasticity.into() },
        min_base_fee: u64::from_be_bytes(min_base_fee),
    }))
}

/// The extraData of a block built from attributes: zero `eip1559Params` stand for the configured ones.
pub fn encode_extra_data(
    spec: &ChainSpec,
    timestamp: u64,
    eip1559_params: Option<B64>,
    min_base_fee: Option<u64>,
) -> Result<Bytes, ExtraDataError> {
    let holocene = spec.is_active(Fork::Holocene, timestamp);
    let jovian = spec.is_active(Fork::Jovian, timestamp);
    if eip1559_params.is_some() != holocene {
        return Err(ExtraDataError::Presence);
    }
    if min_base_fee.is_some() != jovian {
        return Err(ExtraDataError::MinBaseFeePresence);
    }
    let Some(params) = eip1559_params else { return Ok(Bytes::new()) };
    let (mut denominator, mut elasticity) = split(&params.0);
    if denominator == 0 && elasticity == 0 {
        let defaults = spec.base_fee_params(timestamp);
        denominator = u32::try_from(defaults.denominator).unwrap_or(u32::MAX);
        elasticity = u32::try_from(defaults.elasticity).unwrap_or(u32::MAX);
    }
    if denominator == 0 || elasticity == 0 {
        return Err(ExtraDataError::Zero { denominator, elasticity });
    }
    let mut out = Vec::with_capacity(17);
    out.push(if jovian { JOVIAN_VERSION } else { HOLOCENE_VERSION });
    out.extend_from_slice(&denominator.to_be_bytes());
    out.extend_from_slice(&elasticity.to_be_bytes());
    if let Some(fee) = min_base_fee {
        out.extend_from_slice(&fee.to_be_bytes());
    }
    Ok(out.into())
}

/// Base fee of the child of `parent` at `timestamp` (EIP-1559 with the OP Stack's parameters).
pub fn next_base_fee(spec: &ChainSpec, parent: &Header, timestamp: u64) -> Result<u64, ExtraDataError> {
    // Holocene counts by the parent: the first Holocene block still uses the configured parameters.
    // A genesis before Holocene may carry any extraData.
    let from_header = match spec.is_active(Fork::Holocene, parent.timestamp) {
        true => decode_extra_data(spec, parent.timestamp, &parent.extra_data)?,
        false => None,
    };
    let HeaderFeeParams { params, min_base_fee } =
        from_header.unwrap_or_else(|| HeaderFeeParams { params: spec.base_fee_params(timestamp), min_base_fee: 0 });
    let base_fee = parent.base_fee_per_gas.unwrap_or_default();
    let target = parent.gas_limit / params.elasticity;
    // From Jovian on the DA footprint counts as well (specs/protocol/jovian/exec-engine.md); it stands in blobGasUsed.
    let used = if spec.is_active(Fork::Jovian, parent.timestamp) {
        parent.gas_used.max(parent.blob_gas_used.unwrap_or_default())
    } else {
        parent.gas_used
    };
    let change = |delta: u64| -> u64 {
        if target == 0 {
            return 0;
        }
        let change = u128::from(base_fee) * u128::from(delta) / u128::from(target) / u128::from(params.denominator);
        u64::try_from(change).unwrap_or(u64::MAX)
    };
    let next = match used.cmp(&target) {
        std::cmp::Ordering::Equal => base_fee,
        std::cmp::Ordering::Greater => base_fee.saturating_add(change(used - target).max(1)),
        std::cmp::Ordering::Less => base_fee.saturating_sub(change(target - used)),
    };
    Ok(next.max(min_base_fee))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{b64, bytes};

    fn spec() -> ChainSpec {
        let time = |fork| match fork {
            Fork::Holocene => Some(100),
            Fork::Isthmus | Fork::Jovian => None,
            _ => Some(0),
        };
        ChainSpec::new(1, time, BaseFeeParams { denominator: 50, elasticity: 6 }, 250).unwrap()
    }

    fn parent(timestamp: u64, gas_used: u64, extra_data: Bytes) -> Header {
        Header {
            timestamp,
            gas_used,
            extra_data,
            gas_limit: 60_000_000,
            base_fee_per_gas: Some(1_000_000),
            ..Default::default()
        }
    }

    #[test]
    fn follows_the_target() {
        let fee = |used| next_base_fee(&spec(), &parent(10, used, Bytes::new()), 12).unwrap();
        assert_eq!(fee(10_000_000), 1_000_000);
        assert_eq!(fee(60_000_000), 1_020_000);
        assert_eq!(fee(0), 996_000);
    }

    #[test]
    fn holocene_reads_the_parents_extra_data() {
        let extra = bytes!("000000000800000002");
        assert_eq!(next_base_fee(&spec(), &parent(100, 60_000_000, extra), 102).unwrap(), 1_125_000);
        // The first Holocene block's parent has none: configured parameters.
        assert_eq!(next_base_fee(&spec(), &parent(99, 60_000_000, Bytes::new()), 101).unwrap(), 1_020_000);
    }

    #[test]
    fn zero_params_mean_the_configured_ones() {
        let encoded = encode_extra_data(&spec(), 100, Some(B64::ZERO), None).unwrap();
        assert_eq!(encoded, bytes!("00000000fa00000006"));
        let encoded = encode_extra_data(&spec(), 100, Some(b64!("0000000800000002")), None).unwrap();
        assert_eq!(encoded, bytes!("000000000800000002"));
        assert_eq!(encode_extra_data(&spec(), 99, Some(B64::ZERO), None), Err(ExtraDataError::Presence));
        assert_eq!(encode_extra_data(&spec(), 100, None, None), Err(ExtraDataError::Presence));
        assert!(encode_extra_data(&spec(), 100, Some(b64!("0000000000000002")), None).is_err());
    }

    #[test]
    fn refuses_malformed_extra_data() {
        for bad in
            [bytes!("00"), bytes!("010000000800000002"), bytes!("000000000000000002"), bytes!("000000000800000000")]
        {
            assert!(decode_extra_data(&spec(), 100, &bad).is_err(), "{bad}");
        }
        assert!(decode_extra_data(&spec(), 10, &[1]).is_err());
        assert_eq!(decode_extra_data(&spec(), 10, &[]), Ok(None));
    }
}
