//! What a program prints, read along so that it never has to wait for us.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How much is kept of the beginning, and how much of the end. The rest is counted.
const KEPT: usize = 256 * 1024;

/// A growing text, shared with the thread that reads it from a pipe.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard(Arc<(Mutex<Said>, Condvar)>);

#[derive(Debug, Default)]
struct Said {
    beginning: Vec<u8>,
    end: VecDeque<u8>,
    total: u64,
    ended: bool,
}

impl Heard {
    /// Reads `pipe` to its end, on a thread of its own. The thread ends with the pipe, and
    /// the pipe with the last process that holds it.
    pub(super) fn of(mut pipe: impl Read + Send + 'static) -> io::Result<Heard> {
        let heard = Heard::default();
        let ear = heard.clone();
        thread::Builder::new().name("output".to_owned()).spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                // A pseudo-terminal ends with an error, a pipe with 0 bytes.
                let n = match pipe.read(&mut buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    read => read.unwrap_or(0),
                };
                ear.take(buffer.get(..n).unwrap_or_default());
                if n == 0 {
                    return;
                }
            }
        })?;
        Ok(heard)
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, bytes: &[u8]) {
        let mut said = self.said();
        let room = KEPT - said.beginning.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        said.beginning.extend(first);
        said.end.extend(rest);
        let too_much = said.end.len().saturating_sub(KEPT);
        said.end.drain(..too_much);
        said.total += bytes.len() as u64;
        said.ended = bytes.is_empty();
        self.0.1.notify_all();
    }

    /// Everything up to here; of a very long text its beginning and its end.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let said = self.said();
        said.beginning.iter().chain(&said.end).copied().collect()
    }

    /// How many bytes have been printed.
    pub(super) fn total(&self) -> u64 {
        self.said().total
    }

    /// Nothing more will come.
    pub(super) fn has_ended(&self) -> bool {
        self.said().ended
    }

    /// Waits until a whole line is there: gives it, or what is there instead.
    pub(super) fn line(&self, patience: Duration) -> Result<Vec<u8>, Vec<u8>> {
        let end = |said: &Said| said.beginning.iter().position(|byte| *byte == b'\n');
        self.wait(patience, |said| end(said).is_some());
        let said = self.said();
        match end(&said) {
            Some(end) => Ok(said.beginning.get(..=end).unwrap_or_default().to_vec()),
            None => Err(said.beginning.clone()),
        }
    }

    /// Waits until this line is there, among others.
    pub(super) fn has_line(&self, line: &[u8], patience: Duration) -> bool {
        let has = |said: &Said| {
            let mut lines = said.beginning.split(|byte| *byte == b'\n');
            lines.any(|seen| seen == line)
        };
        self.wait(patience, has);
        has(&self.said())
    }

    /// Waits for the end of the text. A process that lives on may keep the pipe open.
    pub(super) fn end(&self, patience: Duration) {
        self.wait(patience, |_| false);
    }

    /// Waits until `is_there`, or the end, or until there is no patience left.
    fn wait(&self, patience: Duration, is_there: impl Fn(&Said) -> bool) {
        let deadline = Instant::now() + patience;
        let mut said = self.said();
        while !said.ended && !is_there(&said) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let woken = self.0.1.wait_timeout(said, left);
            said = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_and_both_its_ends_are_kept() {
        let flood = [vec![b'a'; KEPT], vec![b'b'; KEPT], vec![b'c'; KEPT]].concat();
        let heard = Heard::of(io::Cursor::new(flood)).unwrap();
        heard.end(Duration::from_secs(30));

        assert_eq!(heard.total(), 3 * KEPT as u64);
        assert_eq!(heard.bytes(), [vec![b'a'; KEPT], vec![b'c'; KEPT]].concat());
        assert_eq!(heard.line(Duration::ZERO), Err(vec![b'a'; KEPT]));
    }
}
