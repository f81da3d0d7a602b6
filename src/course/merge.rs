//! Two recordings of one conversation, in one order that both of them allow.
//!
//! Each recording has an order of its own, and its own clock; the clocks are never
//! compared. Between the two there are only causes: bytes are sent before they are
//! received, a connection is asked for before it is accepted, a stream is ended before
//! its end is seen. Whatever follows from these is known, everything else is marked.

use std::collections::HashMap;

use crate::kit::event::{Call, Event, Phase, Protocol, Socket};

/// A connection, or a pair of datagram sockets: the two ports, the smaller first.
type Pair = (u16, u16);

/// Does some connection appear in both?
pub fn share_a_connection(first: &[Event], second: &[Event]) -> bool {
    let pairs: Vec<Pair> = first.iter().filter_map(pair).collect();
    second.iter().filter_map(pair).any(|pair| pairs.contains(&pair))
}

/// Merges the two. An event is marked `unordered` when it is not known whether the last
/// thing seen of the other side came before it.
pub fn merge(first: Vec<Event>, second: Vec<Event>) -> Vec<Event> {
    let causes = [causes(&second, &first), causes(&first, &second)];
    let sides = [first, second];
    let mut done = [0, 0];
    let mut merged: Vec<Event> = Vec::new();
    // For each side: how much of the other side must have happened by now.
    let mut known = [0, 0];
    // For each side: the last thing to be seen of it.
    let mut shown = [0, 0];
    let mut last_side = 0;
    while done[0] < sides[0].len() || done[1] < sides[1].len() {
        let is_free = |side: usize| {
            done[side] < sides[side].len() && causes[side][done[side]] <= done[1 - side]
        };
        // Stay on one side as long as it needs nothing from the other. If neither is
        // free, a recording is incomplete: go on where there is something.
        let side = match (is_free(last_side), is_free(1 - last_side)) {
            (true, _) => last_side,
            (false, true) => 1 - last_side,
            (false, false) if done[last_side] < sides[last_side].len() => last_side,
            (false, false) => 1 - last_side,
        };
        let mut event = sides[side][done[side]].clone();
        known[side] = known[side].max(causes[side][done[side]]);
        event.unordered = known[side] < shown[1 - side];
        done[side] += 1;
        if event.phase == Phase::End || is(&event, Phase::Begin, Call::Accept) {
            shown[side] = done[side];
        }
        last_side = side;
        merged.push(event);
    }
    merged
}

/// For each event of `effects`: how many events of `origins` must have come before.
fn causes(origins: &[Event], effects: &[Event]) -> Vec<usize> {
    let mut index = Index::new(origins);
    effects.iter().map(|effect| index.cause(effect).map_or(0, |at| at + 1)).collect()
}

/// Where in one recording the causes stand.
struct Index<'a> {
    events: &'a [Event],
    /// For each pair of ports: the places of its datagrams that have not been received.
    datagrams: HashMap<Pair, Vec<usize>>,
}

impl<'a> Index<'a> {
    fn new(events: &'a [Event]) -> Index<'a> {
        let mut datagrams: HashMap<Pair, Vec<usize>> = HashMap::new();
        for (at, event) in events.iter().enumerate() {
            let sends =
                event.phase == Phase::Begin && event.call.is_some_and(Call::sends);
            if let Some(pair) = pair(event).filter(|_| sends && is_udp(event)) {
                datagrams.entry(pair).or_default().push(at);
            }
        }
        Index { events, datagrams }
    }

    fn cause(&mut self, effect: &Event) -> Option<usize> {
        if effect.phase != Phase::End || effect.error.is_some() {
            return None;
        }
        match effect.call? {
            Call::Accept => self.place(|cause| {
                let at = effect.made.and_then(|made| made.local);
                let asked = is(cause, Phase::Begin, Call::Connect);
                asked && port(cause.addr) == port(at)
            }),
            Call::Connect if !is_udp(effect) => self.place(|cause| {
                let at = cause.socket.and_then(|socket| socket.local);
                is(cause, Phase::End, Call::Listen) && port(at) == port(peer(effect))
            }),
            Call::Recv | Call::Recvfrom if is_udp(effect) => self.datagram(effect),
            Call::Recv if effect.bytes == Some(0) => self.place(|cause| {
                let ends = is(cause, Phase::Begin, Call::Shutdown)
                    || is(cause, Phase::Begin, Call::Close);
                let writing = cause.text.as_deref() != Some("reading");
                ends && writing && faces(cause, effect)
            }),
            Call::Recv => {
                let upto = effect.offset? + effect.bytes?;
                self.place(|cause| {
                    let range = (cause.offset, cause.bytes);
                    let (Some(from), Some(bytes)) = range else { return false };
                    let sends = cause.call == Some(Call::Send) && cause.error.is_none();
                    sends && faces(cause, effect) && from < upto && upto <= from + bytes
                })
            }
            _ => None,
        }
    }

    fn place(&self, is_cause: impl Fn(&Event) -> bool) -> Option<usize> {
        self.events.iter().position(is_cause)
    }

    /// The first datagram that looks like this one and was not taken for another.
    fn datagram(&mut self, effect: &Event) -> Option<usize> {
        let (sent, events) = (self.datagrams.get_mut(&pair(effect)?)?, self.events);
        let alike = |at: &usize| {
            let cause = &events[*at];
            cause.bytes >= effect.bytes && faces(cause, effect)
        };
        let found = sent.iter().position(alike)?;
        Some(sent.remove(found))
    }
}

fn is(event: &Event, phase: Phase, call: Call) -> bool {
    event.phase == phase && event.call == Some(call)
}

fn is_udp(event: &Event) -> bool {
    event.socket.is_some_and(|socket| socket.protocol == Protocol::Udp)
}

/// What one side calls its own end, the other calls its peer.
fn faces(one: &Event, other: &Event) -> bool {
    match (ports(one), ports(other)) {
        (Some((here, there)), Some((their_here, their_there))) => {
            (here, there) == (their_there, their_here)
        }
        _ => false,
    }
}

fn pair(event: &Event) -> Option<Pair> {
    let (here, there) = ports(event)?;
    Some((here.min(there), here.max(there)))
}

fn ports(event: &Event) -> Option<(u16, u16)> {
    let Socket { local, .. } = event.made.or(event.socket)?;
    Some((local?.port(), port(peer(event))?))
}

fn peer(event: &Event) -> Option<std::net::SocketAddr> {
    event.made.or(event.socket).and_then(|socket| socket.peer).or(event.addr)
}

fn port(addr: Option<std::net::SocketAddr>) -> Option<u16> {
    addr.map(|addr| addr.port())
}
