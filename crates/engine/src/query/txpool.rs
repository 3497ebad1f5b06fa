//! `txpool_*`: what waits for a block, by sender and nonce.

use std::{collections::BTreeMap, sync::Arc};

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, U64};
use serde::Serialize;

use super::{
    QueryContext,
    params::Params,
    transactions::{self, RpcTransaction},
};
use crate::{
    error::RpcError,
    pool::{Content, PooledTransaction},
};

/// By decimal nonce, as go-ethereum writes it.
type ByNonce<T> = BTreeMap<String, T>;

#[derive(Serialize)]
pub struct Sections<T> {
    pending: T,
    queued: T,
}

pub fn status(context: &QueryContext) -> Result<Sections<U64>, RpcError> {
    let (pending, queued) = context.pool.lock().status();
    Ok(Sections { pending: U64::from(pending), queued: U64::from(queued) })
}

pub fn content(context: &QueryContext) -> Result<Sections<BTreeMap<Address, ByNonce<RpcTransaction>>>, RpcError> {
    let (pending, queued) = context.pool.lock().content();
    Ok(Sections {
        pending: by_sender(pending, transactions::pending)?,
        queued: by_sender(queued, transactions::pending)?,
    })
}

pub fn content_from(
    context: &QueryContext,
    params: &Params<'_>,
) -> Result<Sections<ByNonce<RpcTransaction>>, RpcError> {
    let (pending, queued) = context.pool.lock().content_from(&params.required(0)?);
    Ok(Sections {
        pending: by_nonce(&pending, transactions::pending)?,
        queued: by_nonce(&queued, transactions::pending)?,
    })
}

pub fn inspect(context: &QueryContext) -> Result<Sections<BTreeMap<Address, ByNonce<String>>>, RpcError> {
    let (pending, queued) = context.pool.lock().content();
    Ok(Sections { pending: by_sender(pending, summary)?, queued: by_sender(queued, summary)? })
}

fn by_sender<T>(
    content: Content,
    describe: impl Fn(&PooledTransaction) -> Result<T, RpcError>,
) -> Result<BTreeMap<Address, ByNonce<T>>, RpcError> {
    content.into_iter().map(|(sender, list)| Ok((sender, by_nonce(&list, &describe)?))).collect()
}

fn by_nonce<T>(
    list: &[Arc<PooledTransaction>],
    describe: impl Fn(&PooledTransaction) -> Result<T, RpcError>,
) -> Result<ByNonce<T>, RpcError> {
    list.iter().map(|transaction| Ok((transaction.nonce().to_string(), describe(transaction)?))).collect()
}

/// go-ethereum's line: receiver, value, gas and price.
fn summary(transaction: &PooledTransaction) -> Result<String, RpcError> {
    let tx = &transaction.tx;
    let to = tx.to().map_or_else(|| "contract creation".to_owned(), |to| to.to_string());
    Ok(format!("{to}: {} wei + {} gas × {} wei", tx.value(), tx.gas_limit(), tx.max_fee_per_gas()))
}
