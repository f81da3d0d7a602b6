//! Frames of a client, and what becomes of input that comes too late for them.

use std::convert::Infallible;
use std::io;

use crossbeam_channel::Receiver;

use super::Talk;
use crate::demos::ws_server::Sent;
use crate::kit::error::{Doing, Error, Result};
use crate::kit::say::Say;
use crate::proto::websocket::frame::{self, Key, Opcode};
use crate::proto::websocket::message::close_payload;

impl Talk<'_> {
    /// Sends one frame, masked with a key of its own.
    pub(super) fn send(&self, opcode: Opcode, payload: &[u8], say: &Say) -> Result<Sent> {
        let (key, mut bytes) = (key()?, Vec::new());
        frame::write(opcode, Some(key), payload, &mut bytes);
        self.outbound.send(&bytes, say).doing("send")
    }

    /// Whoever cannot be told has gone, and may have said why: that is the receiver's to say.
    pub(super) fn close(&self, code: u16, reason: &str, say: &Say) {
        if let Ok(key) = key() {
            let payload = close_payload(code, reason);
            let _ = self.outbound.close_masked(&payload, Some(key), say);
        }
    }

    /// Nothing may follow a close frame. Waits for the end of the stream: input that has come
    /// until then, or could not be sent before, is lost, and nobody else would say so.
    pub(super) fn keep_silent(
        &self,
        sent: Sent,
        input: &Receiver<Vec<u8>>,
        nothing_comes: &Receiver<Infallible>,
        say: &Say,
    ) -> Result<()> {
        say.note("the conversation is closed: no more input is sent");
        let _ = nothing_comes.recv(); // It ends without a word.
        let is_lost = sent == Sent::Nothing || input.try_recv().is_ok();
        match is_lost && !self.stop.requested() {
            true => Err(Error::because("send all of the input", "the server has closed")),
            false => Ok(()),
        }
    }
}

/// Four bytes that nobody can foresee (RFC 6455, section 10.3): whoever knew them could
/// choose what is on the wire, and make a proxy on the way take it for something else.
pub(super) fn key() -> Result<Key> {
    let mut key = Key::default();
    let filled = getrandom::fill(&mut key);
    filled.map_err(io::Error::other).doing("ask the system for random bytes")?;
    Ok(key)
}
