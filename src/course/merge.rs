//! Two recordings of one conversation, in one order that both of them allow.
//!
//! Each recording has an order of its own, and its own clock; the clocks are never
//! compared. Between the two there are only causes: bytes are sent before they are
//! received, a connection is asked for before it is accepted, a stream is ended before
//! its end is seen. Whatever follows from these is known, everything else is marked.

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::kit::event::{Call, Event, Phase};
use crate::kit::explain::same_speaker;

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
    let taken = datagrams(origins, effects);
    let arrived = datagrams(effects, origins);
    let cause = |(at, effect): (usize, &Event)| match (effect.phase, effect.call?) {
        // Whoever got a connection called a listener that was there; whoever was heard sent
        // to a socket that was there.
        (Phase::Begin, Call::Connect) if succeeds(effects, at) => {
            find(origins, |cause| {
                is(cause, Phase::End, Call::Listen)
                    && port(own(cause)) == port(effect.addr)
            })
        }
        (Phase::Begin, call)
            if call.sends() && arrived.values().any(|sent| *sent == at) =>
        {
            find(origins, |cause| {
                is(cause, Phase::End, Call::Bind)
                    && port(own(cause)) == port(peer(effect))
            })
        }
        (Phase::End, Call::Recv | Call::Recvfrom) if effect.is_udp() => {
            taken.get(&at).copied()
        }
        (Phase::End, call) if effect.error.is_none() => {
            stream_cause(origins, effect, call)
        }
        _ => None,
    };
    effects.iter().enumerate().map(|event| cause(event).map_or(0, |at| at + 1)).collect()
}

/// What must have happened on the other side of a connection.
fn stream_cause(origins: &[Event], effect: &Event, call: Call) -> Option<usize> {
    match call {
        Call::Accept => find(origins, |cause| {
            is(cause, Phase::Begin, Call::Connect)
                && port(cause.addr) == port(own(effect))
        }),
        Call::Recv if effect.bytes == Some(0) => find(origins, |cause| {
            let ends = is(cause, Phase::Begin, Call::Shutdown)
                || is(cause, Phase::Begin, Call::Close);
            ends && cause.text.as_deref() != Some("reading") && faces(cause, effect)
        }),
        Call::Recv => {
            let upto = effect.offset?.saturating_add(effect.bytes?);
            find(origins, |cause| {
                let range = (cause.offset, cause.bytes);
                let (Some(from), Some(bytes)) = range else { return false };
                let sends = cause.call == Some(Call::Send) && cause.error.is_none();
                sends
                    && faces(cause, effect)
                    && from < upto
                    && upto <= from.saturating_add(bytes)
            })
        }
        _ => None,
    }
}

/// Which datagram is which: for the place of each receive, the place of its send. Datagrams
/// have no numbers, so the first one that looks alike and was not taken yet is it.
fn datagrams(senders: &[Event], receivers: &[Event]) -> HashMap<usize, usize> {
    let sends = |event: &Event| {
        event.phase == Phase::Begin
            && event.call.is_some_and(Call::sends)
            && event.is_udp()
    };
    let mut free: Vec<usize> =
        (0..senders.len()).filter(|at| sends(&senders[*at])).collect();
    let mut found = HashMap::new();
    for (at, event) in receivers.iter().enumerate() {
        let receives =
            event.phase == Phase::End && event.call.is_some_and(Call::receives);
        if receives && event.is_udp() && event.error.is_none() {
            let alike = |sent: &usize| {
                senders[*sent].bytes >= event.bytes && faces(&senders[*sent], event)
            };
            if let Some(place) = free.iter().position(alike) {
                found.insert(at, free.remove(place));
            }
        }
    }
    found
}

/// Did the call that begins here return without an error?
fn succeeds(events: &[Event], begin: usize) -> bool {
    let returns = |event: &&Event| {
        same_speaker(event, &events[begin]) && is(event, Phase::End, Call::Connect)
    };
    events[begin..].iter().find(returns).is_some_and(|end| end.error.is_none())
}

fn find(events: &[Event], is_it: impl Fn(&Event) -> bool) -> Option<usize> {
    events.iter().position(is_it)
}

fn is(event: &Event, phase: Phase, call: Call) -> bool {
    event.phase == phase && event.call == Some(call)
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
    Some((port(own(event))?, port(peer(event))?))
}

fn peer(event: &Event) -> Option<SocketAddr> {
    event.made.or(event.socket).and_then(|socket| socket.peer).or(event.addr)
}

fn own(event: &Event) -> Option<SocketAddr> {
    event.made.or(event.socket).and_then(|socket| socket.local)
}

fn port(addr: Option<SocketAddr>) -> Option<u16> {
    addr.map(|addr| addr.port())
}
