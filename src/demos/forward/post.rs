//! Datagrams on their way: some take their time, and some let others pass.
//!
//! A direction without delays has no thread here. Otherwise one thread holds what is on
//! its way, ordered by when it arrives, and sleeps until then.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, at, bounded, never, select};

use crate::kit::error::{Doing, Result};
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::proto::datagram_faults::{Chance, Fate};
use crate::proto::faults::Faults;

/// So many datagrams may be on their way; further ones wait in the kernel's queue, which
/// drops what is too much for it.
const ON_THE_WAY: usize = 1024;

/// A datagram that lets the next one pass waits so long for it.
const LATE: Duration = Duration::from_millis(100);

/// A datagram, and the socket that it goes out of.
pub(super) struct Parcel<'a> {
    to: To<'a>,
    number: u32,
    bytes: Vec<u8>,
}

#[derive(Clone)]
enum To<'a> {
    /// To the target, from the socket of an entry.
    Behind(Arc<UdpSocket>),
    /// To this caller, from the socket that everybody knows.
    Front(&'a UdpSocket, SocketAddr),
}

impl<'a> Parcel<'a> {
    pub(super) fn behind(to: Arc<UdpSocket>, number: u32, bytes: &[u8]) -> Parcel<'a> {
        Parcel { to: To::Behind(to), number, bytes: bytes.to_vec() }
    }

    pub(super) fn in_front(
        from: &'a UdpSocket,
        caller: SocketAddr,
        number: u32,
        bytes: &[u8],
    ) -> Parcel<'a> {
        Parcel { to: To::Front(from, caller), number, bytes: bytes.to_vec() }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn meet(&mut self, fate: &Fate) {
        fate.apply(&mut self.bytes);
    }

    /// One datagram goes out. If the kernel does not take it, it is lost.
    pub(super) fn send(&self, say: &Say) {
        let say = say.numbered(self.number);
        match &self.to {
            To::Behind(socket) => {
                let say = say.about(&**socket);
                say.sending(&self.bytes);
                let sent = socket.send(&self.bytes);
                say.sent(&sent);
            }
            To::Front(socket, caller) => {
                let say = say.about(*socket);
                say.sending_to(&self.bytes, *caller);
                let sent = socket.send_to(&self.bytes, *caller);
                say.sent(&sent);
            }
        }
    }
}

/// The way to the thread that holds what is on its way, if there is one.
pub(super) struct Post<'a>(Option<Sender<Delayed<'a>>>);

struct Delayed<'a> {
    due: Instant,
    late: bool,
    parcel: Parcel<'a>,
}

impl<'scope> Post<'scope> {
    pub(super) fn open(
        scope: &'scope Scope<'scope, '_>,
        faults: &Faults,
        stop: &'scope Stop,
        say: &Say,
    ) -> Result<Post<'scope>> {
        let faults = &faults.datagrams;
        if faults.delay == 0 && faults.jitter == 0 && faults.reorder == Chance::default()
        {
            return Ok(Post(None));
        }
        let (give, given) = bounded(0);
        let voice = say.on_thread("post");
        let carry = move || deliver(&given, stop, &voice);
        thread::Builder::new().spawn_scoped(scope, carry).doing("start a thread")?;
        Ok(Post(Some(give)))
    }

    /// Takes a datagram, once or twice or not at all.
    pub(super) fn take(&self, parcel: Parcel<'scope>, fate: &Fate, say: &Say) {
        let Post(Some(post)) = self else {
            for _ in 0..fate.copies() {
                parcel.send(say);
            }
            return;
        };
        let wait = if fate.late { LATE } else { Duration::ZERO };
        let due = Instant::now() + Duration::from_millis(fate.delay) + wait;
        let Parcel { to, number, bytes } = parcel;
        for _ in 0..fate.copies() {
            let parcel = Parcel { to: to.clone(), number, bytes: bytes.clone() };
            let _ = post.send(Delayed { due, late: fate.late, parcel }); // Or it has ended.
        }
    }
}

/// Sends everything in its time, and what is left at once when it is time to stop.
fn deliver(given: &Receiver<Delayed>, stop: &Stop, say: &Say) {
    let mut on_the_way: BTreeMap<(Instant, u64), Delayed> = BTreeMap::new();
    let mut n = 0;
    let full = never();
    loop {
        let next = on_the_way.first_key_value().map(|((due, _), _)| *due);
        let timer = next.map_or_else(never, at);
        let room = on_the_way.len() < ON_THE_WAY;
        select! {
            recv(if room { given } else { &full }) -> parcel => match parcel {
                Ok(delayed) => {
                    n += 1;
                    on_the_way.insert((delayed.due, n), delayed);
                }
                Err(_) => break,
            },
            recv(timer) -> _ => {
                if let Some((_, first)) = on_the_way.pop_first() {
                    first.parcel.send(say);
                    let number = (!first.late).then_some(first.parcel.number);
                    let passed: Vec<_> = on_the_way
                        .iter()
                        .filter(|(_, other)| {
                            other.late && Some(other.parcel.number) == number
                        })
                        .map(|(key, _)| *key)
                        .collect();
                    let passed = passed.iter().filter_map(|key| on_the_way.remove(key));
                    passed.for_each(|late| late.parcel.send(say));
                }
            }
            recv(stop.channel()) -> _ => break,
        }
    }
    let rest = on_the_way.into_values().chain(given);
    rest.for_each(|delayed| delayed.parcel.send(say));
}
