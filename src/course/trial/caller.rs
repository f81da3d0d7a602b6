//! The check's end of a connection: sends as it is told to, and hears what comes back.
//!
//! Every wait has a limit. When it is over, the finding says what was waited for, and the
//! program's side is looked at while both sides still stand as they were.

mod catching;
mod heads;
mod hearing;

use std::io::{self, ErrorKind, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crate::course::trial::finding::{Finding, Outcome, bytes};
use crate::course::trial::untaken::{Untaken, untaken, untaken_for_certain};
use crate::course::trial::witness::Witness;
use crate::kit::reset::reset_on_close;
use crate::kit::stop::Stop;
use crate::kit::text::duration;

/// How long nothing at all may happen. Longer than any program needs on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long a program may take to fetch a piece before the next one is sent anyway.
const FETCHED: Duration = Duration::from_millis(500);

/// To a program that waits, this much more is sent at a time.
const PIECE: u32 = 8 * 1024;

/// The program's kernel takes more than this of an answer that nobody reads.
const FAST: usize = 3 * 1024 * 1024;

/// How often we look whether it has fetched it, and how long we wait where nobody can tell.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
const BLIND_PAUSE: Duration = Duration::from_millis(50);

/// A pause, for a program that has something to do.
const MOMENT: Duration = Duration::from_millis(10);

/// What has not come behind an answer after so long does not belong to it.
const NO_MORE: Duration = Duration::from_millis(100);

/// When nothing was taken for so long, both directions are full.
const FULL: Duration = Duration::from_millis(300);

/// The same, where a look shows whether the program sleeps.
const STUCK: Duration = Duration::from_millis(200);

/// The same, where a look shows only how much lies there.
const STILL: Duration = Duration::from_millis(700);

/// A program that has not slept for so long computes, or goes round.
const AWAKE: Duration = Duration::from_secs(3);

/// The longest answer that is read to its end.
const LONGEST: usize = 64 * 1024 * 1024;

/// No line of an exercise is longer.
const LONG_LINE: usize = 4096;

/// One end of a connection with the program under check.
#[derive(Debug)]
pub struct Caller {
    stream: TcpStream,
    local: SocketAddr,
    peer: SocketAddr,
    // Which side it plays, where a check plays two.
    plays: Option<&'static str>,
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
            plays: None,
            witness,
            stop,
            sent: 0,
            heard: 0,
            ended: false,
            sending: Arc::default(),
        })
    }

    /// In a check with several sides, evidence says which one it comes from.
    pub fn plays(mut self, side: &'static str) -> Caller {
        self.plays = Some(side);
        self
    }

    /// What happened, and to which side.
    fn as_its_side(&self, words: String) -> String {
        match self.plays {
            Some(side) => format!("as {side}: {words}"),
            None => words,
        }
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

    /// Sends until the program takes no more, because it waits for this check to read its
    /// answers: the kernel's table shows that nothing at all moves any more.
    pub fn sends_until_stuck(&mut self, flood: &[u8]) -> Outcome {
        let left = |at: &Caller| {
            untaken(at.local, at.peer).map_or(0, |left| left.unread + left.unsent)
        };
        let begun = Instant::now();
        let mut taken = 0;
        loop {
            let more = self.sends_until_full(flood)?;
            taken += more;
            if taken > LONGEST {
                return Ok(()); // It takes everything, and keeps it.
            }
            if more > 0 {
                continue;
            }
            let before = left(self);
            let stopped = self.stop.within(STILL);
            let still = left(self) >= before && self.may_be_stuck(begun);
            if stopped || still {
                return Ok(());
            }
        }
    }

    /// The same, sooner: what was not taken for a moment is not going to be taken, because
    /// the program sleeps.
    pub fn sends_until_it_sleeps(&mut self, bytes: &[u8]) -> Outcome {
        let begun = Instant::now();
        let mut sent = 0;
        loop {
            sent += self.sends_until_full(bytes.get(sent..).unwrap_or_default())?;
            if sent == bytes.len() || self.may_be_stuck(begun) || self.stop.requested() {
                return Ok(());
            }
        }
    }

    /// Does the program sleep, or has it been awake for so long that it never will? One that
    /// the machine has no time for takes nothing either, but is not stuck.
    fn may_be_stuck(&self, since: Instant) -> bool {
        since.elapsed() > AWAKE || self.witness.is_asleep()
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

    /// Sends until the program takes no more, because it waits for this check to read its
    /// answer: says how much that was. All of it has arrived there, and so much lies unread,
    /// if the other kernel has room for it. What is sent at once is no less: the room grows
    /// with it.
    pub fn sends_until_it_waits(&mut self, bytes: &[u8], unread: u32) -> Outcome<usize> {
        if untaken(self.local, self.peer).is_none() {
            return self.sends_until_full(bytes);
        }
        let mut sent = 0;
        let mut since = Instant::now();
        while sent < bytes.len() && since.elapsed() < STUCK {
            let left = untaken_for_certain(self.local, self.peer);
            match left.map_or(unread, |left| left.unread + left.unsent) {
                waiting if waiting < unread => {
                    let fast = waiting == 0 && self.sent < FAST; // To look less often.
                    let piece = if fast { unread + PIECE } else { PIECE };
                    let end = bytes.len().min(sent + piece as usize);
                    let piece = bytes.get(sent..end).unwrap_or_default();
                    let taken = self.sends_until_full(piece)?;
                    sent += taken;
                    if taken < piece.len() {
                        break; // The look came too early to show that it waits.
                    }
                    since = Instant::now();
                }
                _ if self.stop.within(LOOK_AGAIN) => break,
                _ => {}
            }
        }
        Ok(sent)
    }

    /// How much lies unread, if all that was sent has arrived and that can be seen.
    pub fn unread(&self) -> Option<u32> {
        let left = untaken_for_certain(self.local, self.peer)?;
        (left.unsent == 0).then_some(left.unread)
    }

    /// Waits until nothing that was sent lies unread, but not for long: the program may
    /// have its reasons.
    pub fn waits_until_taken(&self) {
        let since = Instant::now();
        loop {
            match untaken(self.local, self.peer) {
                Some(Untaken { unread: 0, .. }) => return,
                Some(_) if since.elapsed() > FETCHED && self.may_be_stuck(since) => {
                    return;
                }
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
        let _ = reset_on_close(&self.stream); // Or it just ends.
    }

    fn could_not_send(&self, error: &io::Error, length: usize) -> Box<Finding> {
        let stuck = is_silence(error);
        let words = match stuck {
            true => "the program did not take what was sent",
            false => "the connection broke while this check was sending",
        };
        let mut finding = Finding::new(self.as_its_side(format!("{words}: {error}")));
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

/// What could be read right now, without reading it: the outer error is ours.
pub(super) fn peek_now(stream: &TcpStream) -> io::Result<io::Result<usize>> {
    stream.set_nonblocking(true)?;
    let peeked = stream.peek(&mut [0]);
    stream.set_nonblocking(false)?;
    Ok(peeked)
}

/// A limit was reached. Systems differ in what they call it.
fn is_silence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
