//! The pool's file, byte by byte: cut, flipped, and on a disk that loses power.

use std::{path::Path, sync::Arc};

use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_primitives::{Bytes, Signature, TxKind, U256, keccak256};
use altlayer_execution::RecoveredTx;
use altlayer_files::{
    Files,
    simulated::{Faults, Random, SimulatedFiles},
};
use op_alloy_consensus::OpTxEnvelope;
use secp256k1::{Message, SECP256K1, SecretKey};

use super::{PoolJournal, PooledTransaction};

const PATH: &str = "/data/pool.journal";

/// A transaction whose signature counts.
fn signed(key: u8, nonce: u64, input: Bytes) -> Arc<PooledTransaction> {
    let inner = TxEip1559 {
        chain_id: 901,
        nonce,
        gas_limit: 100_000,
        max_fee_per_gas: 10,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call([7; 20].into()),
        value: U256::from(nonce),
        access_list: Default::default(),
        input,
    };
    let secret = SecretKey::from_byte_array([key; 32]).unwrap();
    let message = Message::from_digest(inner.signature_hash().0);
    let (id, bytes) = SECP256K1.sign_ecdsa_recoverable(message, &secret).serialize_compact();
    let signature = Signature::from_bytes_and_parity(&bytes, i32::from(id) == 1);
    let envelope = OpTxEnvelope::Eip1559(inner.into_signed(signature));
    let raw = Bytes::from(alloy_eips::eip2718::Encodable2718::encoded_2718(&envelope));
    Arc::new(PooledTransaction(RecoveredTx::decode(raw).unwrap()))
}

fn open(files: &SimulatedFiles) -> (PoolJournal, Vec<Arc<PooledTransaction>>, usize) {
    let (journal, pooled) = PoolJournal::open(Arc::new(files.clone()), Path::new(PATH)).unwrap();
    (journal, pooled.transactions.into_iter().map(Arc::new).collect(), pooled.damages.len())
}

fn hashes(transactions: &[Arc<PooledTransaction>]) -> Vec<alloy_primitives::B256> {
    transactions.iter().map(|tx| tx.hash).collect()
}

fn written(transactions: &[Arc<PooledTransaction>]) -> Vec<u8> {
    let files = SimulatedFiles::new(1);
    let (mut journal, read, damages) = open(&files);
    assert_eq!((read.len(), damages), (0, 0));
    for tx in transactions {
        journal.append(std::slice::from_ref(tx)).unwrap();
    }
    files.content(Path::new(PATH)).unwrap()
}

/// Which record a byte belongs to.
fn record_at(transactions: &[Arc<PooledTransaction>], position: usize) -> usize {
    ends(transactions).iter().filter(|end| **end <= position).count()
}

fn ends(transactions: &[Arc<PooledTransaction>]) -> Vec<usize> {
    let sizes = transactions.iter().map(|tx| 28 + tx.raw.len());
    sizes
        .scan(0, |end, size| {
            *end += size;
            Some(*end)
        })
        .collect()
}

fn holding(content: &[u8]) -> SimulatedFiles {
    let files = SimulatedFiles::new(1);
    files.set_content(Path::new(PATH), content);
    files
}

#[test]
fn what_was_appended_or_rewritten_is_read_back() {
    let transactions: Vec<_> = (0..3).map(|nonce| signed(1, nonce, Bytes::new())).collect();
    let files = holding(&written(&transactions));
    let (mut journal, read, damages) = open(&files);
    assert_eq!((hashes(&read), damages), (hashes(&transactions), 0));
    assert!(read.iter().zip(&transactions).all(|(a, b)| a.raw == b.raw && a.sender == b.sender));
    journal.rewrite(&transactions[1..]).unwrap();
    journal.append(&transactions[..1]).unwrap();
    assert_eq!(hashes(&open(&files).1), hashes(&[&transactions[1..], &transactions[..1]].concat()));
}

#[test]
fn a_cut_anywhere_costs_only_what_is_cut() {
    let transactions: Vec<_> = (0..3).map(|nonce| signed(1, nonce, Bytes::new())).collect();
    let whole = written(&transactions);
    for cut in 0..whole.len() {
        let files = holding(&whole[..cut]);
        let (_, read, damages) = open(&files);
        assert_eq!(hashes(&read), hashes(&transactions[..record_at(&transactions, cut)]), "cut at {cut}");
        assert_eq!(damages, usize::from(cut > 0 && !ends(&transactions).contains(&cut)));
        // Mended: the next start finds nothing wrong.
        assert_eq!(open(&files).2, 0);
    }
}

#[test]
fn a_flip_anywhere_costs_one_transaction_and_is_named() {
    let transactions: Vec<_> = (0..4).map(|nonce| signed(1, nonce, Bytes::new())).collect();
    let whole = written(&transactions);
    for position in 0..whole.len() {
        let mut content = whole.clone();
        content[position] ^= 1 << (position % 8);
        let files = holding(&content);
        let (_, read, damages) = open(&files);
        let mut expected = transactions.clone();
        expected.remove(record_at(&transactions, position));
        assert_eq!(hashes(&read), hashes(&expected), "a flip at {position}");
        assert_eq!(damages, 1);
        // The evidence stays.
        assert_eq!(files.content(Path::new("/data/pool.journal.damaged")).unwrap(), content);
        let (_, read, damages) = open(&files);
        assert_eq!((hashes(&read), damages), (hashes(&expected), 0));
    }
}

#[test]
fn damage_does_not_bring_forged_records_to_light() {
    // Inside the data of one's own transaction: a record of a victim's, whose signature is somebody else's.
    let (victim, mine) = (signed(1, 0, Bytes::new()).sender, signed(2, 0, Bytes::new()));
    let mut forged = Vec::new();
    forged.extend_from_slice(&((20 + mine.raw.len()) as u32).to_le_bytes());
    let body = [victim.as_slice(), &mine.raw].concat();
    forged.extend_from_slice(&crc32c::crc32c(&body).to_le_bytes());
    forged.extend_from_slice(&body);
    let carrier = signed(2, 1, forged.into());
    let mut content = written(&[carrier, signed(3, 0, Bytes::new())]);
    content[30] ^= 1;
    let (_, read, damages) = open(&holding(&content));
    assert_eq!(hashes(&read), hashes(&[signed(3, 0, Bytes::new())]));
    assert!(damages > 0);
}

/// What a rewrite keeps was durable once it returned; what is appended later may go with the power, but only that.
#[test]
fn a_power_cut_loses_nothing_that_was_rewritten() {
    let (mut lost, mut cut_short) = (0, 0);
    for seed in 0..400 {
        let random = &mut Random::new(seed);
        let files = SimulatedFiles::new(seed);
        let (mut journal, ..) = open(&files);
        files.sync_dir(Path::new("/data")).unwrap();
        let mut durable: Vec<Arc<PooledTransaction>> = Vec::new();
        let mut pooled: Vec<Arc<PooledTransaction>> = Vec::new();
        let mut pending: Option<Vec<Arc<PooledTransaction>>> = None;
        files.cut_power_after(1 + random.below(60));
        for nonce in 0.. {
            let tx = signed(1, nonce, vec![nonce as u8; random.below(900) as usize].into());
            if journal.append(std::slice::from_ref(&tx)).is_err() {
                // Not acknowledged: it may be there or not.
                pending = Some(durable.clone());
                pooled.push(tx);
                break;
            }
            pooled.push(tx);
            if random.below(4) == 0 {
                // The oldest are mined.
                let kept = pooled[random.below(pooled.len() as u64 + 1) as usize..].to_vec();
                if journal.rewrite(&kept).is_err() {
                    pending = Some(kept);
                    break;
                }
                (durable, pooled) = (kept.clone(), kept);
            }
        }
        cut_short += u64::from(files.met().fuses > 0);
        files.restore_power();
        let (_, read, _) = open(&files);
        let (read, known) = (hashes(&read), hashes(&pooled));
        lost += known.len().saturating_sub(read.len());
        assert!(read.iter().all(|hash| known.contains(hash)), "seed {seed}: an invented transaction");
        let safe = |kept: &[Arc<PooledTransaction>]| hashes(kept).iter().all(|hash| read.contains(hash));
        assert!(safe(&durable) || pending.as_deref().is_some_and(safe), "seed {seed}: a durable transaction is lost");
    }
    assert!(lost > 100 && cut_short == 400, "the storm was too calm: {lost} {cut_short}");
}

#[test]
fn a_full_disk_keeps_the_old_file() {
    let files = SimulatedFiles::new(1);
    let (mut journal, ..) = open(&files);
    let transactions: Vec<_> = (0..3).map(|nonce| signed(1, nonce, Bytes::new())).collect();
    journal.append(&transactions).unwrap();
    files.set_faults(Faults { capacity: Some(500), ..Faults::default() });
    assert_eq!(journal.rewrite(&transactions).unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    assert!(journal.append(&transactions).is_err());
    files.set_faults(Faults::default());
    drop(journal);
    let (_, read, _) = open(&files);
    assert_eq!(hashes(&read)[..3], hashes(&transactions));
    assert!(keccak256(&read[0].raw) == read[0].hash);
}
