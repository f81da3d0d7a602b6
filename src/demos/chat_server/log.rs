//! What is said in rooms, in a file that only grows.
//!
//! Each line is written before anybody is told it. The kernel has it then, so it outlives
//! this process, however that ends; only a machine that stops can take it along.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::kit::error::{Doing, Result};
use crate::kit::text::still_safe;
use crate::proto::chat::LONGEST_LINE;
use crate::proto::history::{CUT, History, entry};
use crate::proto::lines::{Line, Lines};

/// A line of the file: what a member said, behind date, room and name. Whatever is longer
/// was not written by us.
const LONGEST_ENTRY: usize = 10 * LONGEST_LINE;

/// What to do about it.
const ELSEWHERE: &str =
    "name a file in a folder that is there, that you may write to, and that has room";

/// The file, open for writing at its end.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    path: PathBuf,
}

impl Log {
    /// Reads what was said before, and opens the file for more of it.
    pub(super) fn open(path: &Path, history: &mut History) -> Result<Log> {
        let opened = File::options().read(true).append(true).create(true).open(path);
        let opened = opened.doing(format_args!("open the log {}", path.display()));
        let mut file = opened.map_err(|error| error.with_hint(ELSEWHERE))?;
        let ends_well = remember(&mut file, history);
        let mended = ends_well.and_then(|ends_well| match ends_well {
            true => Ok(()),
            false => file.write_all(format!("{CUT}\n").as_bytes()),
        });
        mended.doing(format_args!("read the log {}", path.display()))?;
        Ok(Log { file, path: path.to_owned() })
    }

    /// Writes lines in one go.
    pub(super) fn write(&mut self, said: &[(String, String)]) -> Result<()> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let entries = said.iter().map(|(room, line)| entry(since.as_secs(), room, line));
        let entries: String = entries.collect();
        let written = self.file.write_all(entries.as_bytes());
        let written =
            written.doing(format_args!("write the log {}", self.path.display()));
        written.map_err(|error| error.with_hint(ELSEWHERE))
    }
}

/// Says whether the last line is there to its end. If somebody pulled the plug, it is not.
fn remember(file: &mut File, history: &mut History) -> io::Result<bool> {
    if !file.metadata()?.is_file() {
        return Ok(true); // /dev/full can be read for ever, and a pipe waits.
    }
    let mut lines = Lines::up_to(LONGEST_ENTRY);
    let (mut buffer, mut last) = (vec![0; 64 * 1024], b'\n');
    while let n @ 1.. = file.read(&mut buffer)? {
        lines.take(&buffer[..n]).iter().for_each(|line| read(line, "", history));
        last = buffer[n - 1];
    }
    lines.finish().iter().for_each(|line| read(line, CUT, history));
    Ok(last == b'\n')
}

fn read(line: &Line, end: &str, history: &mut History) {
    if let Line::Whole(entry) = line {
        history.read(&format!("{}{end}", still_safe(&String::from_utf8_lossy(entry))));
    }
}
