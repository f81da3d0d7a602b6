//! The sending half of a conversation: frames go out whole, whoever sends them.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::demos::tcp_client::end;
use crate::demos::tcp_server::{is_over_time, send_all, send_some};
use crate::demos::ws_server::told::frames_out;
use crate::kit::reset::reset_on_close;
use crate::kit::say::Say;
use crate::kit::text;
use crate::proto::websocket::frame::{self, Key, Opcode};
use crate::proto::websocket::message::close_payload;

/// Several threads may send: one answers pings, another tells what is new. Half a frame in
/// the middle of another would be the end, so they take turns.
#[derive(Debug)]
pub(crate) struct Outbound {
    stream: Arc<TcpStream>,
    /// Whoever has taken the stick out may send. A channel and no lock, because one can wait
    /// for it with a limit.
    stick: (Sender<Stick>, Receiver<Stick>),
    /// The other side has not read for too long.
    stuck: AtomicBool,
}

/// What has become of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    All,
    /// They came too late: a close frame had been sent, or half a frame.
    Nothing,
}

/// What is known by whoever may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stick {
    Open,
    /// A close frame has been sent, or half a frame: nothing may follow it.
    Closed,
}

impl Outbound {
    pub(crate) fn of(stream: Arc<TcpStream>) -> Outbound {
        let stick = bounded(1);
        let _ = stick.0.send(Stick::Open); // There is room for one.
        Outbound { stream, stick, stuck: AtomicBool::new(false) }
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends whole frames with one send. After a close frame there is nothing to say.
    pub(crate) fn send(&self, frames: &[u8], say: &Say) -> io::Result<Sent> {
        if frames.is_empty() {
            return Ok(Sent::All);
        }
        let stick = self.take_stick();
        let sent = self.send_with(stick, stick, (frames, None), say);
        sent.map_err(|error| self.give_up_if_stuck(error, say))
    }

    /// The same for what somebody else has said. The limit is for the stick and for all of
    /// the frames: whoever takes a few bytes now and then is not waited for on and on.
    pub(crate) fn send_within(
        &self,
        limit: Duration,
        frames: &[u8],
        say: &Say,
    ) -> io::Result<Sent> {
        let deadline = Some(Instant::now() + limit);
        let sent = match self.stick.1.recv_timeout(limit) {
            Ok(stick) => self.send_with(stick, stick, (frames, deadline), say),
            Err(_) => Err(ErrorKind::TimedOut.into()),
        };
        sent.map_err(|error| self.give_up_if_stuck(error, say))
    }

    /// Sends a close frame, if none has been sent.
    pub(crate) fn close(&self, code: u16, reason: &str, say: &Say) -> io::Result<Sent> {
        self.close_masked(&close_payload(code, reason), None, say)
    }

    /// The same for a client.
    pub(crate) fn close_masked(
        &self,
        payload: &[u8],
        key: Option<Key>,
        say: &Say,
    ) -> io::Result<Sent> {
        let sent = self.close_with(self.take_stick(), payload, key, say);
        sent.map_err(|error| self.give_up_if_stuck(error, say))
    }

    /// Sends a close frame unless somebody else is sending for so long. It may find the
    /// buffers full, too.
    pub(crate) fn close_within(
        &self,
        limit: Duration,
        payload: &[u8],
        key: Option<Key>,
        say: &Say,
    ) -> io::Result<Sent> {
        let set = self.stream.set_write_timeout(Some(limit));
        say.set(&format!("SO_SNDTIMEO {}", text::duration(limit)), &set);
        match self.stick.1.recv_timeout(limit) {
            Ok(stick) => self.close_with(stick, payload, key, say),
            Err(_) => Ok(Sent::Nothing), // The other side does not read, and would not read this.
        }
    }

    fn take_stick(&self) -> Stick {
        self.stick.1.recv().unwrap_or(Stick::Closed) // Never an error: we hold both ends.
    }

    fn close_with(
        &self,
        stick: Stick,
        payload: &[u8],
        key: Option<Key>,
        say: &Say,
    ) -> io::Result<Sent> {
        let mut close = Vec::new();
        frame::write(Opcode::Close, key, payload, &mut close);
        self.send_with(stick, Stick::Closed, (&close, None), say)
    }

    /// Sends, until the deadline if there is one, and passes the stick on.
    fn send_with(
        &self,
        stick: Stick,
        then: Stick,
        (bytes, deadline): (&[u8], Option<Instant>),
        say: &Say,
    ) -> io::Result<Sent> {
        let (sent, then) = match stick {
            Stick::Closed => (Ok(Sent::Nothing), Stick::Closed),
            Stick::Open => {
                say.notes(frames_out(bytes));
                match self.send_until(deadline, bytes, say) {
                    Ok(()) => (Ok(Sent::All), then),
                    Err(error) => (Err(error), Stick::Closed),
                }
            }
        };
        let _ = self.stick.0.send(then);
        sent
    }

    /// Each send has its own limit (SO_SNDTIMEO), and begins anew after each byte taken.
    fn send_until(
        &self,
        deadline: Option<Instant>,
        bytes: &[u8],
        say: &Say,
    ) -> io::Result<()> {
        let Some(deadline) = deadline else {
            return send_all(&self.stream, bytes, say);
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            if Instant::now() >= deadline {
                return Err(ErrorKind::TimedOut.into());
            }
            rest = &rest[send_some(&self.stream, rest, say)?..];
        }
        Ok(())
    }

    /// The conversation is over for whoever hears, too: without this it would be heard on and
    /// on, and never be answered. And a close alone would leave the kernel sending for
    /// minutes what nobody reads.
    fn give_up_if_stuck(&self, error: io::Error, say: &Say) -> io::Error {
        if !is_over_time(&error) {
            return error; // Whoever hears meets the same.
        }
        self.stuck.store(true, Relaxed);
        say.note("not reading: this conversation ends here");
        let set = reset_on_close(&self.stream);
        say.set("SO_LINGER 0", &set);
        end(&self.stream, say);
        not_reading()
    }

    /// Why the stream has ended, if it was we who have given up.
    pub(crate) fn gave_up(&self) -> io::Result<()> {
        if self.stuck.load(Relaxed) { Err(not_reading()) } else { Ok(()) }
    }
}

fn not_reading() -> io::Error {
    io::Error::other("what was sent was not read")
}
