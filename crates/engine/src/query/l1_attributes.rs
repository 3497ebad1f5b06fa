//! The L1 attributes that a block's first deposit carries, as far as fees need them (specs/protocol/l1-attributes.md;
//! ecotone/l1-attributes.md; isthmus/l1-attributes.md).

use alloy_consensus::Transaction;
use alloy_primitives::U256;
use altlayer_execution::{decode, environment::L1Fees};
use op_revm::{L1BlockInfo, OpSpecId};

use super::receipts::is_deposit;

/// `setL1BlockValues(uint64,uint64,uint256,bytes32,uint64,bytes32,uint256,uint256)`
const BEDROCK: [u8; 4] = [0x01, 0x5d, 0x8e, 0xb9];
/// `setL1BlockValuesEcotone()`
const ECOTONE: [u8; 4] = [0x44, 0x0a, 0x5e, 0x20];
/// `setL1BlockValuesIsthmus()`
const ISTHMUS: [u8; 4] = [0x09, 0x89, 0x99, 0xbe];
/// `setL1BlockValuesJovian()`
const JOVIAN: [u8; 4] = [0x3d, 0xb6, 0xbe, 0x2b];

pub struct L1Attributes(L1BlockInfo);

impl L1Attributes {
    /// Reads the deposit's call data; `None` if it is no L1 attributes deposit (a block in a test chain may have none).
    pub fn from_deposit(raw: &[u8]) -> Option<Self> {
        if !is_deposit(raw) {
            return None;
        }
        let tx = decode(raw).ok()?;
        Self::from_call_data(tx.input())
    }

    fn from_call_data(data: &[u8]) -> Option<Self> {
        let selector: [u8; 4] = data.get(..4)?.try_into().ok()?;
        let field = |start: usize, length: usize| data.get(start..start + length).map(U256::from_be_slice);
        if selector == BEDROCK {
            return Some(Self(L1BlockInfo {
                l1_base_fee: field(68, 32)?,
                l1_fee_overhead: Some(field(196, 32)?),
                l1_base_fee_scalar: field(228, 32)?,
                // Ecotone's first block still carries Bedrock's attributes and is charged by Bedrock's rule.
                empty_ecotone_scalars: true,
                ..Default::default()
            }));
        }
        if ![ECOTONE, ISTHMUS, JOVIAN].contains(&selector) {
            return None;
        }
        let mut info = L1BlockInfo {
            l1_base_fee_scalar: field(4, 4)?,
            l1_blob_base_fee_scalar: Some(field(8, 4)?),
            l1_base_fee: field(36, 32)?,
            l1_blob_base_fee: Some(field(68, 32)?),
            ..Default::default()
        };
        if selector != ECOTONE {
            info.operator_fee_scalar = Some(field(164, 4)?);
            info.operator_fee_constant = Some(field(168, 8)?);
        }
        if selector == JOVIAN {
            info.da_footprint_gas_scalar = field(176, 2).map(|scalar| scalar.saturating_to());
        }
        Some(Self(info))
    }

    pub fn fees(self, rules: OpSpecId) -> L1Fees {
        // Only Fjord and later ignore the Bedrock overhead, but their attributes never have Bedrock's shape beyond the
        // activation block, which op-geth charges by the shape of the attributes as well.
        let rules = if self.0.empty_ecotone_scalars { OpSpecId::REGOLITH } else { rules };
        L1Fees::new(self.0, rules)
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::hex;

    use super::*;

    #[test]
    fn reads_ecotone_attributes() {
        // Layout of ecotone/l1-attributes.md with recognisable values.
        let mut data = ECOTONE.to_vec();
        data.extend(hex!("00000558000c5fc5")); // scalars 1368 and 810949
        data.extend([0; 8 + 8 + 8]); // sequence number, timestamp, number
        data.extend(U256::from(1_000_000_000u64).to_be_bytes::<32>());
        data.extend(U256::from(7).to_be_bytes::<32>());
        data.extend([0; 64]);
        let info = L1Attributes::from_call_data(&data).unwrap().0;
        assert_eq!(info.l1_base_fee_scalar, U256::from(1368));
        assert_eq!(info.l1_blob_base_fee_scalar, Some(U256::from(810_949)));
        assert_eq!(info.l1_base_fee, U256::from(1_000_000_000u64));
        assert_eq!(info.l1_blob_base_fee, Some(U256::from(7)));
        assert!(L1Attributes::from_call_data(&data[..50]).is_none());
        assert!(L1Attributes::from_call_data(&[]).is_none());
    }
}
