//! What a sender saw.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::latency::{Latencies, Percentiles};

/// Distinct error messages that are told; further ones are counted as one.
const MESSAGES: usize = 10;

#[derive(Default)]
pub struct Tally {
    pub accepted: u64,
    pub rejected: u64,
    pub errors: BTreeMap<String, u64>,
    pub latencies: Latencies,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    accepted: u64,
    rejected: u64,
    errors: BTreeMap<String, u64>,
    /// Unix time of the first request, in milliseconds.
    started_at_ms: f64,
    elapsed_ms: f64,
    cpu_ms: f64,
    /// Of requests, from when they were due.
    latency: Percentiles,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(default, borrow)]
    result: Option<&'a serde_json::value::RawValue>,
    #[serde(default)]
    error: Option<RpcError>,
}

#[derive(Deserialize)]
struct RpcError {
    message: String,
}

impl Tally {
    /// Counts the answers of one response to `sent` transactions.
    pub fn count(&mut self, body: &[u8], sent: u64) {
        let answers: Vec<Answer<'_>> = if body.first() == Some(&b'[') {
            serde_json::from_slice(body).unwrap_or_default()
        } else {
            serde_json::from_slice(body).map(|answer| vec![answer]).unwrap_or_default()
        };
        let mut unanswered = sent;
        for answer in answers {
            unanswered = unanswered.saturating_sub(1);
            match answer.error {
                Some(error) => self.reject(error.message, 1),
                None if answer.result.is_some() => self.accepted += 1,
                None => self.reject("an answer without a result".into(), 1),
            }
        }
        if unanswered > 0 {
            let text = String::from_utf8_lossy(&body[..body.len().min(120)]).into_owned();
            self.reject(format!("no answer: {text}"), unanswered);
        }
    }

    fn reject(&mut self, message: String, count: u64) {
        self.rejected += count;
        // Nonces and balances differ in each message.
        let kind: String = message.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect();
        let known = self.errors.len() < MESSAGES || self.errors.contains_key(&kind);
        *self.errors.entry(if known { kind } else { "others".into() }).or_default() += count;
    }

    pub fn report(self, started_at_ms: f64, elapsed_ms: f64, cpu_ms: f64) -> Report {
        let Self { accepted, rejected, errors, latencies } = self;
        Report { accepted, rejected, errors, started_at_ms, elapsed_ms, cpu_ms, latency: latencies.percentiles() }
    }
}
