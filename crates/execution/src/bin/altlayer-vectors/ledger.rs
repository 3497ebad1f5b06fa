//! A chain store that state tests run in: each test's pre-state is a canonical block, each outcome a block beside it. So every
//! case passes through journal, layers and trie; at the end the store is opened again from its journal.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, U256, keccak256};
use altlayer_state::{
    AccountDiff, ChainStore, Durability, ExecutedBlock, GenesisBlock, HeadsUpdate, History, StateDiff, StateError,
    StateRead, StateView, StoreOptions,
};
use revm::{bytecode::Bytecode, state::AccountInfo};

static NEXT: AtomicUsize = AtomicUsize::new(0);

pub struct Ledger {
    dir: PathBuf,
    options: StoreOptions,
    genesis: GenesisBlock,
    store: Option<Arc<ChainStore>>,
    base: Header,
    base_hash: B256,
    state: StateDiff,
    blocks: u64,
}

impl Ledger {
    pub fn open() -> Result<Self, StateError> {
        let name = format!("altlayer-vectors-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(name);
        let mut options = StoreOptions::new(&dir);
        options.history = History::Blocks(4);
        // Often enough that a run recovers from a checkpoint and from the journal behind it.
        options.checkpoint_blocks = 700;
        let header = Header { state_root: alloy_consensus::EMPTY_ROOT_HASH, ..Default::default() };
        let genesis = GenesisBlock { header: header.clone(), state: StateDiff::default() };
        let store = ChainStore::open(options.clone(), genesis.clone())?;
        Ok(Self {
            dir,
            options,
            base_hash: header.hash_slow(),
            base: header,
            genesis,
            store: Some(store),
            state: StateDiff::default(),
            blocks: 0,
        })
    }

    fn store(&self) -> Result<&Arc<ChainStore>, StateError> {
        self.store.as_ref().ok_or(StateError::UnknownNumber { number: 0 })
    }

    /// Makes `pre` the state of the next canonical block.
    pub fn begin(&mut self, pre: &StateDiff) -> Result<TestView, StateError> {
        let mut diff = StateDiff { codes: pre.codes.clone(), ..Default::default() };
        for address in self.state.accounts.keys() {
            diff.accounts.insert(*address, AccountDiff::default());
        }
        for (address, account) in &pre.accounts {
            let cleared = self.state.accounts.contains_key(address);
            diff.accounts.insert(*address, AccountDiff { storage_cleared: cleared, ..account.clone() });
        }
        let (header, hash, root) = self.insert(&diff)?;
        let expected = altlayer_state::state_root(pre);
        if root != expected {
            return Err(StateError::RootMismatch { computed: root, expected });
        }
        self.store()?.set_heads(HeadsUpdate { unsafe_head: hash, safe: Some(hash), finalized: Some(hash) })?;
        (self.base, self.base_hash, self.state) = (header, hash, pre.clone());
        Ok(TestView(self.store()?.view(hash)?))
    }

    /// Journals an outcome on the current pre-state; returns its root.
    pub fn outcome(&mut self, diff: &StateDiff) -> Result<B256, StateError> {
        Ok(self.insert(diff)?.2)
    }

    fn insert(&mut self, diff: &StateDiff) -> Result<(Header, B256, B256), StateError> {
        let state = self.store()?.root_after(self.base_hash, diff)?;
        let root = state.root();
        self.blocks += 1;
        let header = Header {
            parent_hash: self.base_hash,
            number: self.base.number + 1,
            timestamp: self.base.timestamp + 1,
            state_root: root,
            // Siblings with equal states are different blocks.
            extra_data: self.blocks.to_be_bytes().into(),
            ..Default::default()
        };
        let hash = header.hash_slow();
        let block =
            ExecutedBlock { header: header.clone(), hash, transactions: Vec::new(), receipts: Vec::new(), state };
        self.store()?.insert(block, Durability::Buffered)?;
        Ok((header, hash, root))
    }

    /// Closes the store, opens it again from disk, and compares.
    pub fn reopen(&mut self) -> Result<(), String> {
        let text = |error: StateError| error.to_string();
        if let Some(store) = self.store.take() {
            store.close().map_err(text)?;
        }
        let store = ChainStore::open(self.options.clone(), self.genesis.clone()).map_err(text)?;
        if store.heads().unsafe_head.hash != self.base_hash {
            return Err("another head after reopening".into());
        }
        let root = store.state_trie(self.base_hash).map_err(text)?.root();
        if root != self.base.state_root {
            return Err(format!("root {root} after reopening, expected {}", self.base.state_root));
        }
        let view = store.view(self.base_hash).map_err(text)?;
        for (address, account) in &self.state.accounts {
            if view.account(address).map_err(text)? != account.info {
                return Err(format!("{address} differs after reopening"));
            }
            for (slot, value) in &account.storage {
                if view.storage(address, slot).map_err(text)? != *value {
                    return Err(format!("{address} slot {slot} differs after reopening"));
                }
            }
        }
        drop(view);
        store.close().map_err(text)
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.store = None;
        // A temporary folder that cannot be removed is the system's to clean.
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// The state of a test, with the state tests' convention for BLOCKHASH.
pub struct TestView(StateView);

impl StateRead for TestView {
    fn account(&self, address: &Address) -> Result<Option<AccountInfo>, StateError> {
        self.0.account(address)
    }

    fn storage(&self, address: &Address, slot: &U256) -> Result<U256, StateError> {
        self.0.storage(address, slot)
    }

    fn code(&self, code_hash: &B256) -> Result<Bytecode, StateError> {
        self.0.code(code_hash)
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        Ok(keccak256(number.to_string()))
    }
}
