//! The journal byte by byte: every cut of an unsynced tail heals, every cut and flip in what was synced is found.

use std::{fs, path::Path, sync::Arc};

use alloy_primitives::B256;
use altlayer_files::SystemFiles;

use crate::{
    error::StateError,
    journal::{Journal, RECORD_HEADER, SEGMENT_HEADER},
};

const SEGMENT: &str = "journal-00000001.log";
const MARKER: &str = "journal.durable";
const GENESIS: B256 = B256::repeat_byte(5);

fn records(dir: &Path) -> Result<(Vec<Vec<u8>>, u64), StateError> {
    let journal = Journal::open(Arc::new(SystemFiles), dir, GENESIS, 1 << 20)?;
    let mut found = Vec::new();
    let cut = journal.scan(Journal::start(), &mut |record| {
        found.push(record.payload.to_vec());
        Ok(())
    })?;
    Ok((found, cut))
}

fn written(dir: &Path, synced: bool) -> (Vec<Vec<u8>>, Vec<u8>) {
    let journal = Journal::open(Arc::new(SystemFiles), dir, GENESIS, 1 << 20).unwrap();
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
    (payloads, fs::read(dir.join(SEGMENT)).unwrap())
}

/// The end of what was synced, as kill -9 leaves it.
fn copy_with_marker(from: &Path, segment: &[u8]) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::copy(from.join(MARKER), copy.path().join(MARKER)).unwrap();
    fs::write(copy.path().join(SEGMENT), segment).unwrap();
    copy
}

#[test]
fn every_cut_of_an_unsynced_record_heals() {
    let dir = tempfile::tempdir().unwrap();
    let (payloads, whole) = written(dir.path(), false);
    let last = payloads[5].len() + RECORD_HEADER;
    for cut in 1..=last {
        let copy = copy_with_marker(dir.path(), &whole[..whole.len() - cut]);
        let (found, bytes) = records(copy.path()).unwrap();
        assert_eq!(found, payloads[..5], "cut by {cut}");
        assert_eq!(bytes as usize, last - cut);
        assert_eq!(fs::metadata(copy.path().join(SEGMENT)).unwrap().len() as usize, whole.len() - last);
    }
}

#[test]
fn every_cut_of_a_synced_record_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let (payloads, whole) = written(dir.path(), true);
    let last = payloads[5].len() + RECORD_HEADER;
    for cut in 1..=last {
        let copy = copy_with_marker(dir.path(), &whole[..whole.len() - cut]);
        match records(copy.path()) {
            Err(StateError::Corrupt { file, offset, .. }) => {
                assert_eq!((file, offset as usize), (copy.path().join(SEGMENT), whole.len() - last), "cut by {cut}");
            }
            other => panic!("cut by {cut}: {other:?}"),
        }
        // A power cut may leave an older note of what was synced, or none: then the record passes for a torn one.
        fs::remove_file(copy.path().join(MARKER)).unwrap();
        assert_eq!(records(copy.path()).unwrap().0, payloads[..5]);
    }
}

#[test]
fn every_flip_in_acknowledged_records_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let (payloads, whole) = written(dir.path(), true);
    let last = payloads[5].len() + RECORD_HEADER;
    for position in 0..whole.len() {
        for bit in [0, 7] {
            let mut bytes = whole.clone();
            bytes[position] ^= 1 << bit;
            let copy = copy_with_marker(dir.path(), &bytes);
            let found = |result: Result<_, StateError>| {
                matches!(result, Err(StateError::Corrupt { .. } | StateError::GenesisMismatch { .. }))
            };
            assert!(found(records(copy.path())), "bit {bit} of byte {position}");
            // The records after it vouch for it even without the note.
            fs::remove_file(copy.path().join(MARKER)).unwrap();
            if position < whole.len() - last {
                assert!(found(records(copy.path())), "bit {bit} of byte {position}, without the marker");
            } else {
                assert_eq!(records(copy.path()).unwrap().0, payloads[..5]);
            }
        }
    }
}

#[test]
fn a_damaged_marker_costs_nothing_but_its_own_word() {
    let dir = tempfile::tempdir().unwrap();
    let (payloads, whole) = written(dir.path(), true);
    let last = payloads[5].len() + RECORD_HEADER;
    let marker = fs::read(dir.path().join(MARKER)).unwrap();
    for position in (0..12).chain(512..524) {
        let mut damaged = marker.clone();
        damaged[position] ^= 4;
        for bytes in [&damaged[..], &marker[..position]] {
            let copy = copy_with_marker(dir.path(), &whole);
            fs::write(copy.path().join(MARKER), bytes).unwrap();
            assert_eq!(records(copy.path()).unwrap().0, payloads);
            // From then on it is whole again: what it says now is about the newest record.
            fs::write(copy.path().join(SEGMENT), &whole[..whole.len() - 1]).unwrap();
            assert!(matches!(records(copy.path()), Err(StateError::Corrupt { .. })), "byte {position}");
        }
    }
    // Nothing of it can be read, and the journal's end is bad: nobody knows whether that was durable.
    let mut damaged = marker;
    damaged[0] ^= 1;
    damaged[512] ^= 1;
    let copy = copy_with_marker(dir.path(), &whole[..whole.len() - last + 3]);
    fs::write(copy.path().join(MARKER), damaged).unwrap();
    assert!(matches!(records(copy.path()), Err(StateError::Corrupt { .. })));
}

#[test]
fn what_a_record_carries_cannot_pass_for_a_record() {
    let dir = tempfile::tempdir().unwrap();
    let (_, whole) = written(dir.path(), true);
    // Somebody who knows another journal sends its records, which say that everything before them was durable.
    let other = tempfile::tempdir().unwrap();
    let journal = Journal::open(Arc::new(SystemFiles), other.path(), GENESIS, 1 << 20).unwrap();
    journal.scan(Journal::start(), &mut |_| Ok(())).unwrap();
    journal.append(2, &[1]).unwrap();
    journal.sync().unwrap();
    journal.append(2, &whole[SEGMENT_HEADER as usize..]).unwrap();
    drop(journal);
    // The record that carries them is torn at its start.
    let mut torn = fs::read(other.path().join(SEGMENT)).unwrap();
    let start = SEGMENT_HEADER as usize + RECORD_HEADER + 1;
    torn[start..start + 10].fill(0);
    fs::write(other.path().join(SEGMENT), torn).unwrap();
    assert_eq!(records(other.path()).unwrap().0, [vec![1]]);
}

#[test]
fn holes_among_unacknowledged_records_are_cut_there() {
    let dir = tempfile::tempdir().unwrap();
    let (payloads, whole) = written(dir.path(), false);
    // Nothing was synced: the disk may have kept later pages and lost an earlier one.
    let mut bytes = whole.clone();
    let start = SEGMENT_HEADER as usize + (0..3).map(|n| payloads[n].len() + RECORD_HEADER).sum::<usize>();
    bytes[start..start + 40].fill(0);
    fs::write(dir.path().join(SEGMENT), bytes).unwrap();
    assert_eq!(records(dir.path()).unwrap().0, payloads[..3]);
}

#[test]
fn segments_follow_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(Arc::new(SystemFiles), dir.path(), GENESIS, 300).unwrap();
    journal.scan(Journal::start(), &mut |_| Ok(())).unwrap();
    let payloads: Vec<Vec<u8>> = (0..20u8).map(|n| vec![n; 90]).collect();
    let positions: Vec<_> = payloads.iter().map(|payload| journal.append(2, payload).unwrap()).collect();
    for (position, payload) in positions.iter().zip(&payloads) {
        assert_eq!(journal.read(*position).unwrap().1, *payload);
    }
    drop(journal);
    let segments = fs::read_dir(dir.path()).unwrap().count() - 1;
    assert!(segments > 4);
    assert_eq!(records(dir.path()).unwrap().0, payloads);
    // A crash while the next segment was being created.
    let next = dir.path().join(format!("journal-{:08}.log", segments + 1));
    fs::write(&next, b"ALTJ").unwrap();
    assert_eq!(records(dir.path()).unwrap().0, payloads);
    assert!(!next.exists());
    // An earlier one that lost its last record to the byte: only its successor knows.
    let second = dir.path().join("journal-00000002.log");
    let whole = fs::read(&second).unwrap();
    fs::write(&second, &whole[..whole.len() - 90 - RECORD_HEADER]).unwrap();
    assert!(matches!(records(dir.path()), Err(StateError::Corrupt { file, .. }) if file == second));
    fs::write(&second, whole).unwrap();
    // A missing one, in the middle and at the end.
    let last = dir.path().join(format!("journal-{segments:08}.log"));
    for missing in [second, last] {
        let content = fs::read(&missing).unwrap();
        fs::remove_file(&missing).unwrap();
        assert!(matches!(records(dir.path()), Err(StateError::Corrupt { .. })));
        fs::write(&missing, content).unwrap();
    }
    assert_eq!(records(dir.path()).unwrap().0, payloads);
}
