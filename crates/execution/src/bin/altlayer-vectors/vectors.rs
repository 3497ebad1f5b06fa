//! Finding vector files and running them on a few threads.

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use alloy_primitives::{Bytes, U256, hex};
use serde_json::Value;

use crate::report::Report;

/// One worker's share of a run.
pub trait Suite {
    /// Runs one file's cases.
    fn file(&mut self, path: &Path, name: &str, contents: Vec<u8>) -> Report;

    /// After the worker's last file.
    fn finish(&mut self) -> Report {
        Report::default()
    }
}

/// Makes a worker's suite.
pub type Start = fn() -> Result<Box<dyn Suite>, String>;

impl<F: Fn(&Path, &str, Vec<u8>) -> Report> Suite for F {
    fn file(&mut self, path: &Path, name: &str, contents: Vec<u8>) -> Report {
        self(path, name, contents)
    }
}

/// All files below `dir` with that suffix (and text in their path), sorted.
pub fn find(dir: &Path, suffix: &str, filter: Option<&str>) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(suffix)
                && filter.is_none_or(|text| path.to_string_lossy().contains(text))
            {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

pub fn run_all(files: &[PathBuf], threads: usize, start: Start) -> Report {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut report = Report::default();
        let mut suite = match start() {
            Ok(suite) => suite,
            Err(error) => {
                report.fail("(starting)", error);
                return report;
            }
        };
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            match std::fs::read(path) {
                Ok(contents) => report.merge(suite.file(path, &name, contents)),
                Err(error) => report.fail(path.display().to_string(), error.to_string()),
            }
            report.files += 1;
        }
        report.merge(suite.finish());
        report
    };
    let mut total = Report::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            match worker.join() {
                Ok(report) => total.merge(report),
                Err(_) => total.fail("(a worker)", "panicked"),
            }
        }
    });
    total
}

/// The file's cases by name.
pub fn cases(contents: &[u8]) -> Result<serde_json::Map<String, Value>, String> {
    match serde_json::from_slice(contents) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err("not an object of cases".into()),
        Err(error) => Err(error.to_string()),
    }
}

pub fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str, String> {
    value.get(key).and_then(Value::as_str).ok_or_else(|| format!("{key} is missing or not text"))
}

pub fn bytes(text: &str) -> Result<Bytes, String> {
    hex::decode(text).map(Bytes::from).map_err(|error| format!("{text:.20}: {error}"))
}

pub fn number(text: &str) -> Result<U256, String> {
    match text.strip_prefix("0x") {
        Some("") => Ok(U256::ZERO),
        Some(digits) => U256::from_str_radix(digits, 16),
        None => U256::from_str_radix(text, 10),
    }
    .map_err(|error| format!("{text:.20}: {error}"))
}
