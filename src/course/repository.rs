//! The student's copy of this project: where it is, and how its examples are built.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The folder that contains `lessons/NAME`: this one, or one above it.
pub fn root(lesson: &str) -> io::Result<PathBuf> {
    let here = env::current_dir()?;
    let is_root = |folder: &&Path| {
        folder.join("lessons").join(lesson).is_dir()
            && folder.join("Cargo.toml").is_file()
    };
    let root = here.ancestors().find(is_root).map(Path::to_owned);
    root.ok_or_else(|| {
        let words = format!("no lessons/{lesson} here or in a folder above");
        io::Error::new(ErrorKind::NotFound, words)
    })
}

/// What cargo made of an example.
#[derive(Debug)]
pub enum Built {
    /// The program.
    Program(PathBuf),
    /// What the compiler says.
    Refused(String),
}

/// Has cargo build one example of the project in `root`. It blocks as long as cargo does.
pub fn build(root: &Path, example: &str) -> io::Result<Built> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--message-format=json-render-diagnostics"])
        .args(["--example", example])
        .current_dir(root)
        .stdin(Stdio::null())
        .output()?;
    let program = String::from_utf8_lossy(&built.stdout).lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_it = message["target"]["name"] == example;
        is_it.then(|| message["executable"].as_str().map(PathBuf::from))?
    });
    Ok(match program {
        Some(program) if built.status.success() => Built::Program(program),
        _ => Built::Refused(String::from_utf8_lossy(&built.stderr).into_owned()),
    })
}

/// Is this file newer than it was? What `--watch` remembers of it.
pub fn stamp(path: &OsStr) -> Option<(std::time::SystemTime, u64)> {
    let about = fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}
