//! What a block is opened with: the OP Stack's extended PayloadAttributesV3 (specs/protocol/exec-engine.md).

use alloy_primitives::{Address, B64, B256, Bytes};
use serde::{Deserialize, Deserializer, Serialize, de};

/// Attributes of a block to build. JSON: numbers or hex quantities.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PayloadAttributes {
    /// Seconds.
    #[serde(deserialize_with = "quantity")]
    pub timestamp: u64,
    pub prev_randao: B256,
    pub suggested_fee_recipient: Address,
    /// Required from Ecotone on.
    #[serde(default)]
    pub parent_beacon_block_root: Option<B256>,
    /// EIP-2718 bytes, executed first and in this order.
    #[serde(default)]
    pub transactions: Vec<Bytes>,
    #[serde(default)]
    pub no_tx_pool: bool,
    #[serde(deserialize_with = "quantity")]
    pub gas_limit: u64,
    /// Required from Holocene on: denominator and elasticity, 4 bytes each; zeros mean the configured ones.
    #[serde(default)]
    pub eip1559_params: Option<B64>,
    /// Required from Jovian on.
    #[serde(default, deserialize_with = "optional_quantity")]
    pub min_base_fee: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Quantity {
    Number(u64),
    Text(String),
}

impl Quantity {
    fn value<E: de::Error>(self) -> Result<u64, E> {
        match self {
            Self::Number(value) => Ok(value),
            Self::Text(text) => text
                .strip_prefix("0x")
                .and_then(|digits| u64::from_str_radix(digits, 16).ok())
                .ok_or_else(|| E::custom("expected a number or a 0x-prefixed quantity of at most 64 bits")),
        }
    }
}

pub(crate) fn quantity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Quantity::deserialize(deserializer)?.value()
}

pub(crate) fn optional_quantity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Option::<Quantity>::deserialize(deserializer)?.map(Quantity::value).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_and_quantities() {
        let json = r#"{"timestamp": 12, "prevRandao": "0x0000000000000000000000000000000000000000000000000000000000000001",
            "suggestedFeeRecipient": "0x4200000000000000000000000000000000000011",
            "transactions": ["0x7e"], "gasLimit": "0x10", "eip1559Params": "0x0000000800000002"}"#;
        let attributes: PayloadAttributes = serde_json::from_str(json).unwrap();
        assert_eq!((attributes.timestamp, attributes.gas_limit), (12, 16));
        assert_eq!(attributes.eip1559_params, Some(alloy_primitives::b64!("0000000800000002")));
        assert!(!attributes.no_tx_pool);
        assert!(serde_json::from_str::<PayloadAttributes>(&json.replace("\"0x10\"", "-1")).is_err());
    }
}
