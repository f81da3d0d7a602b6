//! The check's end of a connection: sends as it is told to, and hears what comes back.
//!
//! Every wait has a limit. When it is over, the finding says what was waited for, and the
//! program's side is looked at while both sides still stand as they were.

mod hearing;

use std::io::{self, ErrorKind, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crate::course::trial::finding::{Finding, Outcome, bytes};
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
