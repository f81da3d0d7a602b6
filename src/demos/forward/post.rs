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

use crate::demos::forward::direction::Direction;
use crate::demos::forward::road::Roads;
use crate::kit::error::{Doing, Result};
use crate::kit::say::Say;
use crate::kit::stop::Stop;
use crate::proto::datagram_faults::{Chance, Fate};

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

    /// One datagram goes out. If the kernel does not take it, it is lost, and counted.
    pub(super) fn send(&self, roads: &Roads, say: &Say) {
        let say = say.numbered(self.number);
        let (direction, sent) = match &self.to {
            To::Behind(socket) => {
                let say = say.about(&**socket);
                say.sending(&self.bytes);
                let sent = socket.send(&self.bytes);
                say.sent(&sent);
                (Direction::Up, sent)
            }
            To::Front(socket, caller) => {
                let say = say.about(*socket);
                say.sending_to(&self.bytes, *caller);
                let sent = socket.send_to(&self.bytes, *caller);
                say.sent(&sent);
                (Direction::Down, sent)
            }
        };
        if sent.is_err() {
            roads.tally().datagrams[direction as usize].failed += 1;
        }
    }
}

/// The way to the thread that holds what is on its way, if there is one.
pub(super) struct Post<'a> {
    roads: &'a Roads,
    thread: Option<Sender<Delayed<'a>>>,
}

struct Delayed<'a> {
    /// When its delay is over. If it is late, it then waits for the next one.
    due: Instant,
    late: bool,
    parcel: Parcel<'a>,
}

impl<'scope> Post<'scope> {
    pub(super) fn open(
        scope: &'scope Scope<'scope, '_>,
        (roads, direction): (&'scope Roads, Direction),
        stop: &'scope Stop,
        say: &Say,
    ) -> Result<Post<'scope>> {
        let faults = &roads.of(direction).datagrams;
        if faults.delay == 0 && faults.jitter == 0 && faults.reorder == Chance::default()
        {
            return Ok(Post { roads, thread: None });
        }
        let (give, given) = bounded(0);
        let voice = say.on_thread("post");
        let carry = move || deliver(&given, roads, stop, &voice);
        thread::Builder::new().spawn_scoped(scope, carry).doing("start a thread")?;
        Ok(Post { roads, thread: Some(give) })
    }

    /// Takes a datagram, once or twice or not at all.
    pub(super) fn take(&self, parcel: Parcel<'scope>, fate: &Fate, say: &Say) {
        let Some(post) = &self.thread else {
            for _ in 0..fate.copies() {
                parcel.send(self.roads, say);
            }
            return;
        };
        let due = Instant::now() + Duration::from_millis(fate.delay);
        let Parcel { to, number, bytes } = parcel;
        for _ in 0..fate.copies() {
            let parcel = Parcel { to: to.clone(), number, bytes: bytes.clone() };
            let _ = post.send(Delayed { due, late: fate.late, parcel }); // Or it has ended.
        }
    }
}

/// When each is sent, and the how-manieth it is of those that came.
type OnTheWay<'a> = BTreeMap<(Instant, u64), Delayed<'a>>;

/// Sends everything in its time, and what is left at once when it is time to stop.
fn deliver(given: &Receiver<Delayed>, roads: &Roads, stop: &Stop, say: &Say) {
    let mut on_the_way = OnTheWay::new();
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
                    let wait = if delayed.late { LATE } else { Duration::ZERO };
                    on_the_way.insert((delayed.due + wait, n), delayed);
                }
                Err(_) => break,
            },
            recv(timer) -> _ => {
                if let Some(((_, nth), first)) = on_the_way.pop_first() {
                    first.parcel.send(roads, say);
                    if !first.late {
                        has_passed(&mut on_the_way, nth, first.parcel.number);
                    }
                }
            }
            recv(stop.channel()) -> _ => break,
        }
    }
    let rest = on_the_way.into_values().chain(given);
    rest.for_each(|delayed| delayed.parcel.send(roads, say));
}

/// The late ones that came before this one need not wait any longer, except for their own
/// delay.
fn has_passed(on_the_way: &mut OnTheWay, nth: u64, number: u32) {
    let waits = |came: u64, other: &Delayed| {
        other.late && came < nth && other.parcel.number == number
    };
    let passed = on_the_way.iter().filter(|((_, came), other)| waits(*came, other));
    for key in passed.map(|(key, _)| *key).collect::<Vec<_>>() {
        if let Some(late) = on_the_way.remove(&key) {
            on_the_way.insert((late.due, key.1), Delayed { late: false, ..late });
        }
    }
}
