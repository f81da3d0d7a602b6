//! The check's end of a connection: sends as it is told to, and hears what comes back.
//!
//! Every wait has a limit. When it is over, the finding says what was waited for, and the
//! program's side is looked at while both sides still stand as they were.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::course::trial::finding::{Finding, Outcome, Then, bytes};
use crate::course::trial::witness::{Untaken, Witness, untaken};
use crate::kit::stop::Stop;
use crate::kit::text::duration;

/// How long nothing at all may happen. Longer than any program needs on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long a program may take to fetch a piece before the next one is sent anyway.
const FETCHED: Duration = Duration::from_millis(500);

/// How often we look whether it has fetched it, and how long we wait where nobody can tell.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
const BLIND_PAUSE: Duration = Duration::from_millis(50);

/// A pause, for a program that has something to do.
const MOMENT: Duration = Duration::from_millis(10);

/// What has not come behind an answer after so long does not belong to it.
const NO_MORE: Duration = Duration::from_millis(100);

/// When nothing was taken for so long, both directions are full.
const FULL: Duration = Duration::from_millis(300);

/// The longest answer that is read to its end.
const LONGEST: usize = 64 * 1024 * 1024;

/// One end of a connection with the program under check.
#[derive(Debug)]
pub struct Caller {
    stream: TcpStream,
    local: SocketAddr,
    peer: SocketAddr,
    witness: Witness,
    stop: Stop,
    sent: usize,
    heard: usize,
    ended: bool,
    // Another thread is still sending.
    sending: Arc<AtomicBool>,
}

impl Caller {
    pub(super) fn new(
        stream: TcpStream,
        witness: Witness,
        stop: &Stop,
    ) -> Outcome<Caller> {
        let prepare = || -> io::Result<(SocketAddr, SocketAddr)> {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            stream.set_nodelay(true)?; // Pieces leave as they are cut.
            Ok((stream.local_addr()?, stream.peer_addr()?))
        };
        let addresses = prepare().map_err(|error| {
            Finding::broken(format!("the connection was gone at once: {error}"))
        });
        let (local, peer) = addresses?;
        let stop = stop.clone();
        Ok(Caller {
            stream,
            local,
            peer,
            witness,
            stop,
            sent: 0,
            heard: 0,
            ended: false,
            sending: Arc::default(),
        })
    }

    /// This check's address.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The program's address.
    pub fn peer_addr(&self) -> SocketAddr {
        self.peer
    }

    /// Sends all of it at once.
    pub fn sends(&mut self, bytes: &[u8]) -> Outcome {
        let sent = (&self.stream).write_all(bytes);
        self.sent += bytes.len();
        sent.map_err(|error| self.could_not_send(&error, bytes.len()))
    }

    /// Sends as much as both kernels and the program take while nobody reads here, and
    /// says how much that was.
    pub fn sends_until_full(&mut self, bytes: &[u8]) -> Outcome<usize> {
        let patience = |time| self.stream.set_write_timeout(Some(time));
        patience(FULL).map_err(|error| Finding::cannot_tell(error.to_string()))?;
        let mut taken = 0;
        let outcome = loop {
            match (&self.stream).write(bytes.get(taken..).unwrap_or_default()) {
                Ok(0) => break Ok(taken),
                Ok(n) => taken += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_silence(&error) => break Ok(taken),
                Err(error) => break Err(self.could_not_send(&error, bytes.len() - taken)),
            }
        };
        patience(PATIENCE).map_err(|error| Finding::cannot_tell(error.to_string()))?;
        self.sent += taken;
        outcome
    }

    /// Sends piece after piece, each when the program has taken the one before.
    pub fn sends_pieces<'a>(
        &mut self,
        pieces: impl IntoIterator<Item = &'a [u8]>,
    ) -> Outcome {
        for piece in pieces {
            self.sends(piece)?;
            self.waits_until_taken();
        }
        Ok(())
    }

    /// Sends each byte alone.
    pub fn sends_each_byte(&mut self, bytes: &[u8]) -> Outcome {
        self.sends_pieces(bytes.chunks(1))
    }

    /// Waits until nothing that was sent lies unread, but not for long: the program may
    /// have its reasons.
    pub fn waits_until_taken(&self) {
        let deadline = Instant::now() + FETCHED;
        loop {
            match untaken(self.local) {
                Some(Untaken { unread: 0, .. }) => return,
                Some(_) if Instant::now() > deadline => return,
                Some(_) if self.stop.within(LOOK_AGAIN) => return,
                Some(_) => {}
                None => {
                    self.stop.within(BLIND_PAUSE);
                    return;
                }
            }
        }
    }

    /// Gives the program a moment to do what it can do now.
    pub fn pauses(&self) {
        self.stop.within(MOMENT);
    }

    /// Ends this half of the connection; the program's half stays open.
    pub fn ends(&mut self) -> Outcome {
        self.ended = true;
        match self.stream.shutdown(Shutdown::Write) {
            Err(error) if error.kind() != ErrorKind::NotConnected => {
                Err(self.could_not_send(&error, 0))
            }
            _ => Ok(()), // A connection that is gone shows when it is read.
        }
    }

    /// Closes the connection with a reset, as a program that is killed with bytes unread.
    pub fn resets(self) {
        #[cfg(unix)]
        {
            use nix::sys::socket::{setsockopt, sockopt};
            let at_once = nix::libc::linger { l_onoff: 1, l_linger: 0 };
            let _ = setsockopt(&self.stream, sockopt::Linger, &at_once); // Or it just ends.
        }
    }

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

    /// Reads. A program that is slow, but is still taking what was sent, may take its time.
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
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
            return true; // It ends itself when nothing is taken.
        }
        let now = untaken(self.local).map(|left| left.unread + left.unsent);
        let goes_on = before.map_or(now > Some(0), |before| now < Some(before));
        *before = now;
        goes_on
    }

    /// Hears exactly these bytes, and looks no further.
    pub fn hears(&mut self, expected: &[u8]) -> Outcome {
        let mut seen = vec![0; expected.len()];
        let mut n = 0;
        while n < expected.len() {
            let rest = seen.get_mut(n..).unwrap_or_default();
            match self.read(rest) {
                Ok(0) => return Err(self.came(expected, &seen, n, Then::End)),
                Ok(more) => n += more,
                Err(error) => {
                    let then = then(&error);
                    return Err(self.came(expected, &seen, n, then));
                }
            }
            if expected.get(..n) != seen.get(..n) {
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
    fn heard_wrong(
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

    fn could_not_send(&self, error: &io::Error, length: usize) -> Box<Finding> {
        let stuck = is_silence(error);
        let words = match stuck {
            true => "the program did not take what was sent",
            false => "the connection broke while this check was sending",
        };
        let mut finding = Finding::new(format!("{words}: {error}"));
        finding.broken = !stuck;
        if stuck {
            let time = duration(PATIENCE);
            finding.check_waits =
                Some(format!("waited {time} to get rid of {}", bytes(length)));
            finding.program_does = self.witness.testimony(Some(self.local));
        }
        finding
    }
}

/// A limit was reached. Systems differ in what they call it.
fn is_silence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// What came instead of bytes.
fn then(error: &io::Error) -> Then {
    if is_silence(error) { Then::Silence(PATIENCE) } else { Then::Reset }
}
