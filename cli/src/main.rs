//! Wiring of `nightshift`.

use std::process::ExitCode;

use clap::Parser as _;
use nightshift::{args, command};

fn main() -> ExitCode {
    match command::run(args::Args::parse()) {
        Ok(code) => code,
        Err(wrong) => {
            command::report(&wrong.to_string());
            ExitCode::FAILURE
        }
    }
}
