//! One direction of a forwarded connection: what comes out of one socket goes into the
//! other.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::demos::forward::direction::Direction;
use crate::demos::forward::door::reset;
use crate::demos::forward::dump::Dump;
use crate::demos::tcp_client::{ignore_not_connected, receive};
use crate::demos::tcp_server::farewell::drain;
use crate::demos::tcp_server::{FIRST_BUFFER, LARGEST_BUFFER, is_over_time, send_some};
use crate::kit::say::Say;
use crate::kit::stop::Stop;

/// How long the other direction may take to notice that all is over.
const MOMENT: Duration = Duration::from_millis(300);

/// What the two directions of one connection tell each other.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Grows whenever bytes move.
    moved: AtomicU64,
    /// Has the end of the stream been passed on: up, down?
    ended: [AtomicBool; 2],
    /// Has the connection been given up, or closed by the fault box?
    over: AtomicBool,
}

/// One of the two connections, and the voice that speaks of it.
pub(super) struct Side<'a> {
    pub(super) stream: &'a TcpStream,
    pub(super) say: Say,
}

/// One direction.
pub(super) struct Way<'a> {
    pub(super) direction: Direction,
    pub(super) number: u32,
    pub(super) from: Side<'a>,
    pub(super) to: Side<'a>,
    pub(super) shared: &'a Shared,
    pub(super) stop: &'a Stop,
    pub(super) dump: Dump,
}

impl<'a> Way<'a> {
    /// The same, for a second thread that only sends.
    pub(super) fn on_the_road(&self) -> Way<'a> {
        let thread = self.direction.road();
        let (from, to) = (self.from.on_thread(thread), self.to.on_thread(thread));
        Way { from, to, dump: self.dump.clone(), ..*self }
    }

    /// Carries everything over, and then the end of the stream.
    pub(super) fn copy(&self) -> io::Result<()> {
        let mut buffer = vec![0; FIRST_BUFFER];
        loop {
            let n = self.receive(&mut buffer)?;
            if n == 0 {
                return self.finish();
            }
            self.send(&buffer[..n])?;
            if n == buffer.len() && n < LARGEST_BUFFER {
                buffer.resize(2 * n, 0);
            }
        }
    }

    /// One recv. A time limit counts only while nothing moves the other way either.
    pub(super) fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let n =
            self.patiently(|| receive(self.from.stream, &mut *buffer, &self.from.say))?;
        if n == 0 && self.was_reset() {
            return Err(ErrorKind::ConnectionReset.into());
        }
        self.dump.show(&buffer[..n]);
        Ok(n)
    }

    /// Sends all of it; for the time limit, the same holds.
    pub(super) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let send = || send_some(self.to.stream, rest, &self.to.say);
            rest = &rest[self.patiently(send)?..];
        }
        Ok(())
    }

    /// A call that is made again when its time is over, if something has moved meanwhile.
    fn patiently(
        &self,
        mut call: impl FnMut() -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            let before = self.shared.moved.load(Relaxed);
            let done = call();
            let moved = self.shared.moved.load(Relaxed) != before;
            match done {
                Err(error) if is_over_time(&error) && moved => {}
                done => {
                    self.shared.moved.fetch_add(1, Relaxed);
                    return done;
                }
            }
        }
    }

    /// A reset is told once, and perhaps to the other direction: after that, read returns
    /// 0 as at the end of a stream. But a socket that has been reset has no peer any more.
    fn was_reset(&self) -> bool {
        let has_peer = self.from.stream.peer_addr().is_ok();
        // Nor has one whose two directions have ended; we say so before we end ours.
        let [up, down] = self.shared.ended.each_ref().map(|ended| ended.load(SeqCst));
        let other_ended = if self.direction == Direction::Up { down } else { up };
        !has_peer && !other_ended
    }

    /// The end of the stream goes on, too.
    pub(super) fn finish(&self) -> io::Result<()> {
        if self.is_over() {
            return Ok(()); // It was no end, we have woken ourselves.
        }
        self.shared.ended[self.direction as usize].store(true, SeqCst);
        self.to.end(Shutdown::Write).or_else(ignore_not_connected)
    }

    /// Carrying has failed. Why decides what the two sides see.
    pub(super) fn fail(&self, error: &io::Error, other_ended: &Receiver<Infallible>) {
        let say = &self.from.say;
        if self.stop.requested() || self.is_over() {
            drain(self.from.stream, say); // A close on unread bytes would be a reset.
        } else if is_over_time(error) {
            say.note("idle for too long: letting both sides go");
            self.shared.over.store(true, SeqCst);
            self.end_both(Shutdown::Both);
        } else {
            say.note(format_args!("{error}: so both connections are given up"));
            self.give_up(other_ended);
        }
    }

    /// Has the whole connection come to its end, and not only a direction?
    pub(super) fn is_over(&self) -> bool {
        self.shared.over.load(SeqCst)
    }

    /// One side was reset, so the other is to be reset as well: no shutdown, which would
    /// look like an end. Both sockets are closed when both directions have returned.
    pub(super) fn give_up(&self, other_ended: &Receiver<Infallible>) {
        if self.shared.over.swap(true, SeqCst) {
            return; // The other direction is at it.
        }
        reset(self.from.stream, &self.from.say);
        reset(self.to.stream, &self.to.say);
        self.end_both(Shutdown::Read);
        if other_ended.recv_timeout(MOMENT) == Err(RecvTimeoutError::Timeout) {
            self.end_both(Shutdown::Both); // It is stuck in send.
        }
    }

    /// Both sides see the end of the stream, and what they still send is thrown away.
    pub(super) fn cut(&self) {
        self.shared.over.store(true, SeqCst);
        self.end_both(Shutdown::Write);
    }

    pub(super) fn end_both(&self, how: Shutdown) {
        let _ = self.from.end(how); // Who has left needs no goodbye.
        let _ = self.to.end(how);
    }
}

impl<'a> Side<'a> {
    /// The same, with a voice for another thread.
    pub(super) fn on_thread(&self, thread: &'static str) -> Side<'a> {
        let say = self.say.on_thread(thread).about(self.stream);
        Side { stream: self.stream, say }
    }

    fn end(&self, how: Shutdown) -> io::Result<()> {
        let say = &self.say;
        say.shutting_down(how);
        let shut = self.stream.shutdown(how);
        say.shut_down(how, &shut);
        shut
    }
}
