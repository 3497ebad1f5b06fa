//! `debug_executionWitness`: all that executing a block reads.

use altlayer_execution::{ExecutionWitness, Parent, RecoveredTx, generate_witness};
use altlayer_state::StateError;

use super::{
    QueryContext,
    failure::{header_not_found, internal},
    params::Params,
    target,
};
use crate::error::RpcError;

pub fn execution_witness(context: &QueryContext, params: &Params<'_>) -> Result<ExecutionWitness, RpcError> {
    let block = target::sealed_block(context, params.required(0)?)?.ok_or_else(header_not_found)?;
    if block.header.number == 0 {
        return Err(RpcError::server("genesis has no execution witness"));
    }
    let parent_hash = block.header.parent_hash;
    let parent = context.chain.header(&parent_hash)?.ok_or_else(header_not_found)?;
    let transactions: Result<Vec<_>, _> = block.transactions.iter().map(RecoveredTx::from_stored).collect();
    let mut trie = context.chain.state_trie(parent_hash)?;
    let (witness, _) = generate_witness(
        &context.spec,
        context.chain.view(parent_hash)?,
        &mut trie,
        &Parent { hash: parent_hash, header: parent.as_ref().clone() },
        &block.header,
        &transactions.map_err(internal)?,
        |number| {
            let hash = context.chain.canonical_hash(number)?.ok_or(StateError::UnknownNumber { number })?;
            let header = context.chain.header(&hash)?.ok_or(StateError::UnknownBlock { hash })?;
            Ok(header.as_ref().clone())
        },
    )?;
    Ok(witness)
}
