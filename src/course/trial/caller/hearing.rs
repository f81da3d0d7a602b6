//! What a caller hears, and what it says when that is wrong.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::{Caller, LONG_LINE, LONGEST, NO_MORE, PATIENCE, is_silence, peek_now};
use crate::course::trial::finding::{Finding, Outcome, Then, bytes};
use crate::course::trial::untaken::untaken;
use crate::kit::text::duration;

impl Caller {
    /// Waits until at least one byte can be read, and leaves it there.
    pub fn waits_for_a_byte(&mut self) -> Outcome {
        let then = match self.stream.peek(&mut [0]) {
            Ok(1) => return Ok(()),
            Ok(_) => Then::End,
            Err(error) => then(&error),
        };
        let mut finding = self.heard_wrong("an answer", b"", b"", then);
        finding.bytes = None;
        Err(finding)
    }

    /// Is there something to be heard right now: bytes, an end, or a reset?
    pub fn is_spoken_to(&self) -> Outcome<bool> {
        let peeked = peek_now(&self.stream);
        let peeked = peeked.map_err(|error| Finding::cannot_tell(error.to_string()))?;
        Ok(!peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock))
    }

    /// Reads. A program that is slow, but is still taking what was sent, may take its time.
    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut before = None;
        loop {
            match (&self.stream).read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_silence(&error) && self.is_taken_from(&mut before) => {}
                read => return read,
            }
        }
    }

    /// Is there more to be sent, or does the program go on taking what was sent?
    fn is_taken_from(&self, before: &mut Option<u32>) -> bool {
        if self.sending.load(Ordering::Relaxed) {
            *before = Some(u32::MAX); // Whatever is left next time, it is less.
            return true; // The sending ends itself when nothing is taken.
        }
        let now = untaken(self.local, self.peer).map(|left| left.unread + left.unsent);
        let goes_on = before.map_or(now > Some(0), |before| now < Some(before));
        *before = now;
        goes_on
    }

    /// Hears exactly these bytes, and looks no further.
    pub fn hears(&mut self, expected: &[u8]) -> Outcome {
        let mut seen = vec![0; expected.len()];
        let mut n = 0;
        while n < expected.len() {
            let before = n;
            let rest = seen.get_mut(n..).unwrap_or_default();
            match self.read(rest) {
                Ok(0) => return Err(self.came(expected, &seen, n, Then::End)),
                Ok(more) => n += more,
                Err(error) => {
                    let then = then(&error);
                    return Err(self.came(expected, &seen, n, then));
                }
            }
            if expected.get(before..n) != seen.get(before..n) {
                seen.truncate(n);
                seen.extend(self.what_else_came());
                return Err(self.came(expected, &seen, seen.len(), Then::More));
            }
        }
        self.heard += n;
        Ok(())
    }

    /// Hears these bytes, and for a moment nothing behind them.
    pub fn hears_only(&mut self, expected: &[u8]) -> Outcome {
        self.hears(expected)?;
        let more = self.what_else_came();
        if more.is_empty() {
            return Ok(());
        }
        let seen = [expected, &more].concat();
        Err(Finding::differs("more came back than expected", expected, &seen))
    }

    /// What comes in a moment, if anything does. An end shows later.
    fn what_else_came(&self) -> Vec<u8> {
        let mut more = vec![0; 64 * 1024];
        let patience = |time| self.stream.set_read_timeout(Some(time));
        let read = patience(NO_MORE).and_then(|()| (&self.stream).read(&mut more));
        more.truncate(read.unwrap_or(0));
        let _ = patience(PATIENCE); // It was allowed a moment ago.
        more
    }

    /// For so long nothing comes, not even an end. This is also how a check waits.
    pub fn hears_nothing(&mut self, time: Duration) -> Outcome {
        let patience = |time| self.stream.set_read_timeout(Some(time));
        let mut byte = [0];
        let read = patience(time).and_then(|()| (&self.stream).read(&mut byte));
        let _ = patience(PATIENCE); // It was allowed a moment ago.
        let then = match read {
            Err(error) if is_silence(&error) => return Ok(()),
            Ok(0) => Then::End,
            Ok(_) => {
                let words = "something came, and nothing was asked";
                return Err(Finding::differs(words, b"", &byte));
            }
            Err(_) => Then::Reset,
        };
        let mut finding = self.heard_wrong("nothing, for now,", b"", b"", then);
        finding.bytes = None;
        Err(finding)
    }

    /// Hears these bytes and then the end of the stream.
    pub fn hears_and_end(&mut self, expected: &[u8]) -> Outcome {
        self.hears(expected)?;
        self.hears_end()
    }

    /// Hears the end of the stream, and nothing before it.
    pub fn hears_end(&mut self) -> Outcome {
        let rest = self.hears_to_end()?;
        if rest.is_empty() {
            return Ok(());
        }
        let seen = "more came where the stream should have ended";
        Err(Finding::new(seen).with(b"", &rest, Then::End))
    }

    /// Hears that the connection is over: the end of the stream or a reset, and whatever
    /// comes before it.
    pub fn hears_that_it_is_over(&mut self) -> Outcome {
        let mut buffer = vec![0; 64 * 1024];
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(_) if Instant::now() < deadline => {}
                Ok(n) => {
                    let seen = buffer.get(..n).unwrap_or_default();
                    return Err(self.heard_wrong("its end", b"", seen, Then::More));
                }
                Err(error) if is_silence(&error) => {
                    let then = then(&error);
                    let what = "the end of the stream or a reset";
                    return Err(self.heard_wrong(what, b"", b"", then));
                }
                Err(_) => return Ok(()),
            }
        }
    }

    /// Nothing came behind the end of the stream. A reset there takes nothing away from
    /// this check, but it may from a client whose line is still on its way.
    pub fn was_not_reset(&self) -> Outcome {
        match self.stream.take_error() {
            Ok(None) => Ok(()),
            Ok(Some(error)) | Err(error) => {
                let words = "the line and the end came, and behind them a reset";
                Err(Finding::new(format!("{words} ({error})")))
            }
        }
    }

    /// Hears a line, which ends with LF: gives it without.
    pub fn hears_line(&mut self) -> Outcome<String> {
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            let mut byte = [0];
            let then = match (&self.stream).read(&mut byte) {
                Ok(0) => Then::End,
                Ok(_) if line.len() < 1000 => {
                    line.extend(byte);
                    continue;
                }
                Ok(_) => Then::More,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => then(&error),
            };
            return Err(self.no_line(&line, then));
        }
        self.heard += line.len();
        line.pop();
        match String::from_utf8(line) {
            Ok(line) => Ok(line),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let byte = error.as_bytes().get(at).copied().unwrap_or_default();
                Err(Finding::new(format!(
                    "the line is no text: its byte {}, {byte:02x}, is not UTF-8",
                    at + 1
                )))
            }
        }
    }

    /// Hears a line of any bytes and of a greater length: gives it without its LF. What is
    /// behind it stays where it is.
    pub fn hears_long_line(&mut self) -> Outcome<Vec<u8>> {
        let mut line = Vec::new();
        let mut ahead = [0; LONG_LINE];
        while line.last() != Some(&b'\n') {
            let then = match self.stream.peek(&mut ahead) {
                Ok(0) => Then::End,
                Ok(n) if line.len() < LONG_LINE => {
                    let ahead = ahead.get_mut(..n).unwrap_or_default();
                    let whole = ahead.iter().position(|byte| *byte == b'\n');
                    let piece = ahead.get_mut(..whole.map_or(n, |at| at + 1));
                    let piece = piece.unwrap_or_default();
                    if (&self.stream).read_exact(piece).is_ok() {
                        line.extend_from_slice(piece);
                    }
                    continue;
                }
                Ok(_) => Then::More,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => then(&error),
            };
            return Err(self.no_line(&line, then));
        }
        self.heard += line.len();
        line.pop();
        Ok(line)
    }

    /// Everything up to the end of the stream, which has to come in time even if other
    /// things do.
    pub fn hears_to_end(&mut self) -> Outcome<Vec<u8>> {
        let mut all = Vec::new();
        let mut buffer = vec![0; 64 * 1024];
        let deadline = Instant::now() + PATIENCE;
        let then = loop {
            match self.read(&mut buffer) {
                Ok(0) => break Then::End,
                Ok(_) if all.len() > LONGEST || Instant::now() > deadline => {
                    break Then::More;
                }
                Ok(n) => all.extend(buffer.get(..n).unwrap_or_default()),
                Err(error) => break then(&error),
            }
        };
        self.heard += all.len();
        match then {
            Then::End => Ok(all),
            Then::More => {
                let seen = "more and more came where the stream should have ended";
                Err(Finding::new(seen).with(b"", &all, then))
            }
            _ => Err(self.heard_wrong("the end of the stream", b"", &all, then)),
        }
    }

    /// Sends all of it while hearing what comes back. Whoever sends everything first and
    /// listens then may wait for ever.
    pub fn sends_while_hearing(&mut self, bytes: &[u8], expected: &[u8]) -> Outcome {
        self.sends_aside(bytes, |ear| ear.hears(expected))
    }

    /// Sends all of it, then ends this half, while hearing what comes back to the end.
    pub fn sends_all_while_hearing(&mut self, bytes: &[u8], expected: &[u8]) -> Outcome {
        self.ended = true;
        self.sends_aside(bytes, |ear| ear.hears_and_end(expected))
    }

    /// Sends on a thread of its own, and ends this half if that is wanted.
    fn sends_aside(
        &mut self,
        bytes: &[u8],
        hear: impl FnOnce(&mut Caller) -> Outcome,
    ) -> Outcome {
        let (stream, ends, sending) = (&self.stream, self.ended, &self.sending);
        self.sent += bytes.len();
        sending.store(true, Ordering::Relaxed);
        let send = move || {
            let sent = (&*stream).write_all(bytes);
            if ends {
                let _ = sent.and_then(|()| stream.shutdown(Shutdown::Write)); // Is heard.
            }
            sending.store(false, Ordering::Relaxed);
        };
        let twin = stream.try_clone();
        let twin = twin.map_err(|error| Finding::cannot_tell(error.to_string()))?;
        let (stop, sending) = (self.stop.clone(), Arc::clone(sending));
        let mut ear = Caller { stream: twin, stop, sending, ..*self };
        thread::scope(|scope| {
            let sender = thread::Builder::new().spawn_scoped(scope, send);
            sender.map_err(|error| Finding::cannot_tell(error.to_string()))?;
            let heard = hear(&mut ear);
            if heard.is_err() {
                let _ = stream.shutdown(Shutdown::Both); // Or the sender would wait on.
            }
            heard
        })
    }

    fn came(&self, expected: &[u8], seen: &[u8], n: usize, then: Then) -> Box<Finding> {
        let seen = seen.get(..n).unwrap_or_default();
        let missing = bytes(expected.len() - n.min(expected.len()));
        let rest = if n == 0 { missing } else { format!("the other {missing}") };
        self.heard_wrong(&rest, expected, seen, then)
    }

    fn no_line(&self, line: &[u8], then: Then) -> Box<Finding> {
        let expected = [line, b"\n"].concat();
        let mut finding =
            self.heard_wrong("a line that ends with LF", &expected, line, then);
        if line.is_empty() {
            finding.bytes = None; // There is nothing to compare.
        }
        finding
    }

    /// The evidence, taken while everything still stands as it was.
    pub(super) fn heard_wrong(
        &self,
        what: &str,
        expected: &[u8],
        seen: &[u8],
        then: Then,
    ) -> Box<Finding> {
        let words = match then {
            Then::Silence(time) => {
                format!("waited {} for {what}, and nothing came", duration(time))
            }
            Then::End => format!("the stream ended where {what} should have come"),
            Then::Reset => {
                format!("the connection was reset where {what} should have come")
            }
            Then::More => "other bytes came than expected".to_owned(),
        };
        let words = self.as_its_side(words);
        let mut finding = Finding::new(words).with(expected, seen, then);
        if let Then::Silence(time) = then {
            let done = match (self.sent, self.ended) {
                (0, false) => "has sent nothing and keeps its half open".to_owned(),
                (n, false) => format!("has sent {} and keeps its half open", bytes(n)),
                (n, true) => format!("has sent {} and ended its half", bytes(n)),
            };
            finding.check_waits =
                Some(format!("waited {} for {what}; it {done}", duration(time)));
            finding.program_does = self.witness.testimony(Some(self.local));
        }
        finding
    }
}

/// What came instead of bytes.
pub(super) fn then(error: &io::Error) -> Then {
    if is_silence(error) { Then::Silence(PATIENCE) } else { Then::Reset }
}
