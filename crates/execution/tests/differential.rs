//! Random contract-heavy blocks by our engine and by alloy-op-evm (another block loop, another database, roots by alloy's
//! hash builder) end in equal receipts and roots.
//!
//! `ALTLAYER_SEED=n ALTLAYER_ROUNDS=1 cargo test --release -p altlayer-execution --test differential` replays one round.

mod support;

use std::{collections::BTreeMap, sync::Arc};

use alloy_consensus::Header;
use alloy_evm::{EvmFactory, block::BlockExecutor as _, block::BlockExecutorFactory};
use alloy_op_evm::{OpBlockExecutionCtx, OpBlockExecutorFactory, OpEvmFactory, block::OpAlloyReceiptBuilder};
use alloy_op_hardforks::{ForkCondition, OpChainHardforks, OpHardfork};
use alloy_primitives::{B64, B256, U256};
use alloy_trie::{TrieAccount, root::state_root_unsorted, root::storage_root_unhashed};
use altlayer_execution::{
    BaseFeeParams, BlockExecutor, BlockOutcome, ChainSpec, ExecutionPayload, Fork, Parent, PayloadAttributes,
    RecoveredTx, TxReject, WitnessState, decode_all, environment, execute_payload, execute_stateless, generate_witness,
};
use altlayer_state::{Preimages, StateDiff, StateError, StateRead, StateTrie};
use op_alloy_consensus::OpReceipt;
use revm::database::{AccountState, CacheDB, EmptyDB};
use support::{chain::genesis_alloc, generator::Generator};

const CHAIN_ID: u64 = 901;
const BLOCKS: u64 = 4;

/// What was reached, so that the generator cannot silently stop generating.
#[derive(Default, Debug)]
struct Reached {
    succeeded: usize,
    failed: usize,
    rejected: BTreeMap<&'static str, usize>,
    deposits_failed: usize,
    created: usize,
    logs: usize,
    zeroed_slots: usize,
}

fn spec(holocene: bool) -> ChainSpec {
    let time = |fork| match fork {
        Fork::Holocene => holocene.then_some(0),
        Fork::Isthmus | Fork::Jovian => None,
        _ => Some(0),
    };
    ChainSpec::new(CHAIN_ID, time, BaseFeeParams { denominator: 50, elasticity: 6 }, 250).unwrap()
}

fn forks(holocene: bool) -> OpChainHardforks {
    use OpHardfork::*;
    let mut forks = vec![Bedrock, Regolith, Canyon, Ecotone, Fjord, Granite];
    if holocene {
        forks.push(Holocene);
    }
    let now = |fork| match fork {
        Bedrock => ForkCondition::Block(0),
        _ => ForkCondition::Timestamp(0),
    };
    OpChainHardforks::new(forks.into_iter().map(|fork| (fork, now(fork))))
}

/// The chain as alloy-op-evm sees it.
struct Oracle {
    db: CacheDB<EmptyDB>,
    forks: OpChainHardforks,
}

impl Oracle {
    fn new(alloc: &StateDiff, holocene: bool) -> Self {
        let mut db = CacheDB::<EmptyDB>::default();
        for (address, account) in &alloc.accounts {
            let mut info = account.info.clone().unwrap();
            info.code = alloc.codes.get(&info.code_hash).cloned();
            db.insert_account_info(*address, info);
            for (slot, value) in &account.storage {
                db.insert_account_storage(*address, *slot, *value).unwrap();
            }
        }
        Self { db, forks: forks(holocene) }
    }

    /// Executes, leaving out what is rejected. Returns which were accepted, and the receipts.
    fn execute(
        &mut self,
        spec: &ChainSpec,
        header: &Header,
        transactions: &[RecoveredTx],
    ) -> (Vec<bool>, Vec<OpReceipt>) {
        let factory = OpBlockExecutorFactory::new(
            OpAlloyReceiptBuilder::default(),
            self.forks.clone(),
            OpEvmFactory::<alloy_op_evm::OpTx>::default(),
        );
        let cfg = environment::cfg_env(spec, header.timestamp);
        let block = environment::block_env(spec, header);
        let evm = factory.evm_factory().create_evm(&mut self.db, alloy_evm::EvmEnv::new(cfg, block));
        let context = OpBlockExecutionCtx {
            parent_hash: header.parent_hash,
            parent_beacon_block_root: header.parent_beacon_block_root,
            extra_data: header.extra_data.clone(),
        };
        let mut executor = factory.create_executor(evm, context);
        executor.apply_pre_execution_changes().unwrap();
        let mut accepted = Vec::new();
        for tx in transactions {
            let recovered = alloy_consensus::transaction::Recovered::new_unchecked(tx.tx.clone(), tx.sender);
            accepted.push(executor.execute_transaction(&recovered).is_ok());
        }
        let (_, result) = executor.finish().unwrap();
        (accepted, convert(result.receipts))
    }

    fn root(&self) -> B256 {
        let accounts = self
            .db
            .cache
            .accounts
            .iter()
            .filter(|(_, account)| account.account_state != AccountState::NotExisting && !account.info.is_empty());
        state_root_unsorted(accounts.map(|(address, account)| {
            let slots = account.storage.iter().filter(|(_, value)| !value.is_zero());
            let storage_root =
                storage_root_unhashed(slots.map(|(slot, value)| (B256::from(slot.to_be_bytes()), *value)));
            let info = &account.info;
            let leaf =
                TrieAccount { nonce: info.nonce, balance: info.balance, storage_root, code_hash: info.code_hash };
            (alloy_primitives::keccak256(address), leaf)
        }))
    }
}

impl Oracle {
    /// Which accounts and slots differ, for a failure's message.
    fn differences(&self, trie: &StateTrie) -> Vec<String> {
        let mut found = Vec::new();
        for (address, account) in &self.db.cache.accounts {
            let exists = account.account_state != AccountState::NotExisting && !account.info.is_empty();
            let theirs = exists.then_some((account.info.nonce, account.info.balance, account.info.code_hash));
            let ours = trie.account(address).unwrap().map(|ours| (ours.nonce, ours.balance, ours.code_hash));
            if ours != theirs {
                found.push(format!("{address}: ours {ours:?}, its {theirs:?} ({:?})", account.account_state));
            }
            for (slot, value) in &account.storage {
                let ours = trie.storage(address, slot).unwrap();
                if exists && ours != *value {
                    found
                        .push(format!("{address} slot {slot}: ours {ours}, its {value} ({:?})", account.account_state));
                }
            }
        }
        found
    }
}

fn convert(receipts: Vec<op_alloy_consensus::OpReceiptEnvelope>) -> Vec<OpReceipt> {
    use op_alloy_consensus::OpReceiptEnvelope::*;
    receipts
        .into_iter()
        .map(|receipt| match receipt {
            Legacy(receipt) => OpReceipt::Legacy(receipt.receipt),
            Eip2930(receipt) => OpReceipt::Eip2930(receipt.receipt),
            Eip1559(receipt) => OpReceipt::Eip1559(receipt.receipt),
            Eip7702(receipt) => OpReceipt::Eip7702(receipt.receipt),
            PostExec(receipt) => OpReceipt::PostExec(receipt.receipt),
            Deposit(receipt) => OpReceipt::Deposit(receipt.receipt),
        })
        .collect()
}

/// The chain as we see it.
struct Chain {
    spec: Arc<ChainSpec>,
    trie: StateTrie,
    preimages: Preimages,
    parent: Parent,
    ancestors: Vec<Header>,
}

impl Chain {
    fn new(alloc: &StateDiff, holocene: bool) -> Self {
        let spec = Arc::new(spec(holocene));
        let mut trie = StateTrie::new();
        trie.apply(alloc).unwrap();
        let genesis = Header {
            state_root: trie.root(),
            gas_limit: 30_000_000,
            base_fee_per_gas: Some(1_000_000),
            timestamp: 1000,
            extra_data: if holocene { alloy_primitives::bytes!("00000000fa00000006") } else { Default::default() },
            ..Default::default()
        };
        let mut chain =
            Self { spec, trie, preimages: Preimages::new(), parent: Parent::new(genesis), ancestors: Vec::new() };
        chain.learn(alloc);
        chain
    }

    fn learn(&mut self, diff: &StateDiff) {
        self.preimages.extend(diff.codes.iter().map(|(hash, code)| (*hash, code.original_bytes())));
    }

    fn state(&self) -> WitnessState {
        WitnessState::over(self.trie.clone(), self.parent.clone(), Arc::new(self.preimages.clone()))
    }

    fn attributes(&self, generator: &mut Generator) -> PayloadAttributes {
        let timestamp = self.parent.header.timestamp + 2;
        PayloadAttributes {
            timestamp,
            prev_randao: generator.random.word().into(),
            suggested_fee_recipient: alloy_primitives::address!("4200000000000000000000000000000000000011"),
            parent_beacon_block_root: Some(generator.random.word().into()),
            gas_limit: 30_000_000,
            eip1559_params: self.spec.is_active(Fork::Holocene, timestamp).then(|| {
                if generator.random.chance(2) { B64::ZERO } else { alloy_primitives::b64!("0000000800000002") }
            }),
            ..Default::default()
        }
    }
}

fn zeroed_slots(outcome: &BlockOutcome) -> usize {
    outcome.diff.accounts.values().flat_map(|account| account.storage.values()).filter(|value| value.is_zero()).count()
}

fn play(seed: u64, reached: &mut Reached) -> Result<(), String> {
    let holocene = seed.is_multiple_of(2);
    let mut generator = Generator::new(seed, CHAIN_ID);
    let alloc = genesis_alloc(&mut generator);
    let mut oracle = Oracle::new(&alloc, holocene);
    let mut chain = Chain::new(&alloc, holocene);
    if oracle.root() != chain.parent.header.state_root {
        return Err("genesis roots differ".into());
    }
    for number in 1..=BLOCKS {
        let context = |what: &str| format!("block {number}: {what}");
        let attributes = chain.attributes(&mut generator);
        let state = chain.state();
        let mut block =
            BlockExecutor::open(chain.spec.clone(), &state, &chain.parent, &attributes).map_err(|e| e.to_string())?;
        let mut tried = Vec::new();
        let mut accepted = Vec::new();
        let mut nonces = Vec::new();
        for sender in generator.senders() {
            nonces.push(state.account(&sender).map_err(|e| e.to_string())?.map_or(0, |info| info.nonce));
        }
        let base_fee = block.header().base_fee_per_gas.unwrap_or_default();
        for (index, raw) in generator.block(base_fee, nonces).into_iter().enumerate() {
            let tx = RecoveredTx::decode(raw).map_err(|e| e.to_string())?;
            // Some are executed, taken back, and executed again.
            if generator.random.chance(4) {
                let savepoint = block.savepoint();
                let _ = block.execute(&tx);
                block.rollback(savepoint);
            }
            match block.execute(&tx) {
                Ok(executed) => {
                    accepted.push(true);
                    reached.succeeded += usize::from(executed.success);
                    reached.failed += usize::from(!executed.success);
                    reached.deposits_failed += usize::from(!executed.success && tx.is_deposit());
                    reached.created += usize::from(executed.created.is_some());
                }
                Err(altlayer_execution::ExecuteError::Reject(reject)) => {
                    *reached.rejected.entry(reject.code()).or_default() += 1;
                    if let TxReject::Other(reason) = reject {
                        return Err(context(&format!("transaction {index} has no code for its rejection: {reason}")));
                    }
                    accepted.push(false);
                }
                Err(error) => return Err(context(&error.to_string())),
            }
            tried.push(tx);
        }
        let open = block.header().clone();
        let outcome = block.finish();
        reached.logs += outcome.receipts.iter().map(|receipt| receipt.as_receipt().logs.len()).sum::<usize>();
        reached.zeroed_slots += zeroed_slots(&outcome);

        oracle.db.cache.block_hashes.insert(U256::from(number - 1), chain.parent.hash);
        let (oracle_accepted, oracle_receipts) = oracle.execute(&chain.spec, &open, &tried);
        if let Some(index) = (0..tried.len()).find(|index| accepted[*index] != oracle_accepted[*index]) {
            return Err(context(&format!(
                "transaction {index}: we {}, it {}",
                accepted[index], oracle_accepted[index]
            )));
        }
        if let Some(index) = (0..outcome.receipts.len()).find(|i| oracle_receipts.get(*i) != outcome.receipts.get(*i)) {
            return Err(context(&format!(
                "receipt {index}: ours {:?}, its {:?}",
                outcome.receipts[index],
                oracle_receipts.get(index)
            )));
        }
        let roots = state.roots_after(&outcome.diff).map_err(|e| e.to_string())?;
        if roots.state != oracle.root() {
            let mut trie = chain.trie.clone();
            trie.apply(&outcome.diff).map_err(|e| e.to_string())?;
            return Err(context(&format!("roots differ: {:#?}", oracle.differences(&trie))));
        }
        let header = outcome.assemble_header(&chain.spec, roots);
        replay(&mut chain, &state, &header, &outcome).map_err(|error| context(&error))?;
        chain.learn(&outcome.diff);
        chain.trie.apply(&outcome.diff).map_err(|e| e.to_string())?;
        chain.preimages.insert(chain.parent.hash, alloy_rlp::encode(&chain.parent.header).into());
        chain.ancestors.push(chain.parent.header.clone());
        chain.parent = Parent::new(header);
    }
    Ok(())
}

/// The sealed block again: as a payload on the full state, and on a witness of our own making.
fn replay(chain: &mut Chain, state: &WitnessState, header: &Header, outcome: &BlockOutcome) -> Result<(), String> {
    let raw: Vec<_> = outcome.transactions.iter().map(|tx| tx.raw.clone()).collect();
    let hash = header.hash_slow();
    let payload = ExecutionPayload::from_block(header, hash, raw);
    let transactions = decode_all(&payload.transactions).map_err(|(index, reject)| format!("{index}: {reject}"))?;
    let roots = |diff: &_| Ok((state.roots_after(diff)?, ()));
    execute_payload(&chain.spec, state, &chain.parent, &payload, &transactions, roots).map_err(|e| e.to_string())?;
    let ancestors = &chain.ancestors;
    let by_number = |number: u64| ancestors.get(number as usize).cloned().ok_or(StateError::UnknownNumber { number });
    let (witness, again) =
        generate_witness(&chain.spec, state, &mut chain.trie, &chain.parent, header, &transactions, by_number)
            .map_err(|e| format!("witness: {e}"))?;
    if again.diff != outcome.diff {
        return Err("the same block changed other things the second time".into());
    }
    let json = serde_json::to_string(&witness).map_err(|e| e.to_string())?;
    let witness = serde_json::from_str(&json).map_err(|e| e.to_string())?;
    let executed = execute_stateless(&chain.spec, &payload, &witness).map_err(|e| format!("stateless: {e}"))?;
    if executed.hash != hash { Err("stateless execution ends in another hash".into()) } else { Ok(()) }
}

#[test]
fn random_blocks_end_as_with_alloy_op_evm() {
    let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default);
    let first = number("ALTLAYER_SEED", 1);
    let rounds = number("ALTLAYER_ROUNDS", 60);
    let mut reached = Reached::default();
    for seed in first..first + rounds {
        if let Err(error) = play(seed, &mut reached) {
            panic!(
                "seed {seed}: {error}\nreplay: ALTLAYER_SEED={seed} ALTLAYER_ROUNDS=1 cargo test --release -p altlayer-execution --test differential"
            );
        }
    }
    println!("{reached:?}");
    if rounds >= 60 {
        assert!(reached.succeeded > 500 && reached.failed > 200 && reached.deposits_failed > 20, "{reached:?}");
        assert!(reached.created > 20 && reached.logs > 100 && reached.zeroed_slots > 10, "{reached:?}");
        for code in ["NONCE_TOO_HIGH", "NONCE_TOO_LOW", "INSUFFICIENT_FUNDS", "INTRINSIC_GAS", "FEE_CAP_TOO_LOW"] {
            assert!(reached.rejected.contains_key(code), "no transaction was rejected with {code}: {reached:?}");
        }
    }
}
