//! Nodes of the persistent trie: shared by `Arc`, each with the reference its parent embeds.
//!
//! Encodings follow the yellow paper, appendix D: a child whose RLP is shorter than 32 bytes is embedded, others by hash.

use std::sync::Arc;

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_rlp::{BufMut, EMPTY_STRING_CODE, Encodable, Header, length_of_length};
use alloy_trie::{
    Nibbles,
    nodes::{ExtensionNodeRef, LeafNodeRef},
};

/// What a leaf holds. `Clone` must be cheap: unshared leaves are rewritten in place, shared ones copied.
pub trait LeafValue: Clone + Send + Sync + 'static {
    /// The value's bytes (the leaf wraps them in an RLP string).
    fn encode(&self, out: &mut Vec<u8>);
    /// Brings nested caches up to date before `encode`.
    fn seal(&mut self) {}
}

/// What a parent embeds for a child: a hash, or the child's RLP itself. Length zero: not computed since the last change.
#[derive(Clone, Copy)]
pub struct NodeRef {
    len: u8,
    bytes: [u8; 32],
}

const HASHED: u8 = 33;

impl NodeRef {
    pub const DIRTY: Self = Self { len: 0, bytes: [0; 32] };

    pub const fn hash(hash: B256) -> Self {
        Self { len: HASHED, bytes: hash.0 }
    }

    pub fn of_rlp(rlp: &[u8]) -> Self {
        if rlp.len() < 32 {
            let mut bytes = [0; 32];
            bytes[..rlp.len()].copy_from_slice(rlp);
            Self { len: rlp.len() as u8, bytes }
        } else {
            Self::hash(keccak256(rlp))
        }
    }

    pub const fn is_dirty(&self) -> bool {
        self.len == 0
    }

    pub const fn as_hash(&self) -> Option<B256> {
        if self.len == HASHED { Some(B256::new(self.bytes)) } else { None }
    }

    /// Hash of the node when it stands at the root, where nothing embeds it.
    pub fn root_hash(&self) -> B256 {
        self.as_hash().unwrap_or_else(|| keccak256(&self.bytes[..self.len as usize]))
    }

    const fn encoded_len(&self) -> usize {
        self.len as usize
    }

    fn put(&self, out: &mut Vec<u8>) {
        if self.len == HASHED {
            out.push(EMPTY_STRING_CODE + 32);
            out.extend_from_slice(&self.bytes);
        } else {
            out.extend_from_slice(&self.bytes[..self.len as usize]);
        }
    }
}

#[derive(Clone)]
pub struct Leaf<V> {
    pub node_ref: NodeRef,
    pub path: Nibbles,
    pub value: V,
}

#[derive(Clone)]
pub struct Extension<V> {
    pub node_ref: NodeRef,
    pub path: Nibbles,
    pub child: Link<V>,
}

#[derive(Clone)]
pub struct Branch<V> {
    pub node_ref: NodeRef,
    /// Bit n: child n is present. `children` holds the present ones in order: most branches of a big trie are sparse.
    pub mask: u16,
    pub children: Vec<Link<V>>,
    /// Only tries whose keys are prefixes of each other have values here; hashed keys never are.
    pub value: Option<Box<V>>,
}

/// A pointer to a node. `Blind` is a node known only by its hash (witnesses).
#[derive(Clone)]
pub enum Link<V> {
    Leaf(Arc<Leaf<V>>),
    Extension(Arc<Extension<V>>),
    Branch(Arc<Branch<V>>),
    Blind(Arc<B256>),
}

impl<V> Branch<V> {
    pub const fn empty() -> Self {
        Self { node_ref: NodeRef::DIRTY, mask: 0, children: Vec::new(), value: None }
    }

    fn position(&self, index: u8) -> usize {
        (self.mask & ((1u16 << index) - 1)).count_ones() as usize
    }

    pub fn child(&self, index: u8) -> Option<&Link<V>> {
        if self.mask & (1 << index) == 0 { None } else { self.children.get(self.position(index)) }
    }

    pub fn child_mut(&mut self, index: u8) -> Option<&mut Link<V>> {
        if self.mask & (1 << index) == 0 {
            return None;
        }
        let position = self.position(index);
        self.children.get_mut(position)
    }

    /// Adds a child that was absent.
    pub fn add(&mut self, index: u8, child: Link<V>) {
        let position = self.position(index);
        self.children.reserve_exact(1);
        self.children.insert(position, child);
        self.mask |= 1 << index;
    }

    pub fn remove(&mut self, index: u8) {
        let position = self.position(index);
        self.children.remove(position);
        self.mask &= !(1 << index);
    }

    /// The nibbles of the present children, with the children.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = (u8, &Link<V>)> {
        (0..16u8).filter_map(|index| self.child(index).map(|child| (index, child)))
    }
}

/// Buffers reused over one pass.
#[derive(Default)]
pub struct Scratch {
    node: Vec<u8>,
    value: Vec<u8>,
}

impl<V: LeafValue> Link<V> {
    pub fn leaf(path: Nibbles, value: V) -> Self {
        Self::Leaf(Arc::new(Leaf { node_ref: NodeRef::DIRTY, path, value }))
    }

    /// `child` itself if the path is empty.
    pub fn extension(path: Nibbles, child: Self) -> Self {
        if path.is_empty() {
            return child;
        }
        Self::Extension(Arc::new(Extension { node_ref: NodeRef::DIRTY, path, child }))
    }

    pub fn node_ref(&self) -> NodeRef {
        match self {
            Self::Leaf(leaf) => leaf.node_ref,
            Self::Extension(extension) => extension.node_ref,
            Self::Branch(branch) => branch.node_ref,
            Self::Blind(hash) => NodeRef::hash(**hash),
        }
    }

    /// Computes the references of this node and of everything changed below it.
    pub fn seal(&mut self, scratch: &mut Scratch) -> NodeRef {
        let known = self.node_ref();
        if !known.is_dirty() {
            return known;
        }
        match self {
            Self::Leaf(leaf) => Arc::make_mut(leaf).value.seal(),
            Self::Extension(extension) => {
                Arc::make_mut(extension).child.seal(scratch);
            }
            Self::Branch(branch) => {
                let branch = Arc::make_mut(branch);
                for child in &mut branch.children {
                    child.seal(scratch);
                }
                if let Some(value) = &mut branch.value {
                    value.seal();
                }
            }
            Self::Blind(_) => {}
        }
        self.seal_self(scratch)
    }

    /// As [`Self::seal`], with the children already sealed.
    pub fn seal_self(&mut self, scratch: &mut Scratch) -> NodeRef {
        self.encode(scratch);
        let node_ref = NodeRef::of_rlp(&scratch.node);
        match self {
            Self::Leaf(leaf) => Arc::make_mut(leaf).node_ref = node_ref,
            Self::Extension(extension) => Arc::make_mut(extension).node_ref = node_ref,
            Self::Branch(branch) => Arc::make_mut(branch).node_ref = node_ref,
            Self::Blind(_) => {}
        }
        node_ref
    }

    /// RLP of a sealed node; `None` for a blind one.
    pub fn rlp(&self) -> Option<Bytes> {
        if matches!(self, Self::Blind(_)) {
            return None;
        }
        let mut scratch = Scratch::default();
        self.encode(&mut scratch);
        Some(scratch.node.into())
    }

    fn encode(&self, scratch: &mut Scratch) {
        let Scratch { node: out, value: value_buffer } = scratch;
        out.clear();
        match self {
            Self::Leaf(leaf) => {
                value_buffer.clear();
                leaf.value.encode(value_buffer);
                LeafNodeRef::new(&leaf.path, value_buffer).encode(out);
            }
            Self::Extension(extension) => {
                // The child's reference is at most 33 bytes; `value_buffer` is free here.
                value_buffer.clear();
                extension.child.node_ref().put(value_buffer);
                ExtensionNodeRef::new(&extension.path, value_buffer).encode(out);
            }
            Self::Branch(branch) => {
                value_buffer.clear();
                if let Some(value) = &branch.value {
                    value.encode(value_buffer);
                }
                let children: usize = branch.children.iter().map(|child| child.node_ref().encoded_len()).sum();
                let empty = 16 - branch.children.len();
                let payload_length = children + empty + value_buffer.as_slice().length();
                out.reserve(payload_length + length_of_length(payload_length));
                Header { list: true, payload_length }.encode(out);
                for index in 0..16 {
                    match branch.child(index) {
                        Some(child) => child.node_ref().put(out),
                        None => out.put_u8(EMPTY_STRING_CODE),
                    }
                }
                value_buffer.as_slice().encode(out);
            }
            Self::Blind(_) => {}
        }
    }
}
