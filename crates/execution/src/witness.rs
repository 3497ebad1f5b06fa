//! Execution without a node's state: from a witness (trie nodes, codes, headers), and the making of such witnesses.
//!
//! The JSON shape is that of `debug_executionWitness` in reth and go-ethereum, which the OP Stack's fault proof host asks for.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use alloy_rlp::{Decodable, Encodable};
use altlayer_state::{Accesses, Preimages, StateDiff, StateError, StateRead, StateTrie};
use revm::{bytecode::Bytecode, state::AccountInfo};
use serde::{Deserialize, Serialize};

use crate::{
    chain_spec::ChainSpec,
    executor::{BlockExecutor, BlockOutcome, ExecuteError, Parent},
    genesis::MESSAGE_PASSER,
    header::StateRoots,
    payload::{ExecutedPayload, ExecutionPayload, PayloadError, execute_payload},
    transaction::{RecoveredTx, decode_all},
};

/// Everything that executing one block reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionWitness {
    /// Trie nodes of the parent's state.
    pub state: Vec<Bytes>,
    pub codes: Vec<Bytes>,
    /// Accessed addresses (20 bytes) and slots (32 bytes), unhashed.
    #[serde(default)]
    pub keys: Vec<Bytes>,
    /// RLP of the headers that BLOCKHASH reached, the parent's last.
    pub headers: Vec<Bytes>,
}

impl ExecutionWitness {
    /// Nodes, codes and headers by their hash.
    pub fn preimages(&self) -> Preimages {
        self.state
            .iter()
            .chain(&self.codes)
            .chain(&self.headers)
            .map(|bytes| (keccak256(bytes), bytes.clone()))
            .collect()
    }
}

/// The parent's state as far as a set of preimages tells it. Reading beyond it is an error, never a guess.
#[derive(Clone)]
pub struct WitnessState {
    trie: StateTrie,
    preimages: Arc<Preimages>,
    parent: Arc<Parent>,
}

impl WitnessState {
    /// A state on the parent's state root, from preimages by hash.
    pub fn new(parent: Parent, preimages: Arc<Preimages>) -> Result<Self, StateError> {
        let trie = StateTrie::from_witness(parent.header.state_root, &preimages)?;
        Ok(Self { trie, preimages, parent: Arc::new(parent) })
    }

    /// A state over a complete trie, with codes among the preimages.
    pub fn over(trie: StateTrie, parent: Parent, preimages: Arc<Preimages>) -> Self {
        Self { trie, preimages, parent: Arc::new(parent) }
    }

    /// Roots after a diff.
    pub fn roots_after(&self, diff: &StateDiff) -> Result<StateRoots, StateError> {
        let mut trie = self.trie.clone();
        trie.apply(diff)?;
        let state = trie.root();
        Ok(StateRoots { state, message_passer: self.message_passer_root(&trie)? })
    }

    /// Before Isthmus nothing asks for it, and a witness does not hold it.
    fn message_passer_root(&self, trie: &StateTrie) -> Result<B256, StateError> {
        match trie.storage_root(&MESSAGE_PASSER) {
            Err(StateError::MissingNode { .. }) => Ok(B256::ZERO),
            other => other,
        }
    }
}

impl StateRead for WitnessState {
    fn account(&self, address: &Address) -> Result<Option<AccountInfo>, StateError> {
        Ok(self.trie.account(address)?.map(|account| AccountInfo {
            balance: account.balance,
            nonce: account.nonce,
            code_hash: account.code_hash,
            account_id: None,
            code: None,
        }))
    }

    fn storage(&self, address: &Address, slot: &U256) -> Result<U256, StateError> {
        self.trie.storage(address, slot)
    }

    fn code(&self, code_hash: &B256) -> Result<Bytecode, StateError> {
        if *code_hash == KECCAK256_EMPTY || code_hash.is_zero() {
            return Ok(Bytecode::default());
        }
        let code = self.preimages.get(code_hash).ok_or(StateError::UnknownCode { hash: *code_hash })?;
        Ok(Bytecode::new_raw(code.clone()))
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        let mut hash = self.parent.hash;
        let mut at = self.parent.header.number;
        if number > at {
            return Ok(B256::ZERO);
        }
        let mut parent_hash = self.parent.header.parent_hash;
        while at > number {
            hash = parent_hash;
            at -= 1;
            if at > number {
                let bytes = self.preimages.get(&hash).ok_or(StateError::UnknownBlock { hash })?;
                let header = Header::decode(&mut bytes.as_ref()).map_err(|_| StateError::UnknownBlock { hash })?;
                parent_hash = header.parent_hash;
            }
        }
        Ok(hash)
    }
}

/// Executes a payload with nothing but a witness (and the parent's header, found in it by `parent_hash`).
pub fn execute_stateless(
    spec: &Arc<ChainSpec>,
    payload: &ExecutionPayload,
    witness: &ExecutionWitness,
) -> Result<ExecutedPayload<()>, PayloadError> {
    let preimages = witness.preimages();
    let hash = payload.parent_hash;
    let header = preimages
        .get(&hash)
        .and_then(|bytes| Header::decode(&mut bytes.as_ref()).ok())
        .ok_or(StateError::UnknownBlock { hash })?;
    let parent = Parent { hash, header };
    let state = WitnessState::new(parent.clone(), Arc::new(preimages))?;
    let transactions = decode_all(&payload.transactions)
        .map_err(|(index, reject)| PayloadError::Undecodable { index, reject: Box::new(reject) })?;
    execute_payload(spec, &state, &parent, payload, &transactions, |diff| Ok((state.roots_after(diff)?, ())))
}

#[derive(Default)]
struct Record {
    accesses: Accesses,
    codes: BTreeMap<B256, Bytes>,
    oldest_block: Option<u64>,
}

/// A state that remembers what was read from it.
pub struct RecordingState<S> {
    inner: S,
    record: Mutex<Record>,
}

impl<S: StateRead> RecordingState<S> {
    pub fn new(inner: S) -> Self {
        Self { inner, record: Mutex::default() }
    }

    fn with<T>(&self, note: impl FnOnce(&mut Record) -> T) -> T {
        note(&mut self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: StateRead> StateRead for RecordingState<S> {
    fn account(&self, address: &Address) -> Result<Option<AccountInfo>, StateError> {
        self.with(|record| {
            record.accesses.entry(*address).or_insert_with(BTreeSet::new);
        });
        // Without the code, so that it is asked for by hash, and noted.
        Ok(self.inner.account(address)?.map(AccountInfo::without_code))
    }

    fn storage(&self, address: &Address, slot: &U256) -> Result<U256, StateError> {
        self.with(|record| record.accesses.entry(*address).or_default().insert(*slot));
        self.inner.storage(address, slot)
    }

    fn code(&self, code_hash: &B256) -> Result<Bytecode, StateError> {
        let code = self.inner.code(code_hash)?;
        if *code_hash != KECCAK256_EMPTY {
            self.with(|record| {
                record.codes.entry(*code_hash).or_insert_with(|| code.original_bytes());
            });
        }
        Ok(code)
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        self.with(|record| record.oldest_block = Some(record.oldest_block.map_or(number, |old| old.min(number))));
        self.inner.block_hash(number)
    }
}

/// Executes a block again and collects what that reads. `trie` is the parent's state trie; `header_by_number` finds canonical
/// ancestors (asked only for those that BLOCKHASH reached).
pub fn generate_witness<S: StateRead>(
    spec: &Arc<ChainSpec>,
    view: S,
    trie: &mut StateTrie,
    parent: &Parent,
    header: &Header,
    transactions: &[RecoveredTx],
    header_by_number: impl Fn(u64) -> Result<Header, StateError>,
) -> Result<(ExecutionWitness, BlockOutcome), ExecuteError> {
    let recording = RecordingState::new(view);
    let mut executor =
        BlockExecutor::open_with_header(spec.clone(), &recording, parent.header.timestamp, header.clone())?;
    for tx in transactions {
        executor.execute(tx)?;
    }
    let outcome = executor.finish();
    let record = recording.record.into_inner().unwrap_or_else(PoisonError::into_inner);
    let nodes: BTreeMap<B256, Bytes> = trie.witness(&record.accesses, &outcome.diff)?.into_iter().collect();
    let mut keys = BTreeSet::new();
    for (address, slots) in &record.accesses {
        keys.insert(Bytes::copy_from_slice(address.as_slice()));
        keys.extend(slots.iter().map(|slot| Bytes::from(slot.to_be_bytes::<32>())));
    }
    for (address, account) in &outcome.diff.accounts {
        keys.insert(Bytes::copy_from_slice(address.as_slice()));
        keys.extend(account.storage.keys().map(|slot| Bytes::from(slot.to_be_bytes::<32>())));
    }
    let mut headers = Vec::new();
    if let Some(oldest) = record.oldest_block {
        for number in oldest..parent.header.number {
            headers.push(encode(&header_by_number(number)?));
        }
    }
    headers.push(encode(&parent.header));
    let witness = ExecutionWitness {
        state: nodes.into_values().collect(),
        codes: record.codes.into_values().collect(),
        keys: keys.into_iter().collect(),
        headers,
    };
    Ok((witness, outcome))
}

fn encode(header: &Header) -> Bytes {
    let mut out = Vec::new();
    header.encode(&mut out);
    out.into()
}
