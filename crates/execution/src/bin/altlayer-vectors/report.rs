//! Counts of a run.

use std::collections::BTreeMap;

use serde_json::json;

/// A case that did not end as its vector says.
#[derive(Debug, Clone)]
pub struct Failure {
    pub case: String,
    pub reason: String,
}

#[derive(Debug, Default)]
pub struct Report {
    pub files: usize,
    pub passed: usize,
    pub failures: Vec<Failure>,
    /// Cases left out on purpose, by reason.
    pub excepted: BTreeMap<&'static str, usize>,
}

impl Report {
    pub fn pass(&mut self) {
        self.passed += 1;
    }

    pub fn fail(&mut self, case: impl Into<String>, reason: impl Into<String>) {
        self.failures.push(Failure { case: case.into(), reason: reason.into() });
    }

    pub fn except(&mut self, reason: &'static str) {
        *self.excepted.entry(reason).or_default() += 1;
    }

    /// Counts a case by its outcome.
    pub fn check(&mut self, case: impl FnOnce() -> String, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => self.pass(),
            Err(reason) => self.fail(case(), reason),
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.files += other.files;
        self.passed += other.passed;
        self.failures.extend(other.failures);
        for (reason, count) in other.excepted {
            *self.excepted.entry(reason).or_default() += count;
        }
    }

    pub fn print(&self, kind: &str, as_json: bool) {
        let excepted: usize = self.excepted.values().sum();
        if as_json {
            let failures: Vec<_> = self.failures.iter().map(|f| json!({"case": f.case, "reason": f.reason})).collect();
            let line = json!({
                "kind": kind, "files": self.files, "passed": self.passed, "failed": self.failures.len(),
                "excepted": excepted, "exceptions": self.excepted, "failures": failures,
            });
            println!("{line}");
            return;
        }
        for failure in &self.failures {
            println!("FAIL {}: {}", failure.case, failure.reason);
        }
        for (reason, count) in &self.excepted {
            println!("excepted {count}: {reason}");
        }
        println!(
            "{kind}: {} passed, {} failed, {excepted} excepted, in {} files",
            self.passed,
            self.failures.len(),
            self.files
        );
    }
}
