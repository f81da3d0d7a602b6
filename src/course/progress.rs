//! What a student has done, in one small text file of their own.
//!
//! A line a lesson: `05 passed tries=3 hints=2 solution`.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use crate::kit::error::{Doing, Result};

/// What is remembered of a lesson.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// All checks have passed once.
    pub passed: bool,
    /// How many times the checks were run.
    pub tries: u32,
    /// How many rungs of the hint ladder were shown.
    pub hints: usize,
    /// The solution was shown.
    pub solution: bool,
}

/// The whole file.
#[derive(Debug, Default)]
pub struct Progress(BTreeMap<u8, Record>);

impl Progress {
    /// What has been written so far. Without a file: nothing yet.
    pub fn load() -> Result<Progress> {
        let path = file().doing("find a place for your progress")?;
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            text => text,
        };
        let text =
            text.doing(format_args!("read your progress in {}", path.display()))?;
        Ok(Progress(text.lines().filter_map(parse).collect()))
    }

    /// What is known about this lesson.
    pub fn of(&self, lesson: u8) -> Record {
        self.0.get(&lesson).copied().unwrap_or_default()
    }

    /// Writes down what has happened in this lesson.
    pub fn note(lesson: u8, change: impl FnOnce(&mut Record)) -> Result<Record> {
        let mut progress = Progress::load()?;
        let record = progress.0.entry(lesson).or_default();
        change(record);
        let record = *record;
        let path = file().doing("find a place for your progress")?;
        progress
            .write(&path)
            .doing(format_args!("write your progress into {}", path.display()))?;
        Ok(record)
    }

    /// Beside the file first: whoever is interrupted has the old file or the new one.
    fn write(&self, path: &PathBuf) -> io::Result<()> {
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        let beside = path.with_extension(format!("{}.new", std::process::id()));
        fs::write(&beside, self.to_string())?;
        fs::rename(&beside, path)
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (lesson, record) in &self.0 {
            let passed = if record.passed { "passed" } else { "begun" };
            let solution = if record.solution { " solution" } else { "" };
            let Record { tries, hints, .. } = record;
            writeln!(f, "{lesson:02} {passed} tries={tries} hints={hints}{solution}")?;
        }
        Ok(())
    }
}

/// A line that is not one of ours says nothing.
fn parse(line: &str) -> Option<(u8, Record)> {
    let (lesson, words) = line.split_once(' ')?;
    let mut record = Record::default();
    for word in words.split(' ') {
        match word.split_once('=') {
            Some(("tries", n)) => record.tries = n.parse().ok()?,
            Some(("hints", n)) => record.hints = n.parse().ok()?,
            _ if word == "passed" => record.passed = true,
            _ if word == "solution" => record.solution = true,
            _ => {}
        }
    }
    Some((lesson.parse().ok()?, record))
}

/// `$SOCKDEMO_HOME/progress`, or where this system keeps a user's data.
fn file() -> io::Result<PathBuf> {
    let folder = |name| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let data = || {
        if cfg!(windows) {
            folder("APPDATA")
        } else if cfg!(target_os = "macos") {
            folder("HOME").map(|home| home.join("Library/Application Support"))
        } else {
            folder("XDG_DATA_HOME")
                .or_else(|| folder("HOME").map(|home| home.join(".local/share")))
        }
    };
    let place = folder("SOCKDEMO_HOME").or_else(|| Some(data()?.join("sockdemo")));
    let place = place.map(|place| place.join("progress"));
    place.ok_or_else(|| io::Error::new(ErrorKind::NotFound, "no home folder is set"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let record = Record { passed: true, tries: 3, hints: 2, solution: true };
        let progress = Progress([(5, record), (12, Record::default())].into());
        let text = progress.to_string();

        assert_eq!(
            text,
            "05 passed tries=3 hints=2 solution\n12 begun tries=0 hints=0\n"
        );
        let read: BTreeMap<_, _> = text.lines().filter_map(parse).collect();
        assert_eq!(read, progress.0);
        assert_eq!(parse("rubbish"), None);
        assert_eq!(parse("xx passed"), None);
    }
}
