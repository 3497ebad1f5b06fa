//! A small real chain: genesis, three blocks with transfers, a contract and its events, over a store in a temporary folder.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_consensus::{SignableTransaction, TxEip1559, TxLegacy, TypedTransaction};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B64, B256, Bytes, Signature, TxKind, U256, address, b256, hex};
use altlayer_execution::{BlockExecutor, ChainSpec, Parent, PayloadAttributes, RecoveredTx, StateRoots, genesis_block};
use altlayer_state::{ChainStore, Durability, ExecutedBlock, HeadsUpdate, StateError, StoreOptions};
use op_alloy_consensus::{OpTxEnvelope, TxDeposit};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::{
    error::RpcError,
    options::{PoolOptions, QueryLimits},
    pool::{HeadState, Pool, PoolHead, PoolRules, SenderAccount},
    query::{QueryContext, query},
};

pub const CHAIN_ID: u64 = 901;
pub const KEY: B256 = b256!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
pub const SENDER: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
pub const RECEIVER: Address = address!("00000000000000000000000000000000000000aa");
const ATTRIBUTES_SENDER: Address = address!("deaddeaddeaddeaddeaddeaddeaddeaddead0001");
const L1_BLOCK: Address = address!("4200000000000000000000000000000000000015");

/// Deployed code: call data of one word `n` > 0 stores it in slot 0, emits `LOG1(topic = n)` and returns it; zero reverts with
/// `Error("nope")`; empty call data loops for ever.
pub fn contract_code() -> Vec<u8> {
    let mut code = Vec::new();
    code.extend(hex!("3615")); // CALLDATASIZE ISZERO
    code.extend(hex!("6020")); // PUSH1 loop
    code.extend(hex!("57")); // JUMPI
    code.extend(hex!("600035")); // CALLDATALOAD(0)
    code.extend(hex!("80")); // DUP1
    code.extend(hex!("15")); // ISZERO
    code.extend(hex!("6030")); // PUSH1 revert
    code.extend(hex!("57")); // JUMPI
    code.extend(hex!("80600055")); // DUP1 PUSH1 0 SSTORE
    code.extend(hex!("80600052")); // DUP1 PUSH1 0 MSTORE
    code.extend(hex!("60206000a1")); // LOG1(0, 32, n)
    code.extend(hex!("60206000f3")); // RETURN
    code.resize(0x20, 0x00);
    code.extend(hex!("5b602056")); // loop: JUMPDEST PUSH1 loop JUMP
    code.resize(0x30, 0x00);
    let mut error = hex!("08c379a0").to_vec();
    error.extend(U256::from(32).to_be_bytes::<32>());
    error.extend(U256::from(4).to_be_bytes::<32>());
    error.extend(b"nope");
    error.resize(100, 0);
    code.push(0x5b); // revert: JUMPDEST
    let offset = u8::try_from(code.len() + 12).unwrap();
    code.extend([0x60, 100, 0x60, offset, 0x60, 0, 0x39]); // CODECOPY(0, offset, 100)
    code.extend([0x60, 100, 0x60, 0, 0xfd]); // REVERT(0, 100)
    code.extend(error);
    code
}

/// Creation code that returns [`contract_code`].
fn init_code() -> Bytes {
    let code = contract_code();
    let length = u8::try_from(code.len()).unwrap();
    let mut init = vec![0x60, length, 0x60, 12, 0x60, 0, 0x39, 0x60, length, 0x60, 0, 0xf3];
    init.extend(code);
    init.into()
}

/// Ecotone's L1 attributes: base fee 10 gwei, blob base fee 1 gwei, scalars 1000 and 2000.
fn attributes_call_data() -> Bytes {
    let mut data = hex!("440a5e20").to_vec();
    data.extend(1000u32.to_be_bytes());
    data.extend(2000u32.to_be_bytes());
    data.extend([0; 24]);
    data.extend(U256::from(10_000_000_000u64).to_be_bytes::<32>());
    data.extend(U256::from(1_000_000_000u64).to_be_bytes::<32>());
    data.extend([0; 64]);
    data.into()
}

fn genesis_json() -> String {
    // L1Block's slots as its setter would leave them: base fee (1), scalars (3), blob base fee (7).
    let mut scalars = [0u8; 32];
    scalars[16..20].copy_from_slice(&1000u32.to_be_bytes());
    scalars[20..24].copy_from_slice(&2000u32.to_be_bytes());
    json!({
        "config": {
            "chainId": CHAIN_ID, "bedrockBlock": 0, "regolithTime": 0, "canyonTime": 0, "shanghaiTime": 0,
            "ecotoneTime": 0, "cancunTime": 0, "fjordTime": 0, "graniteTime": 0, "holoceneTime": 0,
            "londonBlock": 0, "berlinBlock": 0,
            "optimism": { "eip1559Elasticity": 6, "eip1559Denominator": 50, "eip1559DenominatorCanyon": 250 },
        },
        "timestamp": "0x3e8", "gasLimit": "0x1c9c380", "difficulty": "0x0", "nonce": "0x0",
        "extraData": "0x000000000800000002", "baseFeePerGas": "0x3b9aca00",
        "alloc": {
            SENDER.to_string(): { "balance": "0x56bc75e2d63100000" },
            L1_BLOCK.to_string(): {
                "balance": "0x0", "code": "0x00",
                "storage": {
                    format!("{:#066x}", 1): format!("{:#066x}", 10_000_000_000u64),
                    format!("{:#066x}", 3): format!("0x{}", hex::encode(scalars)),
                    format!("{:#066x}", 7): format!("{:#066x}", 1_000_000_000u64),
                },
            },
        },
    })
    .to_string()
}

pub fn sign(tx: TypedTransaction) -> Bytes {
    let hash = match &tx {
        TypedTransaction::Legacy(tx) => tx.signature_hash(),
        TypedTransaction::Eip1559(tx) => tx.signature_hash(),
        _ => unreachable!(),
    };
    let key = secp256k1::SecretKey::from_byte_array(KEY.0).unwrap();
    let message = secp256k1::Message::from_digest(hash.0);
    let (recovery, compact) = secp256k1::SECP256K1.sign_ecdsa_recoverable(message, &key).serialize_compact();
    let signature = Signature::from_bytes_and_parity(&compact, recovery != secp256k1::ecdsa::RecoveryId::Zero);
    match tx {
        TypedTransaction::Legacy(tx) => OpTxEnvelope::Legacy(tx.into_signed(signature)),
        TypedTransaction::Eip1559(tx) => OpTxEnvelope::Eip1559(tx.into_signed(signature)),
        _ => unreachable!(),
    }
    .encoded_2718()
    .into()
}

fn transfer(nonce: u64, to: TxKind, value: u64, input: Bytes) -> Bytes {
    sign(TypedTransaction::Eip1559(TxEip1559 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit: 1_000_000,
        max_fee_per_gas: 3_000_000_000,
        max_priority_fee_per_gas: 1_000_000,
        to,
        value: U256::from(value),
        access_list: Default::default(),
        input,
    }))
}

pub fn legacy_transfer(nonce: u64) -> Bytes {
    sign(TypedTransaction::Legacy(TxLegacy {
        chain_id: Some(CHAIN_ID),
        nonce,
        gas_price: 2_000_000_000,
        gas_limit: 21_000,
        to: TxKind::Call(RECEIVER),
        value: U256::from(1),
        input: Bytes::new(),
    }))
}

fn deposit(number: u64) -> Bytes {
    let tx = TxDeposit {
        source_hash: B256::with_last_byte(number as u8),
        from: ATTRIBUTES_SENDER,
        to: TxKind::Call(L1_BLOCK),
        mint: 0,
        value: U256::ZERO,
        gas_limit: 1_000_000,
        is_system_transaction: false,
        input: attributes_call_data(),
    };
    OpTxEnvelope::Deposit(alloy_consensus::Sealable::seal_slow(tx)).encoded_2718().into()
}

struct EmptyHead;

impl HeadState for EmptyHead {
    fn account(&self, _address: &Address) -> Result<SenderAccount, StateError> {
        Ok(SenderAccount { nonce: 4, balance: U256::MAX >> 8, forbidding_code: None })
    }
    fn additional_cost(&self, _raw: &[u8], _gas_limit: u64) -> U256 {
        U256::ZERO
    }
}

pub struct TestChain {
    pub context: QueryContext,
    pub contract: Address,
    _dir: tempfile::TempDir,
}

impl TestChain {
    /// Block 1: a transfer and a creation. Block 2: a call that logs, and one that reverts. Block 3: a legacy transfer.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (spec, genesis) = ChainSpec::from_genesis_json(&genesis_json()).unwrap();
        let spec = Arc::new(spec);
        let block = genesis_block(&spec, &genesis).unwrap();
        let chain = ChainStore::open(StoreOptions::new(dir.path()), block).unwrap();
        let contract = SENDER.create(1);
        let word = |value: u64| Bytes::from(U256::from(value).to_be_bytes::<32>());
        let blocks = [
            vec![transfer(0, TxKind::Call(RECEIVER), 5, Bytes::new()), transfer(1, TxKind::Create, 0, init_code())],
            vec![transfer(2, TxKind::Call(contract), 0, word(7)), transfer(3, TxKind::Call(contract), 0, word(0))],
            vec![legacy_transfer(4)],
        ];
        for (index, transactions) in blocks.into_iter().enumerate() {
            append(&spec, &chain, index as u64 + 1, transactions);
        }
        chain.flush_index().unwrap();
        let rules = PoolRules {
            chain_id: CHAIN_ID,
            block_gas_limit: 30_000_000,
            base_fee: 1,
            min_tip: 0,
            shanghai: true,
            prague: false,
        };
        let pool = Pool::new(PoolOptions::default(), PoolHead { rules, state: Arc::new(EmptyHead) });
        let context = QueryContext {
            spec,
            chain,
            pool: Arc::new(Mutex::new(pool)),
            limits: Arc::new(QueryLimits { call_timeout_ms: 500, ..Default::default() }),
            pending: None,
            published: None,
            deadline: Instant::now() + Duration::from_secs(3600),
        };
        Self { context, contract, _dir: dir }
    }

    pub fn ask(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        query(&self.context, method, &params.to_string()).map(|raw| serde_json::from_str(raw.get()).unwrap())
    }

    /// The answer of a call that must succeed.
    #[track_caller]
    pub fn get(&self, method: &str, params: Value) -> Value {
        self.ask(method, params).unwrap_or_else(|error| panic!("{method}: {} {}", error.code, error.message))
    }

    /// Code and message of a call that must fail.
    #[track_caller]
    pub fn fail(&self, method: &str, params: Value) -> (i64, String) {
        let error = self.ask(method, params).expect_err(method);
        (error.code, error.message.into_owned())
    }
}

fn append(spec: &Arc<ChainSpec>, chain: &Arc<ChainStore>, number: u64, transactions: Vec<Bytes>) {
    let head = chain.heads().unsafe_head;
    let parent = Parent::new((*chain.header(&head.hash).unwrap().unwrap()).clone());
    let attributes = PayloadAttributes {
        timestamp: head.timestamp + 2,
        parent_beacon_block_root: Some(B256::ZERO),
        gas_limit: 30_000_000,
        eip1559_params: Some(B64::ZERO),
        no_tx_pool: true,
        ..Default::default()
    };
    let mut executor = BlockExecutor::open(spec.clone(), chain.view(head.hash).unwrap(), &parent, &attributes).unwrap();
    for raw in std::iter::once(deposit(number)).chain(transactions) {
        executor.execute(&RecoveredTx::decode(raw).unwrap()).unwrap();
    }
    let outcome = executor.finish();
    let state = chain.root_after(head.hash, &outcome.diff).unwrap();
    let roots = StateRoots { state: state.root(), message_passer: state.message_passer_root() };
    let header = outcome.assemble_header(spec, roots);
    let hash = header.hash_slow();
    let block = ExecutedBlock {
        header,
        hash,
        transactions: outcome.transactions.clone(),
        receipts: outcome.receipts.clone(),
        state,
    };
    chain.insert(block, Durability::Buffered).unwrap();
    chain.set_heads(HeadsUpdate { unsafe_head: hash, safe: None, finalized: None }).unwrap();
}
