//! Parses, runs, prints the error and its hint, and returns the exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use sockdemo::cli::Cli;
use sockdemo::kit::text::{WIDTH, still_safe, wrap};

fn main() -> ExitCode {
    let error = match Cli::parse().run() {
        Ok(code) => return code,
        Err(error) => error,
    };
    if error.is_output_closed() {
        return ExitCode::SUCCESS; // Whoever read our output has seen enough.
    }
    // A name or a recording may be a stranger's text.
    let mut report = format!("error: {}\n", still_safe(&error.to_string()));
    if let Some(hint) = error.hint() {
        let hint = wrap(&format!("hint: {hint}"), WIDTH - 2).join("\n  ");
        report.push_str(&format!("  {hint}\n"));
    }
    let _ = io::stderr().write_all(report.as_bytes()); // Nobody may be reading.
    ExitCode::from(error.exit_code())
}
