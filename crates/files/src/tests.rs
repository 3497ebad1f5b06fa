//! The simulated disk keeps what POSIX promises and no more; both disks do the same while nothing goes wrong.

use std::{
    io::{ErrorKind, Read, Write},
    path::Path,
    sync::Arc,
};

use crate::{
    Cursor, Files, Open, SystemFiles,
    simulated::{Faults, SimulatedFiles},
    sync_parent,
};

const PATH: &str = "/disk/file";

fn path() -> &'static Path {
    Path::new(PATH)
}

#[test]
fn both_disks_do_the_same() {
    let dir = std::env::temp_dir().join(format!("altlayer-files-{}", std::process::id()));
    let disks: [Arc<dyn Files>; 2] = [Arc::new(SystemFiles), Arc::new(SimulatedFiles::new(1))];
    for files in disks {
        let home = dir.join("a/b");
        files.create_dir(&home).unwrap();
        let (one, two) = (home.join("one"), home.join("two"));
        assert_eq!(files.open(&one, Open::Existing).unwrap_err().kind(), ErrorKind::NotFound);
        let file = files.open(&one, Open::Create).unwrap();
        file.write_all_at(b"hello world", 0).unwrap();
        file.set_length(5).unwrap();
        file.write_all_at(b"!", 7).unwrap();
        file.sync_data().unwrap();
        let mut writer = Cursor::new(files.open(&one, Open::Create).unwrap(), 8);
        writer.write_all(b"?").unwrap();
        let mut text = Vec::new();
        Cursor::new(files.open(&one, Open::Read).unwrap(), 0).read_to_end(&mut text).unwrap();
        assert_eq!(text, b"hello\0\0!?");
        assert!(files.open(&one, Open::Read).unwrap().write_at(b"no", 0).is_err());
        assert_eq!(file.read_exact_at(&mut [0; 20], 0).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        files.rename(&one, &two).unwrap();
        sync_parent(&*files, &two).unwrap();
        assert_eq!(files.list(&home).unwrap(), std::slice::from_ref(&two));
        assert_eq!(files.open(&two, Open::Truncate).unwrap().length().unwrap(), 0);
        files.remove(&two).unwrap();
        assert_eq!(files.remove(&two).unwrap_err().kind(), ErrorKind::NotFound);
        assert!(files.list(&home).unwrap().is_empty());
    }
    std::fs::remove_dir_all(dir).unwrap();
}

/// Outcomes over many seeds of a write that was not synced.
#[test]
fn an_unsynced_write_is_whole_torn_or_gone_and_a_synced_one_stays() {
    let (mut whole, mut gone, mut torn, mut holes) = (0, 0, 0, 0);
    for seed in 0..300 {
        let files = SimulatedFiles::new(seed);
        let file = files.open(path(), Open::Create).unwrap();
        file.write_all_at(&[1; 1000], 0).unwrap();
        file.sync_all().unwrap();
        sync_parent(&files, path()).unwrap();
        file.write_all_at(&[2; 3000], 1000).unwrap();
        files.cut_power();
        assert!(file.write_at(&[3], 0).is_err());
        files.restore_power();
        assert!(file.write_at(&[3], 0).is_err(), "a handle from before the cut");
        let content = files.content(path()).unwrap();
        assert_eq!(content[..1000], [1; 1000], "seed {seed}");
        let tail = &content[1000..];
        assert!(tail.iter().all(|byte| [0, 2].contains(byte)));
        let kept = tail.iter().filter(|byte| **byte == 2).count();
        whole += u64::from(kept == 3000);
        gone += u64::from(tail.is_empty());
        torn += u64::from(kept > 0 && kept < 3000);
        let first_lost = tail.iter().position(|byte| *byte == 0);
        holes += u64::from(first_lost.is_some_and(|at| tail[at..].contains(&2)));
    }
    assert!([whole, gone, torn, holes].iter().all(|count| *count > 10), "{whole} {gone} {torn} {holes}");
}

#[test]
fn a_name_needs_its_directory_to_be_synced() {
    let (mut kept, mut lost) = (0, 0);
    for seed in 0..60 {
        let files = SimulatedFiles::new(seed);
        for synced in [true, false] {
            let name = if synced { Path::new("/a/synced") } else { Path::new("/b/unsynced") };
            files.open(name, Open::Create).unwrap().sync_all().unwrap();
            if synced {
                sync_parent(&files, name).unwrap();
            }
        }
        files.restore_power();
        let found = files.paths();
        assert!(found.contains(&"/a/synced".into()));
        if found.contains(&"/b/unsynced".into()) {
            kept += 1
        } else {
            lost += 1
        }
        // kill -9 keeps what the system knows.
        files.open(Path::new("/b/later"), Open::Create).unwrap();
        files.kill_process();
        assert!(files.paths().contains(&"/b/later".into()));
    }
    assert!(kept > 5 && lost > 5, "{kept} {lost}");
}

#[test]
fn after_a_failed_sync_the_next_one_does_not_bring_the_bytes_back() {
    let mut lost = 0;
    for seed in 0..60 {
        let files = SimulatedFiles::new(seed);
        let file = files.open(path(), Open::Create).unwrap();
        sync_parent(&files, path()).unwrap();
        file.write_all_at(&[7; 2000], 0).unwrap();
        files.set_faults(Faults { sync_errors: 1000, ..Faults::default() });
        assert!(file.sync_data().is_err());
        files.set_faults(Faults::default());
        file.sync_data().unwrap();
        assert_eq!(files.content(path()).unwrap(), [7; 2000]);
        files.restore_power();
        lost += u64::from(files.content(path()).unwrap() != [7; 2000]);
    }
    assert!(lost > 10, "{lost}");
}

#[test]
fn faults_are_those_asked_for() {
    let files = SimulatedFiles::new(3);
    let file = files.open(path(), Open::Create).unwrap();
    files.set_faults(Faults { capacity: Some(10), ..Faults::default() });
    assert_eq!(file.write_at(&[1; 30], 0).unwrap(), 10);
    assert_eq!(file.write_at(&[1; 30], 10).unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(file.write_at(&[2; 5], 3).unwrap(), 5, "what is there can be overwritten");
    files.set_faults(Faults { read_only: true, ..Faults::default() });
    assert_eq!(file.write_at(&[1], 0).unwrap_err().kind(), ErrorKind::ReadOnlyFilesystem);
    assert_eq!(files.remove(path()).unwrap_err().kind(), ErrorKind::ReadOnlyFilesystem);
    files.set_faults(Faults { short_writes: 1000, ..Faults::default() });
    assert!(file.write_at(&[1; 3000], 0).unwrap() < 3000);
    file.write_all_at(&[1; 30], 0).unwrap();
    files.set_faults(Faults { read_flips: 1000, ..Faults::default() });
    let mut bytes = [0; 30];
    file.read_exact_at(&mut bytes, 0).unwrap();
    assert_eq!(bytes.iter().map(|byte| (byte ^ 1).count_ones()).sum::<u32>(), 1);
    files.set_faults(Faults::default());
    // The operation in which the fuse blows may have been done.
    files.cut_power_after(2);
    file.write_at(&[1], 0).unwrap();
    assert!(file.write_at(&[1], 1).is_err() && files.is_off());
}
