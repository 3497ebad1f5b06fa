//! Which block a call means, and its state.

use std::sync::Arc;

use alloy_consensus::Header;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::B256;
use altlayer_state::{StateRead, StoredBlock};

use super::{
    PendingBlock, QueryContext,
    failure::{header_not_found, internal},
};
use crate::error::RpcError;

/// A block that a call asks about.
#[derive(Clone)]
pub enum Target {
    Sealed { hash: B256, header: Arc<Header> },
    Pending(Arc<PendingBlock>),
}

impl Target {
    pub fn header(&self) -> &Header {
        match self {
            Self::Sealed { header, .. } => header,
            Self::Pending(block) => &block.header,
        }
    }

    pub fn state(&self, context: &QueryContext) -> Result<Arc<dyn StateRead>, RpcError> {
        match self {
            Self::Sealed { hash, .. } => Ok(Arc::new(context.chain.view(*hash)?)),
            Self::Pending(block) => Ok(block.state.clone()),
        }
    }
}

/// The block of an id; `None` if there is none. EIP-1898: `requireCanonical` refuses side blocks.
pub fn find(context: &QueryContext, id: BlockId) -> Result<Option<Target>, RpcError> {
    let hash = match id {
        BlockId::Hash(by_hash) => {
            let hash = by_hash.block_hash;
            if by_hash.require_canonical == Some(true)
                && context.chain.contains(&hash)?
                && !context.chain.is_canonical(&hash)?
            {
                return Err(RpcError::server("hash is not currently canonical"));
            }
            hash
        }
        BlockId::Number(number) => match number_to_hash(context, number)? {
            Found::Hash(hash) => hash,
            Found::Pending(block) => return Ok(Some(Target::Pending(block))),
            Found::Nothing => return Ok(None),
        },
    };
    Ok(context.chain.header(&hash)?.map(|header| Target::Sealed { hash, header }))
}

/// [`find`] for calls that need the block: absent means `latest`.
pub fn require(context: &QueryContext, id: Option<BlockId>) -> Result<Target, RpcError> {
    find(context, id.unwrap_or_default())?.ok_or_else(header_not_found)
}

/// The whole sealed block of an id.
pub fn sealed_block(context: &QueryContext, id: BlockId) -> Result<Option<Arc<StoredBlock>>, RpcError> {
    match find(context, id)? {
        Some(Target::Sealed { hash, .. }) => Ok(context.chain.block(&hash)?),
        Some(Target::Pending(_)) | None => Ok(None),
    }
}

enum Found {
    Hash(B256),
    Pending(Arc<PendingBlock>),
    Nothing,
}

fn number_to_hash(context: &QueryContext, number: BlockNumberOrTag) -> Result<Found, RpcError> {
    let heads = context.chain.heads();
    Ok(match number {
        BlockNumberOrTag::Latest => Found::Hash(heads.unsafe_head.hash),
        BlockNumberOrTag::Safe => Found::Hash(heads.safe.hash),
        BlockNumberOrTag::Finalized => Found::Hash(heads.finalized.hash),
        BlockNumberOrTag::Earliest => Found::Hash(context.chain.genesis().hash),
        // Without a block in the making, the pending state is the latest one, as in op-geth.
        BlockNumberOrTag::Pending => match &context.pending {
            Some(block) => Found::Pending(block.clone()),
            None => Found::Hash(heads.unsafe_head.hash),
        },
        BlockNumberOrTag::Number(number) => match context.chain.canonical_hash(number)? {
            Some(hash) => Found::Hash(hash),
            None => Found::Nothing,
        },
    })
}

/// The head's header.
pub fn head(context: &QueryContext) -> Result<(B256, Arc<Header>), RpcError> {
    let hash = context.chain.heads().unsafe_head.hash;
    let header = context.chain.header(&hash)?.ok_or_else(|| internal("the head's header is missing"))?;
    Ok((hash, header))
}
