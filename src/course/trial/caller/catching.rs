//! Hearing what nobody knows beforehand: lines whose order is the program's choice, and
//! whatever lies ready.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use super::{Caller, PATIENCE, is_silence};
use crate::course::trial::finding::{Finding, Outcome, Then};

impl Caller {
    /// Hears what comes next, or nothing for so long. None if the connection is over.
    pub fn catches(&mut self, time: Duration) -> Outcome<Option<Vec<u8>>> {
        let mut buffer = vec![0; 256 * 1024];
        let patience = |time| self.stream.set_read_timeout(Some(time));
        patience(time).map_err(|error| Finding::cannot_tell(error.to_string()))?;
        let read = loop {
            match (&self.stream).read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let _ = patience(PATIENCE); // It was allowed a moment ago.
        match read {
            Ok(0) => Ok(None),
            Ok(n) => {
                buffer.truncate(n);
                self.heard += n;
                Ok(Some(buffer))
            }
            Err(error) if is_silence(&error) => Ok(Some(Vec::new())),
            Err(_) => Ok(None),
        }
    }

    /// Is there something to be heard within this time: bytes, an end, or a reset? It stays
    /// where it is.
    pub fn is_spoken_to_within(&self, time: Duration) -> Outcome<bool> {
        let patience = |time| self.stream.set_read_timeout(Some(time));
        patience(time).map_err(|error| Finding::cannot_tell(error.to_string()))?;
        let peeked = self.stream.peek(&mut [0]);
        let _ = patience(PATIENCE); // It was allowed a moment ago.
        Ok(!peeked.is_err_and(|error| is_silence(&error)))
    }

    /// Hears so many lines, whatever they say, each with its LF.
    pub fn hears_lines(&mut self, many: usize) -> Outcome<Vec<Vec<u8>>> {
        let mut heard = Vec::new();
        let lines = |heard: &[u8]| heard.iter().filter(|byte| **byte == b'\n').count();
        while lines(&heard) < many {
            let then = match self.catches(PATIENCE)? {
                Some(more) if !more.is_empty() => {
                    heard.extend(more);
                    continue;
                }
                Some(_) => Then::Silence(PATIENCE),
                None => Then::End,
            };
            let missing = many - lines(&heard);
            let what = if missing == 1 { "a line" } else { "more lines" };
            let mut finding = self.heard_wrong(what, b"", &heard, then);
            finding.bytes = None; // Whatever was right before says nothing.
            return Err(finding);
        }
        Ok(heard.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect())
    }
}
