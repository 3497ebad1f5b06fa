//! Nodes of the persistent trie: shared by `Arc`. What a parent embeds for a child stands in the parent, beside the pointer:
//! hashing a branch reads none of the children that did not change, each of which would be a cache miss.
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
    /// Whether nested caches are up to date, as `encode` needs them.
    fn is_sealed(&self) -> bool {
        true
    }
    /// Brings nested caches up to date.
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

    pub const fn encoded_len(&self) -> usize {
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
    pub path: Nibbles,
    pub value: V,
}

#[derive(Clone)]
pub struct Extension<V> {
    pub path: Nibbles,
    pub child: Link<V>,
}

#[derive(Clone)]
pub struct Branch<V> {
    /// Bit n: child n is present. `children` holds the present ones in order: most branches of a big trie are sparse.
    pub mask: u16,
    pub children: Vec<Link<V>>,
    /// Only tries whose keys are prefixes of each other have values here; hashed keys never are.
    pub value: Option<Box<V>>,
}

#[derive(Clone)]
pub enum Node<V> {
    Leaf(Arc<Leaf<V>>),
    Extension(Arc<Extension<V>>),
    Branch(Arc<Branch<V>>),
    /// Known by its hash only, which the link has (witnesses).
    Blind,
}

/// A pointer to a node, and what its parent embeds for it: dirty when anything below has changed since.
#[derive(Clone)]
pub struct Link<V> {
    pub node_ref: NodeRef,
    pub node: Node<V>,
}

impl<V> Branch<V> {
    pub const fn empty() -> Self {
        Self { mask: 0, children: Vec::new(), value: None }
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
    /// A node that is not hashed yet.
    pub const fn dirty(node: Node<V>) -> Self {
        Self { node_ref: NodeRef::DIRTY, node }
    }

    pub fn leaf(path: Nibbles, value: V) -> Self {
        Self::dirty(Node::Leaf(Arc::new(Leaf { path, value })))
    }

    pub fn branch(branch: Branch<V>) -> Self {
        Self::dirty(Node::Branch(Arc::new(branch)))
    }

    pub const fn blind(hash: B256) -> Self {
        Self { node_ref: NodeRef::hash(hash), node: Node::Blind }
    }

    /// `child` itself if the path is empty.
    pub fn extension(path: Nibbles, child: Self) -> Self {
        if path.is_empty() {
            return child;
        }
        Self::dirty(Node::Extension(Arc::new(Extension { path, child })))
    }

    /// Computes the references of this node and of everything changed below it.
    pub fn seal(&mut self, scratch: &mut Scratch) -> NodeRef {
        if !self.node_ref.is_dirty() {
            return self.node_ref;
        }
        match &mut self.node {
            Node::Leaf(leaf) => {
                if !leaf.value.is_sealed() {
                    Arc::make_mut(leaf).value.seal();
                }
            }
            Node::Extension(extension) => {
                Arc::make_mut(extension).child.seal(scratch);
            }
            Node::Branch(branch) => {
                let branch = Arc::make_mut(branch);
                for child in &mut branch.children {
                    child.seal(scratch);
                }
                if let Some(value) = &mut branch.value {
                    value.seal();
                }
            }
            Node::Blind => {}
        }
        self.encode(scratch);
        self.node_ref = NodeRef::of_rlp(&scratch.node);
        self.node_ref
    }

    /// RLP of a sealed node; `None` for a blind one.
    pub fn rlp(&self) -> Option<Bytes> {
        if matches!(self.node, Node::Blind) {
            return None;
        }
        let mut scratch = Scratch::default();
        self.encode(&mut scratch);
        Some(scratch.node.into())
    }

    fn encode(&self, scratch: &mut Scratch) {
        let Scratch { node: out, value: value_buffer } = scratch;
        out.clear();
        match &self.node {
            Node::Leaf(leaf) => {
                value_buffer.clear();
                leaf.value.encode(value_buffer);
                LeafNodeRef::new(&leaf.path, value_buffer).encode(out);
            }
            Node::Extension(extension) => {
                // The child's reference is at most 33 bytes; `value_buffer` is free here.
                value_buffer.clear();
                extension.child.node_ref.put(value_buffer);
                ExtensionNodeRef::new(&extension.path, value_buffer).encode(out);
            }
            Node::Branch(branch) => {
                value_buffer.clear();
                if let Some(value) = &branch.value {
                    value.encode(value_buffer);
                }
                let children: usize = branch.children.iter().map(|child| child.node_ref.encoded_len()).sum();
                let empty = 16 - branch.children.len();
                let payload_length = children + empty + value_buffer.as_slice().length();
                out.reserve(payload_length + length_of_length(payload_length));
                Header { list: true, payload_length }.encode(out);
                for index in 0..16 {
                    match branch.child(index) {
                        Some(child) => child.node_ref.put(out),
                        None => out.put_u8(EMPTY_STRING_CODE),
                    }
                }
                value_buffer.as_slice().encode(out);
            }
            Node::Blind => {}
        }
    }
}
