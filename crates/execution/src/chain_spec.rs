//! Which rules hold when: the fork schedule and the fee parameters of one rollup, from go-ethereum's genesis `config`.
//!
//! Every fork is one row of [`SCHEDULE`]; code elsewhere asks `spec.is_active(Fork::X, timestamp)`.

use alloy_genesis::{ChainConfig, Genesis};
use op_revm::OpSpecId;
use serde::Deserialize;

/// The OP Stack's forks that change execution, oldest first. (Delta changes derivation only.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(usize)]
pub enum Fork {
    Bedrock,
    Regolith,
    Canyon,
    Ecotone,
    Fjord,
    Granite,
    Holocene,
    Isthmus,
    Jovian,
}

/// One fork: its name, the key of its activation time in the genesis `config`, its rule set, and the Ethereum fork that
/// go-ethereum wants at the same time.
pub struct ForkRow {
    pub fork: Fork,
    pub name: &'static str,
    pub config_key: &'static str,
    pub rules: OpSpecId,
    /// Key of the L1 fork whose activation must coincide (op-geth reads the EVM rules from these).
    ethereum_key: Option<&'static str>,
}

const fn row(
    fork: Fork,
    name: &'static str,
    config_key: &'static str,
    rules: OpSpecId,
    ethereum_key: Option<&'static str>,
) -> ForkRow {
    ForkRow { fork, name, config_key, rules, ethereum_key }
}

/// The one schedule table, in order of activation.
pub const SCHEDULE: [ForkRow; 9] = [
    row(Fork::Bedrock, "bedrock", "bedrockBlock", OpSpecId::BEDROCK, None),
    row(Fork::Regolith, "regolith", "regolithTime", OpSpecId::REGOLITH, None),
    row(Fork::Canyon, "canyon", "canyonTime", OpSpecId::CANYON, Some("shanghaiTime")),
    row(Fork::Ecotone, "ecotone", "ecotoneTime", OpSpecId::ECOTONE, Some("cancunTime")),
    row(Fork::Fjord, "fjord", "fjordTime", OpSpecId::FJORD, None),
    row(Fork::Granite, "granite", "graniteTime", OpSpecId::GRANITE, None),
    row(Fork::Holocene, "holocene", "holoceneTime", OpSpecId::HOLOCENE, None),
    row(Fork::Isthmus, "isthmus", "isthmusTime", OpSpecId::ISTHMUS, Some("pragueTime")),
    row(Fork::Jovian, "jovian", "jovianTime", OpSpecId::JOVIAN, None),
];

const FORKS: usize = SCHEDULE.len();

/// EIP-1559's two parameters, named, so that they cannot be swapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseFeeParams {
    pub denominator: u64,
    pub elasticity: u64,
}

/// A genesis file that does not describe an OP Stack chain this engine can run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainSpecError {
    #[error("genesis.json cannot be read: {0}")]
    Json(String),
    #[error("genesis.json has no config.optimism: this engine runs OP Stack chains only")]
    NotOptimism,
    #[error("config.{key} cannot be read: {reason}")]
    BadField { key: &'static str, reason: String },
    #[error("config.optimism.{0} must not be zero")]
    ZeroFeeParameter(&'static str),
    #[error("config.bedrockBlock must be 0 (a chain that starts before Bedrock is not supported), found {0}")]
    BedrockNotAtGenesis(u64),
    #[error("fork {later} is scheduled before {earlier}, or {earlier} is missing")]
    ForkOrder { earlier: &'static str, later: &'static str },
    #[error("config.{ethereum} must equal config.{optimism}: found {found:?}, expected {expected:?}")]
    EthereumForkMismatch { ethereum: &'static str, optimism: &'static str, found: Option<u64>, expected: Option<u64> },
    #[error(
        "genesis account {0} has storage but neither code nor nonce: creating a contract there would differ from op-geth"
    )]
    StorageWithoutCode(alloy_primitives::Address),
    #[error("genesis extraData is invalid: {0}")]
    GenesisExtraData(String),
}

/// The rules of one rollup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainSpec {
    pub chain_id: u64,
    activation: [Option<u64>; FORKS],
    base_fee_params: BaseFeeParams,
    base_fee_params_canyon: BaseFeeParams,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OptimismConfig {
    eip1559_elasticity: u64,
    eip1559_denominator: u64,
    eip1559_denominator_canyon: Option<u64>,
}

impl ChainSpec {
    /// A spec from its parts: `activation(fork)` gives each fork's timestamp.
    pub fn new(
        chain_id: u64,
        activation: impl Fn(Fork) -> Option<u64>,
        base_fee_params: BaseFeeParams,
        denominator_canyon: u64,
    ) -> Result<Self, ChainSpecError> {
        let mut times = [None; FORKS];
        for row in &SCHEDULE {
            times[row.fork as usize] = activation(row.fork);
        }
        let spec = Self {
            chain_id,
            activation: times,
            base_fee_params,
            base_fee_params_canyon: BaseFeeParams { denominator: denominator_canyon, ..base_fee_params },
        };
        spec.check()?;
        Ok(spec)
    }

    /// Reads go-ethereum's genesis.json.
    pub fn from_genesis_json(json: &str) -> Result<(Self, Genesis), ChainSpecError> {
        let genesis: Genesis = serde_json::from_str(json).map_err(|e| ChainSpecError::Json(e.to_string()))?;
        Ok((Self::from_config(&genesis.config)?, genesis))
    }

    /// Reads the `config` of a genesis.json.
    pub fn from_config(config: &ChainConfig) -> Result<Self, ChainSpecError> {
        let optimism: OptimismConfig = match config.extra_fields.get_deserialized("optimism") {
            None => return Err(ChainSpecError::NotOptimism),
            Some(parsed) => parsed.map_err(|e| ChainSpecError::BadField { key: "optimism", reason: e.to_string() })?,
        };
        let mut times = [None; FORKS];
        for row in &SCHEDULE {
            times[row.fork as usize] = match config.extra_fields.get_deserialized::<Option<u64>>(row.config_key) {
                None => None,
                Some(parsed) => {
                    parsed.map_err(|e| ChainSpecError::BadField { key: row.config_key, reason: e.to_string() })?
                }
            };
        }
        match times[Fork::Bedrock as usize] {
            None | Some(0) => times[Fork::Bedrock as usize] = Some(0),
            Some(block) => return Err(ChainSpecError::BedrockNotAtGenesis(block)),
        }
        for row in &SCHEDULE {
            let found = match row.ethereum_key {
                Some("shanghaiTime") => config.shanghai_time,
                Some("cancunTime") => config.cancun_time,
                Some("pragueTime") => config.prague_time,
                _ => continue,
            };
            let expected = times[row.fork as usize];
            if found != expected {
                return Err(ChainSpecError::EthereumForkMismatch {
                    ethereum: row.ethereum_key.unwrap_or_default(),
                    optimism: row.config_key,
                    found,
                    expected,
                });
            }
        }
        let base_fee_params =
            BaseFeeParams { denominator: optimism.eip1559_denominator, elasticity: optimism.eip1559_elasticity };
        let denominator_canyon = match optimism.eip1559_denominator_canyon {
            Some(denominator) => denominator,
            None if times[Fork::Canyon as usize].is_none() => base_fee_params.denominator,
            None => {
                return Err(ChainSpecError::BadField {
                    key: "optimism",
                    reason: "eip1559DenominatorCanyon is missing".into(),
                });
            }
        };
        let spec = Self {
            chain_id: config.chain_id,
            activation: times,
            base_fee_params,
            base_fee_params_canyon: BaseFeeParams { denominator: denominator_canyon, ..base_fee_params },
        };
        spec.check()?;
        Ok(spec)
    }

    fn check(&self) -> Result<(), ChainSpecError> {
        for (key, value) in [
            ("eip1559Elasticity", self.base_fee_params.elasticity),
            ("eip1559Denominator", self.base_fee_params.denominator),
            ("eip1559DenominatorCanyon", self.base_fee_params_canyon.denominator),
        ] {
            if value == 0 {
                return Err(ChainSpecError::ZeroFeeParameter(key));
            }
        }
        for pair in SCHEDULE.windows(2) {
            let [earlier, later] = pair else { continue };
            let ordered = match (self.activation(earlier.fork), self.activation(later.fork)) {
                (_, None) => true,
                (Some(a), Some(b)) => a <= b,
                (None, Some(_)) => false,
            };
            if !ordered {
                return Err(ChainSpecError::ForkOrder { earlier: earlier.name, later: later.name });
            }
        }
        Ok(())
    }

    /// Timestamp (seconds) at which the fork activates; `None` if it never does.
    pub const fn activation(&self, fork: Fork) -> Option<u64> {
        self.activation[fork as usize]
    }

    /// Whether the fork's rules hold in a block of that timestamp.
    pub fn is_active(&self, fork: Fork, timestamp: u64) -> bool {
        self.activation(fork).is_some_and(|time| time <= timestamp)
    }

    /// Whether a block of `timestamp` on a parent of `parent_timestamp` is the fork's first.
    pub fn activates_at(&self, fork: Fork, parent_timestamp: u64, timestamp: u64) -> bool {
        self.is_active(fork, timestamp) && !self.is_active(fork, parent_timestamp)
    }

    /// The newest active fork.
    pub fn fork(&self, timestamp: u64) -> Fork {
        SCHEDULE.iter().rev().map(|row| row.fork).find(|fork| self.is_active(*fork, timestamp)).unwrap_or(Fork::Bedrock)
    }

    /// revm's rule set at a timestamp.
    pub fn rules(&self, timestamp: u64) -> OpSpecId {
        SCHEDULE[self.fork(timestamp) as usize].rules
    }

    /// The configured fee parameters of a block of that timestamp (before Holocene's header takes over).
    pub fn base_fee_params(&self, timestamp: u64) -> BaseFeeParams {
        if self.is_active(Fork::Canyon, timestamp) { self.base_fee_params_canyon } else { self.base_fee_params }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config(extra: serde_json::Value) -> Result<ChainSpec, ChainSpecError> {
        let mut config = json!({
            "chainId": 901, "bedrockBlock": 0, "regolithTime": 0, "canyonTime": 0, "shanghaiTime": 0,
            "ecotoneTime": 0, "cancunTime": 0, "fjordTime": 0, "graniteTime": 10,
            "optimism": {"eip1559Elasticity": 6, "eip1559Denominator": 50, "eip1559DenominatorCanyon": 250},
        });
        for (key, value) in extra.as_object().unwrap() {
            config[key] = value.clone();
        }
        ChainSpec::from_genesis_json(
            &json!({"config": config, "alloc": {}, "gasLimit": "0x1", "difficulty": "0x0"}).to_string(),
        )
        .map(|(spec, _)| spec)
    }

    #[test]
    fn reads_the_schedule_from_genesis() {
        let spec = config(json!({"holoceneTime": 20})).unwrap();
        assert_eq!(spec.chain_id, 901);
        assert_eq!(spec.fork(9), Fork::Fjord);
        assert_eq!(spec.fork(10), Fork::Granite);
        assert_eq!(spec.rules(20), OpSpecId::HOLOCENE);
        assert!(spec.activates_at(Fork::Holocene, 19, 20));
        assert!(!spec.activates_at(Fork::Holocene, 20, 21));
        assert_eq!(spec.base_fee_params(0), BaseFeeParams { denominator: 250, elasticity: 6 });
    }

    #[test]
    fn refuses_schedules_that_op_geth_would_read_differently() {
        assert!(matches!(config(json!({"cancunTime": 5})), Err(ChainSpecError::EthereumForkMismatch { .. })));
        assert!(matches!(
            config(json!({"graniteTime": 30, "holoceneTime": 20})),
            Err(ChainSpecError::ForkOrder { .. })
        ));
        assert!(config(json!({"optimism": null})).is_err());
        assert!(matches!(config(json!({"bedrockBlock": 5})), Err(ChainSpecError::BedrockNotAtGenesis(5))));
    }
}
