//! Real OP blocks over nothing but the preimages they come with: executed as payloads, and built again as candidates.

use std::{io::Read, path::Path, sync::Arc};

use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes};
use altlayer_execution::{
    BaseFeeParams, BlockExecutor, ChainSpec, ExecutionPayload, ExecutionWitness, Fork, Parent, PayloadAttributes,
    RecoveredTx, WitnessState, decode_all, execute_payload, execute_stateless, generate_witness,
};
use altlayer_state::{Preimages, StateTrie};
use serde::Deserialize;

use crate::report::Report;

#[derive(Deserialize)]
struct Vector {
    rollup_config: RollupConfig,
    parent_header: Header,
    executing_payload: PayloadAttributes,
    expected_block_hash: B256,
    preimages: Preimages,
}

#[derive(Deserialize)]
struct RollupConfig {
    l2_chain_id: u64,
    regolith_time: Option<u64>,
    canyon_time: Option<u64>,
    ecotone_time: Option<u64>,
    fjord_time: Option<u64>,
    granite_time: Option<u64>,
    holocene_time: Option<u64>,
    isthmus_time: Option<u64>,
    jovian_time: Option<u64>,
    chain_op_config: FeeConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FeeConfig {
    eip1559_elasticity: u64,
    eip1559_denominator: u64,
    eip1559_denominator_canyon: u64,
}

impl RollupConfig {
    fn spec(&self) -> Result<ChainSpec, String> {
        let fees = &self.chain_op_config;
        let time = |fork| match fork {
            Fork::Bedrock => Some(0),
            // The registry leaves out forks that a chain was born with.
            Fork::Regolith => Some(self.regolith_time.unwrap_or(0)),
            Fork::Canyon => self.canyon_time,
            Fork::Ecotone => self.ecotone_time,
            Fork::Fjord => self.fjord_time,
            Fork::Granite => self.granite_time,
            Fork::Holocene => self.holocene_time,
            Fork::Isthmus => self.isthmus_time,
            Fork::Jovian => self.jovian_time,
        };
        let params = BaseFeeParams { denominator: fees.eip1559_denominator, elasticity: fees.eip1559_elasticity };
        ChainSpec::new(self.l2_chain_id, time, params, fees.eip1559_denominator_canyon)
            .map_err(|error| error.to_string())
    }
}

pub fn run(path: &Path, name: &str, contents: Vec<u8>) -> Report {
    let mut report = Report::default();
    match load(&contents) {
        Ok(case) => {
            report.check(|| format!("{name} executed stateless"), case.execute().map(|_| ()));
            report.check(|| format!("{name} built as a candidate"), case.build());
            report.check(|| format!("{name} from a witness of our own"), case.witness());
        }
        Err(error) => report.fail(path.display().to_string(), error),
    }
    report
}

struct Case {
    spec: Arc<ChainSpec>,
    parent: Parent,
    attributes: PayloadAttributes,
    expected: B256,
    state: WitnessState,
    preimages: Arc<Preimages>,
    transactions: Vec<RecoveredTx>,
}

fn load(contents: &[u8]) -> Result<Case, String> {
    let mut json = String::new();
    flate2::read::GzDecoder::new(contents).read_to_string(&mut json).map_err(|error| error.to_string())?;
    let vector: Vector = serde_json::from_str(&json).map_err(|error| error.to_string())?;
    let parent = Parent::new(vector.parent_header);
    let preimages = Arc::new(vector.preimages);
    let state = WitnessState::new(parent.clone(), preimages.clone()).map_err(|error| error.to_string())?;
    let transactions = decode_all(&vector.executing_payload.transactions)
        .map_err(|(index, reject)| format!("transaction {index}: {reject}"))?;
    Ok(Case {
        spec: Arc::new(vector.rollup_config.spec()?),
        parent,
        attributes: vector.executing_payload,
        expected: vector.expected_block_hash,
        state,
        preimages,
        transactions,
    })
}

impl Case {
    /// Opens, extends with a detour, seals.
    fn header(&self, detour: bool) -> Result<Header, String> {
        let error = |error: altlayer_execution::ExecuteError| error.to_string();
        let mut block =
            BlockExecutor::open(self.spec.clone(), &self.state, &self.parent, &self.attributes).map_err(error)?;
        for tx in &self.transactions {
            if detour {
                // There and back: what a candidate does when a slice is given up.
                let savepoint = block.savepoint();
                block.execute(tx).map_err(error)?;
                block.rollback(savepoint);
            }
            block.execute(tx).map_err(error)?;
        }
        let outcome = block.finish();
        let roots = self.state.roots_after(&outcome.diff).map_err(|error| error.to_string())?;
        Ok(outcome.assemble_header(&self.spec, roots))
    }

    fn build(&self) -> Result<(), String> {
        for detour in [false, true] {
            self.expect(self.header(detour)?.hash_slow())?;
        }
        Ok(())
    }

    fn payload(&self) -> Result<ExecutionPayload, String> {
        let header = self.header(false)?;
        Ok(ExecutionPayload::from_block(&header, self.expected, self.attributes.transactions.clone()))
    }

    fn execute(&self) -> Result<ExecutionPayload, String> {
        let payload = self.payload()?;
        let roots = |diff: &_| Ok((self.state.roots_after(diff)?, ()));
        let executed = execute_payload(&self.spec, &self.state, &self.parent, &payload, &self.transactions, roots)
            .map_err(|error| error.to_string())?;
        self.expect(executed.hash)?;
        Ok(payload)
    }

    /// Our own witness must be enough, and every node of it needed.
    fn witness(&self) -> Result<(), String> {
        let payload = self.execute()?;
        let header = payload.claimed_header(&self.spec);
        let mut trie = StateTrie::from_witness(self.parent.header.state_root, &self.preimages)
            .map_err(|error| error.to_string())?;
        let ancestor = |number| Err(altlayer_state::StateError::UnknownNumber { number });
        let (witness, _) =
            generate_witness(&self.spec, &self.state, &mut trie, &self.parent, &header, &self.transactions, ancestor)
                .map_err(|error| error.to_string())?;
        let executed = execute_stateless(&self.spec, &payload, &witness).map_err(|error| error.to_string())?;
        self.expect(executed.hash)?;
        for index in [0, witness.state.len() / 2, witness.state.len() - 1] {
            let mut short = witness.clone();
            short.state.remove(index);
            if execute_stateless(&self.spec, &payload, &short).is_ok() {
                return Err(format!("node {index} of the witness is not needed"));
            }
        }
        let foreign = ExecutionWitness { codes: vec![Bytes::from_static(b"x")], ..Default::default() };
        match execute_stateless(&self.spec, &payload, &foreign) {
            Err(error) if !error.is_verdict() => Ok(()),
            other => Err(format!("an empty witness led to {:?}", other.map(|executed| executed.hash))),
        }
    }

    fn expect(&self, hash: B256) -> Result<(), String> {
        if hash == self.expected { Ok(()) } else { Err(format!("hash is {hash}, expected {}", self.expected)) }
    }
}
