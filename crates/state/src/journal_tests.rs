//! The journal byte by byte: every cut of an unacknowledged tail heals, every flip in acknowledged data is found.

use std::fs;

use alloy_primitives::B256;

use crate::{
    error::StateError,
    journal::{Journal, RECORD_HEADER},
};

const GENESIS: B256 = B256::repeat_byte(5);

fn records(dir: &std::path::Path) -> Result<(Vec<Vec<u8>>, u64), StateError> {
    let journal = Journal::open(dir, GENESIS, 1 << 20)?;
    let mut found = Vec::new();
    let cut = journal.scan(Journal::start(), &mut |record| {
        found.push(record.payload.to_vec());
        Ok(())
    })?;
    Ok((found, cut))
}

fn written(dir: &std::path::Path, synced: bool) -> (Vec<Vec<u8>>, Vec<u8>) {
    let journal = Journal::open(dir, GENESIS, 1 << 20).unwrap();
    journal.scan(Journal::start(), &mut |_| Ok(())).unwrap();
    let payloads: Vec<Vec<u8>> = (0..6u8).map(|n| vec![n; 20 + 17 * n as usize]).collect();
    for payload in &payloads {
        let at = journal.append(2, payload).unwrap();
        if synced {
            journal.sync().unwrap();
        }
        assert_eq!(journal.read(at).unwrap(), (2, payload.clone()));
    }
    drop(journal);
    (payloads, fs::read(dir.join("journal-00000001.log")).unwrap())
}

#[test]
fn every_cut_of_the_last_record_heals() {
    let dir = tempfile::tempdir().unwrap();
    let (payloads, whole) = written(dir.path(), true);
    let last = payloads[5].len() + RECORD_HEADER;
    for cut in 1..=last {
        fs::write(dir.path().join("journal-00000001.log"), &whole[..whole.len() - cut]).unwrap();
        let (found, bytes) = records(dir.path()).unwrap();
        assert_eq!(found, payloads[..5], "cut by {cut}");
        assert_eq!(bytes as usize, last - cut);
        assert_eq!(fs::metadata(dir.path().join("journal-00000001.log")).unwrap().len() as usize, whole.len() - last);
    }
}

#[test]
fn every_flip_in_acknowledged_records_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let (payloads, whole) = written(dir.path(), true);
    let last = payloads[5].len() + RECORD_HEADER;
    for position in 0..whole.len() - last {
        for bit in [0, 7] {
            let mut bytes = whole.clone();
            bytes[position] ^= 1 << bit;
            fs::write(dir.path().join("journal-00000001.log"), bytes).unwrap();
            let result = records(dir.path());
            let found = matches!(result, Err(StateError::Corrupt { .. } | StateError::GenesisMismatch { .. }));
            assert!(found, "bit {bit} of byte {position}");
        }
    }
    // A damaged last record is taken for a torn one: nothing after it proves that it was acknowledged.
    let mut bytes = whole.clone();
    bytes[whole.len() - 1] ^= 1;
    fs::write(dir.path().join("journal-00000001.log"), bytes).unwrap();
    assert_eq!(records(dir.path()).unwrap().0, payloads[..5]);
}

#[test]
fn holes_among_unacknowledged_records_are_cut_there() {
    let dir = tempfile::tempdir().unwrap();
    let (payloads, whole) = written(dir.path(), false);
    // Nothing was synced: the disk may have kept later pages and lost an earlier one.
    let mut bytes = whole.clone();
    let start = 48 + (0..3).map(|n| payloads[n].len() + RECORD_HEADER).sum::<usize>();
    bytes[start..start + 40].fill(0);
    fs::write(dir.path().join("journal-00000001.log"), bytes).unwrap();
    assert_eq!(records(dir.path()).unwrap().0, payloads[..3]);
}

#[test]
fn segments_follow_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path(), GENESIS, 300).unwrap();
    journal.scan(Journal::start(), &mut |_| Ok(())).unwrap();
    let payloads: Vec<Vec<u8>> = (0..20u8).map(|n| vec![n; 90]).collect();
    let positions: Vec<_> = payloads.iter().map(|payload| journal.append(2, payload).unwrap()).collect();
    for (position, payload) in positions.iter().zip(&payloads) {
        assert_eq!(journal.read(*position).unwrap().1, *payload);
    }
    drop(journal);
    let segments = fs::read_dir(dir.path()).unwrap().count();
    assert!(segments > 4);
    assert_eq!(records(dir.path()).unwrap().0, payloads);
    // A crash while the next segment was being created.
    let next = dir.path().join(format!("journal-{:08}.log", segments + 1));
    fs::write(&next, b"ALTJ").unwrap();
    assert_eq!(records(dir.path()).unwrap().0, payloads);
    assert!(!next.exists());
    // A missing one.
    fs::remove_file(dir.path().join("journal-00000002.log")).unwrap();
    assert!(matches!(records(dir.path()), Err(StateError::Corrupt { .. })));
}
