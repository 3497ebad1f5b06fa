//! The benches' load. One argument: a JSON object whose `command` is one of
//!
//! - `alloc`: writes the genesis accounts (and the contracts' storage) that a load needs;
//! - `sign`: signs a load into a file, before anything is measured;
//! - `send`: sends such a file to a node over HTTP and prints a report as JSON.
//!
//! It is a program of its own, so that what it costs is neither the node's nor hidden: it reports its own CPU time.

mod accounts;
mod alloc;
mod http;
mod latency;
mod load_file;
mod report;
mod request;
mod send;
mod sign;

use std::{error::Error, process::ExitCode};

use serde::Deserialize;

pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[derive(Deserialize)]
#[serde(tag = "command", rename_all = "lowercase")]
enum Command {
    Alloc(alloc::Options),
    Sign(sign::Options),
    Send(send::Options),
}

fn run() -> Outcome<()> {
    let argument = std::env::args()
        .nth(1)
        .ok_or("usage: altlayer-loader '{\"command\": \"alloc\" | \"sign\" | \"send\", ...}'")?;
    match serde_json::from_str(&argument)? {
        Command::Alloc(options) => alloc::write(&options),
        Command::Sign(options) => sign::sign(&options),
        Command::Send(options) => {
            println!("{}", serde_json::to_string(&send::send(&options)?)?);
            Ok(())
        }
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("altlayer-loader: {error}");
            ExitCode::FAILURE
        }
    }
}
