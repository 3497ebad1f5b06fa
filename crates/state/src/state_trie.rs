//! The account trie, whose leaves carry the accounts' storage tries.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rlp::{Decodable, Encodable};
use alloy_trie::{EMPTY_ROOT_HASH, KECCAK_EMPTY, Nibbles, TrieAccount};
use rayon::prelude::*;

use crate::{
    chain::types::{Accesses, AccountProof, StorageProof},
    change::{Account, ChangeSet},
    flat::FlatState,
    trie::{Edit, LeafValue, Trie, WitnessBuilder},
    types::{StateDiff, StateError},
};

/// keccak -> node (or code, or header) bytes, as witnesses carry them.
pub type Preimages = HashMap<B256, Bytes>;

pub(crate) type StorageTrie = Trie<U256>;

impl LeafValue for U256 {
    fn encode(&self, out: &mut Vec<u8>) {
        Encodable::encode(self, out);
    }
}

/// What most accounts do not have stays out of the leaf: it is what a million accounts cost.
#[derive(Clone)]
pub(crate) struct AccountLeaf {
    nonce: u64,
    balance: U256,
    contract: Option<Arc<Contract>>,
}

#[derive(Clone)]
struct Contract {
    code_hash: B256,
    storage: StorageTrie,
}

impl AccountLeaf {
    fn new(account: Account, storage: StorageTrie) -> Self {
        let plain = account.code_hash == KECCAK_EMPTY && storage.is_empty();
        let contract = (!plain).then(|| Arc::new(Contract { code_hash: account.code_hash, storage }));
        Self { nonce: account.nonce, balance: account.balance, contract }
    }

    fn account(&self) -> Account {
        let code_hash = self.contract.as_ref().map_or(KECCAK_EMPTY, |contract| contract.code_hash);
        Account { nonce: self.nonce, balance: self.balance, code_hash }
    }

    fn storage(&self) -> Option<&StorageTrie> {
        self.contract.as_ref().map(|contract| &contract.storage)
    }

    fn storage_root(&self) -> B256 {
        match self.storage() {
            None => EMPTY_ROOT_HASH,
            Some(storage) => storage.cached_root().unwrap_or_else(|| storage.clone().root()),
        }
    }
}

impl LeafValue for AccountLeaf {
    fn encode(&self, out: &mut Vec<u8>) {
        let account = self.account();
        TrieAccount::new(account.nonce, account.balance, self.storage_root(), account.code_hash).encode(out);
    }

    fn is_sealed(&self) -> bool {
        self.contract.as_ref().is_none_or(|contract| contract.storage.cached_root().is_some())
    }

    fn seal(&mut self) {
        if let Some(contract) = &mut self.contract {
            Arc::make_mut(contract).storage.root();
        }
    }
}

/// A new value for a slot; zero removes it.
struct SlotEdit(U256);

impl Edit<U256> for SlotEdit {
    fn is_removal(&self) -> bool {
        self.0.is_zero()
    }
    fn create(self) -> Result<U256, StateError> {
        Ok(self.0)
    }
}

struct AccountEdit {
    /// `None` removes the account.
    account: Option<Account>,
    cleared: bool,
    storage: Vec<(Nibbles, SlotEdit)>,
}

impl Edit<AccountLeaf> for AccountEdit {
    fn is_removal(&self) -> bool {
        self.account.is_none()
    }

    fn create(self) -> Result<AccountLeaf, StateError> {
        let mut storage = StorageTrie::default();
        storage.edit_all(self.storage)?;
        Ok(AccountLeaf::new(self.account.ok_or(NO_ACCOUNT)?, storage))
    }

    fn update(self, leaf: &mut AccountLeaf) -> Result<(), StateError> {
        let account = self.account.ok_or(NO_ACCOUNT)?;
        if self.storage.is_empty() && !self.cleared && account.code_hash == leaf.account().code_hash {
            (leaf.nonce, leaf.balance) = (account.nonce, account.balance);
            return Ok(());
        }
        // Taken out, so that a storage which nobody else holds is changed in place.
        let contract = leaf.contract.take().filter(|_| !self.cleared);
        let mut storage = contract.map_or_else(StorageTrie::default, |contract| Arc::unwrap_or_clone(contract).storage);
        storage.edit_all(self.storage)?;
        *leaf = AccountLeaf::new(account, storage);
        Ok(())
    }
}

const NO_ACCOUNT: StateError = StateError::Encoding { what: "account edit" };

pub(crate) fn address_key(address: &Address) -> Nibbles {
    Nibbles::unpack(keccak256(address))
}

pub(crate) fn slot_key(slot: &U256) -> Nibbles {
    Nibbles::unpack(keccak256(slot.to_be_bytes::<32>()))
}

/// The state as a Merkle-Patricia trie. Cloning is O(1); clones share nodes.
#[derive(Clone, Default)]
pub struct StateTrie {
    accounts: Trie<AccountLeaf>,
}

impl StateTrie {
    pub fn new() -> Self {
        Self::default()
    }

    /// The trie of exactly these accounts. Zero slots are left out.
    pub fn from_accounts<'a, I, S>(accounts: I) -> Self
    where
        I: IntoIterator<Item = (&'a Address, Account, S)>,
        S: IntoIterator<Item = (U256, U256)>,
    {
        let mut parts: AccountParts = Default::default();
        for (address, account, slots) in accounts {
            add_account(&mut parts, address, account, &mut slots.into_iter());
        }
        Self { accounts: Trie::from_parts(parts) }
    }

    /// The trie of a flat state's current values, built in parallel.
    pub(crate) fn from_flat(flat: &FlatState) -> Self {
        let shards: Vec<AccountParts> = flat
            .shards()
            .into_par_iter()
            .map(|shard| {
                // Read first: a thread that waits for its share of a big storage trie takes up other work meanwhile, which
                // could be a change of this very shard.
                let mut read = Vec::new();
                flat.visit(shard, |address, account, slots| read.push((*address, account, slots.collect::<Vec<_>>())));
                let mut parts: AccountParts = Default::default();
                for (address, account, slots) in read {
                    add_account(&mut parts, &address, account, &mut slots.into_iter());
                }
                parts
            })
            .collect();
        let mut parts: AccountParts = Default::default();
        for (nibble, part) in parts.iter_mut().enumerate() {
            part.reserve_exact(shards.iter().map(|shard| shard[nibble].len()).sum());
        }
        for shard in shards {
            for (part, of_shard) in parts.iter_mut().zip(shard) {
                part.extend(of_shard);
            }
        }
        Self { accounts: Trie::from_parts(parts) }
    }

    /// A partial trie over a witness: nodes that are not among the preimages stay hashes, and touching one is an error.
    pub fn from_witness(root: B256, preimages: &Preimages) -> Result<Self, StateError> {
        let mut storages = WitnessBuilder::<U256>::new(preimages);
        let mut failed = None;
        let accounts = WitnessBuilder::new(preimages).trie(root, &mut |bytes| {
            let account = decode_exact::<TrieAccount>(bytes)?;
            let storage = storages.trie(account.storage_root, &mut |bytes| decode_exact::<U256>(bytes));
            let storage = storage.map_err(|error| failed = Some(error)).ok()?;
            let TrieAccount { nonce, balance, code_hash, .. } = account;
            Some(AccountLeaf::new(Account { nonce, balance, code_hash }, storage))
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(Self { accounts: accounts? }),
        }
    }

    pub fn account(&self, address: &Address) -> Result<Option<Account>, StateError> {
        Ok(self.accounts.get(&address_key(address))?.map(AccountLeaf::account))
    }

    pub fn storage(&self, address: &Address, slot: &U256) -> Result<U256, StateError> {
        match self.storage_trie(address)? {
            Some(storage) => Ok(storage.get(&slot_key(slot))?.copied().unwrap_or_default()),
            None => Ok(U256::ZERO),
        }
    }

    /// Root of the account's storage; the empty root for absent accounts.
    pub fn storage_root(&self, address: &Address) -> Result<B256, StateError> {
        Ok(self.accounts.get(&address_key(address))?.map_or(EMPTY_ROOT_HASH, AccountLeaf::storage_root))
    }

    pub(crate) fn storage_trie(&self, address: &Address) -> Result<Option<&StorageTrie>, StateError> {
        Ok(self.accounts.get(&address_key(address))?.and_then(AccountLeaf::storage))
    }

    /// Applies a diff. After an error the trie is unusable: clone before if it must survive.
    pub fn apply(&mut self, diff: &StateDiff) -> Result<(), StateError> {
        let changes: Vec<_> = diff.accounts.iter().collect();
        let edits = changes
            .into_par_iter()
            .with_min_len(64)
            .map(|(address, change)| {
                let account = change.info.as_ref().map(Account::from);
                let storage = slot_edits(account.is_some(), change.storage.iter());
                (address_key(address), AccountEdit { account, cleared: change.storage_cleared, storage })
            })
            .collect();
        self.accounts.edit_all(edits)
    }

    /// Applies a change set forwards or, for undoing it, backwards.
    pub(crate) fn apply_changes(&mut self, changes: &ChangeSet, backwards: bool) -> Result<(), StateError> {
        let edits = changes
            .accounts
            .par_iter()
            .with_min_len(64)
            .map(|change| {
                let account = if backwards { change.old } else { change.new };
                let slots =
                    change.storage.iter().map(|slot| (&slot.slot, if backwards { &slot.old } else { &slot.new }));
                let storage = slot_edits(account.is_some(), slots);
                (address_key(&change.address), AccountEdit { account, cleared: false, storage })
            })
            .collect();
        self.accounts.edit_all(edits)
    }

    pub fn root(&mut self) -> B256 {
        self.accounts.root()
    }

    /// EIP-1186 proof.
    pub fn proof(&mut self, address: &Address, slots: &[U256]) -> Result<AccountProof, StateError> {
        let key = address_key(address);
        let proof = self.accounts.proof(&key)?;
        let leaf = self.accounts.get(&key)?;
        let mut storage_trie = leaf.and_then(AccountLeaf::storage).cloned().unwrap_or_default();
        let storage = storage_proofs(&mut storage_trie, slots)?;
        let account =
            leaf.map_or(Account { nonce: 0, balance: U256::ZERO, code_hash: KECCAK_EMPTY }, AccountLeaf::account);
        Ok(AccountProof {
            address: *address,
            nonce: account.nonce,
            balance: account.balance,
            code_hash: account.code_hash,
            storage_root: leaf.map_or(EMPTY_ROOT_HASH, AccountLeaf::storage_root),
            proof,
            storage,
        })
    }

    /// Every node that re-executing a block on this (the parent's) state touches: the paths of `accesses` and of `diff`,
    /// and the siblings that deletions pull up, in whatever order a verifier applies the diff.
    ///
    /// Removing alone collapses a superset of the branches that any interleaving with insertions collapses, so the
    /// siblings come from a clone to which only the removals are applied.
    pub fn witness(&mut self, accesses: &Accesses, diff: &StateDiff) -> Result<Preimages, StateError> {
        let mut nodes = Preimages::new();
        let add = |nodes: &mut Preimages, proof: Vec<Bytes>| {
            nodes.extend(proof.into_iter().map(|node| (keccak256(&node), node)));
        };
        let none = Default::default();
        let addresses: HashSet<&Address> = accesses.keys().chain(diff.accounts.keys()).collect();
        let mut removed_accounts = Vec::new();
        for address in addresses {
            let key = address_key(address);
            add(&mut nodes, self.accounts.proof(&key)?);
            let change = diff.accounts.get(address);
            if change.is_some_and(|change| change.info.is_none()) {
                removed_accounts.push(key);
            }
            let Some(mut storage) = self.accounts.get(&key)?.and_then(AccountLeaf::storage).cloned() else { continue };
            let mut removed = Vec::new();
            for slot in accesses.get(address).unwrap_or(&none) {
                add(&mut nodes, storage.proof(&slot_key(slot))?);
            }
            for (slot, value) in change.iter().flat_map(|change| &change.storage) {
                let key = slot_key(slot);
                add(&mut nodes, storage.proof(&key)?);
                if value.is_zero() {
                    removed.push(key);
                }
            }
            storage.remove_collecting(&removed, &mut nodes)?;
        }
        self.accounts.clone().remove_collecting(&removed_accounts, &mut nodes)?;
        Ok(nodes)
    }
}

/// Leaves by the first nibble of their keys.
type AccountParts = [Vec<(B256, AccountLeaf)>; 16];

fn add_account(
    parts: &mut AccountParts,
    address: &Address,
    account: Account,
    slots: &mut dyn Iterator<Item = (U256, U256)>,
) {
    let mut slots: Vec<_> = slots
        .filter(|(_, value)| !value.is_zero())
        .map(|(slot, value)| (keccak256(slot.to_be_bytes::<32>()), value))
        .collect();
    slots.sort_unstable_by_key(|(key, _)| *key);
    let key = keccak256(address);
    parts[(key[0] >> 4) as usize].push((key, AccountLeaf::new(account, Trie::from_sorted(slots))));
}

fn decode_exact<T: Decodable>(mut bytes: &[u8]) -> Option<T> {
    let value = T::decode(&mut bytes).ok()?;
    bytes.is_empty().then_some(value)
}

fn slot_edits<'a>(exists: bool, slots: impl Iterator<Item = (&'a U256, &'a U256)>) -> Vec<(Nibbles, SlotEdit)> {
    if !exists {
        return Vec::new();
    }
    slots.map(|(slot, value)| (slot_key(slot), SlotEdit(*value))).collect()
}

pub(crate) fn storage_proofs(storage: &mut StorageTrie, slots: &[U256]) -> Result<Vec<StorageProof>, StateError> {
    slots
        .iter()
        .map(|slot| {
            let key = slot_key(slot);
            let proof = storage.proof(&key)?;
            Ok(StorageProof { slot: *slot, value: storage.get(&key)?.copied().unwrap_or_default(), proof })
        })
        .collect()
}

/// Applies slot values to a storage trie by itself (the message passer's history).
pub(crate) fn set_slots(storage: &mut StorageTrie, slots: &[(U256, U256)]) -> Result<(), StateError> {
    storage.edit_all(slot_edits(true, slots.iter().map(|(slot, value)| (slot, value))))
}

/// Root of the state that holds exactly this allocation.
pub fn state_root(state: &StateDiff) -> B256 {
    trie_of(state).root()
}

pub(crate) fn trie_of(state: &StateDiff) -> StateTrie {
    StateTrie::from_accounts(state.accounts.iter().filter_map(|(address, change)| {
        let account = Account::from(change.info.as_ref()?);
        Some((address, account, change.storage.iter().map(|(slot, value)| (*slot, *value)).collect::<Vec<_>>()))
    }))
}
