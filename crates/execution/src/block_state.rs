//! The state inside a block: the parent's state with the changes of the transactions so far, and the way back.
//!
//! Every write is logged with the value it replaces, so that a caller can return to any earlier savepoint at a cost that
//! only depends on what was written since.

use std::collections::BTreeMap;

use alloy_primitives::{
    Address, B256, KECCAK256_EMPTY, U256,
    map::{AddressMap, B256Map, HashMap},
};
use altlayer_state::{AccountDiff, StateDiff, StateError, StateRead};
use revm::{
    Database, DatabaseCommit, DatabaseRef,
    bytecode::Bytecode,
    database_interface::DBErrorMarker,
    state::{Account, AccountInfo},
};

/// The state could not be read.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DbError(#[from] pub StateError);

impl DBErrorMarker for DbError {}

#[derive(Clone, Copy)]
struct Slot {
    /// Before the block.
    original: U256,
    current: U256,
}

type Slots = HashMap<U256, Slot>;

struct CachedAccount {
    /// Before the block.
    original: Option<AccountInfo>,
    current: Option<AccountInfo>,
    /// What the parent's state holds in this account's storage does not count any more.
    storage_cleared: bool,
    storage: Slots,
}

enum Undo {
    Info { address: Address, info: Option<AccountInfo> },
    Slot { address: Address, slot: U256, value: U256 },
    Wipe { address: Address, storage_cleared: bool, storage: Slots },
    Code(B256),
}

/// A position to return to with [`BlockState::rollback`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatePoint(usize);

impl StatePoint {
    /// Before anything was written.
    pub const START: Self = Self(0);
}

/// A state with uncommitted changes on top, as revm's database.
pub struct BlockState<S> {
    base: S,
    accounts: AddressMap<CachedAccount>,
    codes: B256Map<Bytecode>,
    undo: Vec<Undo>,
    /// revm's commit cannot fail, reading the base can: kept here for [`Self::check`].
    failure: Option<StateError>,
}

impl<S: StateRead> BlockState<S> {
    pub fn new(base: S) -> Self {
        Self { base, accounts: AddressMap::default(), codes: B256Map::default(), undo: Vec::new(), failure: None }
    }

    /// The error that an earlier commit met, if any. Call it after committing.
    pub fn check(&self) -> Result<(), StateError> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    /// The state below the changes.
    pub const fn base(&self) -> &S {
        &self.base
    }

    pub const fn point(&self) -> StatePoint {
        StatePoint(self.undo.len())
    }

    /// Takes back every change made since the point. A point is valid until the state is rolled back before it.
    pub fn rollback(&mut self, point: StatePoint) {
        while self.undo.len() > point.0 {
            let Some(undo) = self.undo.pop() else { return };
            match undo {
                Undo::Code(hash) => {
                    self.codes.remove(&hash);
                }
                Undo::Info { address, info } => {
                    if let Some(account) = self.accounts.get_mut(&address) {
                        account.current = info;
                    }
                }
                Undo::Slot { address, slot, value } => {
                    if let Some(entry) = self.accounts.get_mut(&address).and_then(|a| a.storage.get_mut(&slot)) {
                        entry.current = value;
                    }
                }
                Undo::Wipe { address, storage_cleared, storage } => {
                    if let Some(account) = self.accounts.get_mut(&address) {
                        account.storage_cleared = storage_cleared;
                        account.storage = storage;
                    }
                }
            }
        }
    }

    fn load(&mut self, address: Address) -> Result<&mut CachedAccount, DbError> {
        use alloy_primitives::map::Entry;
        match self.accounts.entry(address) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let info = self.base.account(&address)?;
                Ok(entry.insert(CachedAccount {
                    original: info.clone(),
                    current: info,
                    storage_cleared: false,
                    storage: Slots::default(),
                }))
            }
        }
    }

    /// Writes an account's balance, nonce and code outside of a transaction (fork activations, state overrides).
    pub fn set_account(&mut self, address: Address, mut info: AccountInfo) -> Result<(), DbError> {
        self.load(address)?;
        if let Some(code) = info.code.take() {
            self.add_code(info.code_hash, code);
        }
        self.set_info(address, Some(info));
        Ok(())
    }

    /// Writes one slot outside of a transaction.
    pub fn set_storage(&mut self, address: Address, slot: U256, value: U256) -> Result<(), DbError> {
        self.storage(address, slot)?;
        self.set_slot(address, slot, value, U256::ZERO);
        Ok(())
    }

    /// Empties an account's storage outside of a transaction.
    pub fn clear_storage(&mut self, address: Address) -> Result<(), DbError> {
        self.load(address)?;
        self.wipe(address);
        Ok(())
    }

    fn add_code(&mut self, hash: B256, code: Bytecode) {
        if hash != KECCAK256_EMPTY && self.codes.insert(hash, code).is_none() {
            self.undo.push(Undo::Code(hash));
        }
    }

    fn set_info(&mut self, address: Address, info: Option<AccountInfo>) {
        if let Some(account) = self.accounts.get_mut(&address)
            && account.current != info
        {
            let previous = std::mem::replace(&mut account.current, info);
            self.undo.push(Undo::Info { address, info: previous });
        }
    }

    fn set_slot(&mut self, address: Address, slot: U256, value: U256, original: U256) {
        if let Some(account) = self.accounts.get_mut(&address) {
            let original = if account.storage_cleared { U256::ZERO } else { original };
            let entry = account.storage.entry(slot).or_insert(Slot { original, current: original });
            if entry.current != value {
                let previous = std::mem::replace(&mut entry.current, value);
                self.undo.push(Undo::Slot { address, slot, value: previous });
            }
        }
    }

    fn wipe(&mut self, address: Address) {
        if let Some(account) = self.accounts.get_mut(&address)
            && !(account.storage_cleared && account.storage.is_empty())
        {
            let storage = std::mem::take(&mut account.storage);
            let storage_cleared = std::mem::replace(&mut account.storage_cleared, true);
            self.undo.push(Undo::Wipe { address, storage_cleared, storage });
        }
    }

    fn commit_account(&mut self, address: Address, account: Account) {
        if !account.is_touched() {
            return;
        }
        // revm loads what it changes, so this reads the base only if a caller commits a state it made up.
        if let Err(DbError(error)) = self.load(address) {
            self.failure = Some(error);
            return;
        }
        let created = account.is_created();
        // EIP-161: a touched empty account does not exist. Created contracts have nonce 1, so this only meets plain ones.
        if account.is_selfdestructed() || (account.info.is_empty() && !created) {
            self.wipe(address);
            self.set_info(address, None);
            return;
        }
        if created {
            self.wipe(address);
        }
        for (slot, value) in account.storage {
            if value.is_changed() {
                self.set_slot(address, slot, value.present_value, value.original_value);
            }
        }
        let mut info = account.info;
        if let Some(code) = info.code.take() {
            let known = self.accounts.get(&address).and_then(|a| a.current.as_ref()).map(|i| i.code_hash);
            if known != Some(info.code_hash) {
                self.add_code(info.code_hash, code);
            }
        }
        self.set_info(address, Some(info));
    }

    /// What was written since a point, as a layer over the state at that point: slots that are not in it keep the value
    /// they had there, unless the storage was cleared since. Costs what was written since, not what the block wrote.
    pub fn diff_since(&self, point: StatePoint) -> StateDiff {
        let mut diff = StateDiff::default();
        for undo in &self.undo[point.0.min(self.undo.len())..] {
            let (address, slot, wiped) = match undo {
                Undo::Code(hash) => {
                    if let Some(code) = self.codes.get(hash) {
                        diff.codes.insert(*hash, code.clone());
                    }
                    continue;
                }
                Undo::Info { address, .. } => (address, None, false),
                Undo::Slot { address, slot, .. } => (address, Some(slot), false),
                Undo::Wipe { address, .. } => (address, None, true),
            };
            let Some(account) = self.accounts.get(address) else { continue };
            let entry = diff.accounts.entry(*address).or_insert_with(|| AccountDiff {
                info: account.current.as_ref().map(AccountInfo::copy_without_code),
                ..Default::default()
            });
            if wiped {
                entry.storage_cleared = true;
                entry.storage = account.storage.iter().map(|(slot, value)| (*slot, value.current)).collect();
            } else if let Some(slot) = slot
                && let Some(value) = account.storage.get(slot)
            {
                entry.storage.insert(*slot, value.current);
            }
        }
        diff
    }

    /// What changed since the base.
    pub fn diff(&self) -> StateDiff {
        StateDiff {
            accounts: self.accounts.iter().filter_map(|(address, account)| Some((*address, account.diff()?))).collect(),
            codes: self.codes.iter().map(|(hash, code)| (*hash, code.clone())).collect(),
        }
    }
}

impl CachedAccount {
    /// `None` if nothing changed.
    fn diff(&self) -> Option<AccountDiff> {
        let Some(info) = &self.current else {
            return self.original.is_some().then(AccountDiff::default);
        };
        let is_change = |slot: &Slot| match self.storage_cleared {
            true => !slot.current.is_zero(),
            false => slot.current != slot.original,
        };
        let changed = self.storage.iter().filter(|(_, slot)| is_change(slot));
        let storage: BTreeMap<_, _> = changed.map(|(slot, value)| (*slot, value.current)).collect();
        // Storage under an account that did not exist is empty already.
        let storage_cleared = self.storage_cleared && self.original.is_some();
        if storage.is_empty() && !storage_cleared && self.current == self.original {
            return None;
        }
        Some(AccountDiff { info: Some(info.copy_without_code()), storage_cleared, storage })
    }
}

impl<S: StateRead> Database for BlockState<S> {
    type Error = DbError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, DbError> {
        Ok(self.load(address)?.current.clone())
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, DbError> {
        match self.codes.get(&code_hash) {
            Some(code) => Ok(code.clone()),
            None => Ok(self.base.code(&code_hash)?),
        }
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, DbError> {
        self.load(address)?;
        let Some(account) = self.accounts.get_mut(&address) else { return Ok(U256::ZERO) };
        if let Some(value) = account.storage.get(&slot) {
            return Ok(value.current);
        }
        // An account that did not exist has no storage: no need to ask.
        let value = if account.storage_cleared || account.original.is_none() {
            U256::ZERO
        } else {
            self.base.storage(&address, &slot)?
        };
        account.storage.insert(slot, Slot { original: value, current: value });
        Ok(value)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, DbError> {
        Ok(self.base.block_hash(number)?)
    }
}

impl<S: StateRead> DatabaseCommit for BlockState<S> {
    fn commit(&mut self, changes: AddressMap<Account>) {
        for (address, account) in changes {
            self.commit_account(address, account);
        }
    }
}

/// A state as revm's read-only database, for calls that change nothing.
#[derive(Debug, Clone)]
pub struct StateDb<S>(pub S);

impl<S: StateRead> DatabaseRef for StateDb<S> {
    type Error = DbError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, DbError> {
        Ok(self.0.account(&address)?)
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, DbError> {
        Ok(self.0.code(&code_hash)?)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, DbError> {
        Ok(self.0.storage(&address, &slot)?)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, DbError> {
        Ok(self.0.block_hash(number)?)
    }
}

impl<S: StateRead> Database for StateDb<S> {
    type Error = DbError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, DbError> {
        self.basic_ref(address)
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, DbError> {
        self.code_by_hash_ref(code_hash)
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, DbError> {
        self.storage_ref(address, slot)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, DbError> {
        self.block_hash_ref(number)
    }
}
