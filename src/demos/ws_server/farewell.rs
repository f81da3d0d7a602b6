//! Who is in a conversation, and how all of them are told that it is over.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::mem;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::demos::http_server::{self, Site};
use crate::demos::tcp_server::Serving;
use crate::demos::ws_server::{Outbound, PATIENCE};
use crate::kit::error::{Doing, Result};
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::kit::text::several;
use crate::proto::websocket::code;
use crate::proto::websocket::message::close_payload;

/// How long the answers to our close frames may take, all together.
const GRACE: Duration = Duration::from_millis(500);

/// How long one client that does not read may hold up the goodbye of the others.
const STUCK: Duration = Duration::from_millis(50);

/// How long all of them may hold it up. Whoever reads needs none of it.
const ALL_STUCK: Duration = Duration::from_millis(500);

/// A limit of zero would be none.
const AT_ONCE: Duration = Duration::from_millis(1);

/// Everybody in a conversation. Locked for the moment of coming or going.
#[derive(Debug)]
pub(crate) struct Present {
    list: Mutex<List>,
    /// Ends when the last one has left, once the list has given up its own copy.
    everybody_left: Receiver<Infallible>,
}

#[derive(Debug)]
struct List {
    outbounds: BTreeMap<u32, Arc<Outbound>>,
    /// Nobody enters any more when it is gone.
    door: Option<Sender<Infallible>>,
}

impl Default for Present {
    fn default() -> Present {
        let (door, everybody_left) = bounded(0);
        let list = List { outbounds: BTreeMap::new(), door: Some(door) };
        Present { list: Mutex::new(list), everybody_left }
    }
}

/// Somebody's place on the list. Dropping it is leaving.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    present: &'a Present,
    number: u32,
    _left: Option<Sender<Infallible>>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.present.list().outbounds.remove(&self.number);
    }
}

impl Present {
    /// Puts client `number` on the list. Whoever comes while we stop is told so at once.
    pub(crate) fn enter(
        &self,
        number: u32,
        outbound: &Arc<Outbound>,
        say: &Say,
    ) -> Place<'_> {
        let mut list = self.list();
        let left = list.door.clone();
        list.outbounds.insert(number, Arc::clone(outbound));
        drop(list);
        if left.is_none() {
            let _ = outbound.close(code::GOING_AWAY, STOPPING, say); // Or it sees the end.
        }
        Place { present: self, number, _left: left }
    }

    /// Sends frames to everybody but `number`. Whoever does not take them is let go.
    pub(crate) fn tell_others(&self, number: u32, frames: &[u8], say: &Say) {
        if frames.is_empty() {
            return;
        }
        let everybody = self.list().outbounds.clone();
        for (other, outbound) in everybody.iter().filter(|(other, _)| **other != number) {
            let say = say.numbered(*other).about(outbound.stream());
            if outbound.send_within(PATIENCE, frames, &say).is_err() {
                say.note("does not take what the others say: let go");
            }
        }
    }

    /// Sends everybody a close frame, and waits until they have answered.
    fn say_goodbye(&self, say: &Say) {
        let mut list = self.list();
        let door = mem::take(&mut list.door);
        let outbounds = list.outbounds.clone();
        drop((list, door));
        let present = several(outbounds.len(), "conversation");
        say.note(format_args!("stopping: a close frame for {present}"));
        let payload = close_payload(code::GOING_AWAY, STOPPING);
        let deadline = Instant::now() + ALL_STUCK;
        for (number, outbound) in outbounds {
            let left = deadline.saturating_duration_since(Instant::now());
            let limit = left.clamp(AT_ONCE, STUCK);
            let say = say.numbered(number).about(outbound.stream());
            // Whoever cannot be told sees the end of the stream.
            let _ = outbound.close_within(limit, &payload, None, &say);
        }
        let _ = self.everybody_left.recv_timeout(GRACE); // Whoever is left is cut off.
    }

    /// A thread that panicked left the list as it was: every change is a single step.
    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const STOPPING: &str = "the server is stopping";

/// A site with conversations.
pub(crate) trait Meeting: Site {
    /// Who is in one.
    fn present(&self) -> &Present;
}

/// Serves a site until somebody pulls `stop`. Everybody who is present then gets a close
/// frame before the stream ends.
pub(crate) fn serve(
    listener: TcpListener,
    serving: &Serving,
    site: &impl Meeting,
    stop: &Stop,
    say: &Say,
) -> Result<()> {
    thread::scope(|scope| {
        let (line, ours) = Stop::by_hand();
        let (over, ended) = bounded(0);
        let voice = say.on_thread("goodbye");
        let goodbye = move || {
            if stop.wait_unless(&ended) {
                site.present().say_goodbye(&voice);
            }
            drop(line); // Everybody has been told: now the server may stop.
        };
        thread::Builder::new().spawn_scoped(scope, goodbye).doing("start a thread")?;
        let served = http_server::serve(listener, serving, site, &ours, say);
        drop(over);
        served
    })
}
