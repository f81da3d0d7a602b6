//! The ladder: a column for each side, an arrow for each transfer.
//!
//! Events become [`Row`]s here; `draw.rs` puts a row on the page. When both sides speak
//! into the same log, a row begins with the call that causes it and is complete when the
//! other side's call has returned, so one arrow shows both. When only one side is ours,
//! the other column stays empty: nothing is claimed about it.

use std::collections::{HashSet, VecDeque};
use std::time::Instant;

use crate::kit::event::{Call, Event, Phase, Protocol, Socket};
use crate::kit::explain::same_speaker;
use crate::kit::view::draw::{Arrow, Cell, Drawing, Row, Side};
use crate::kit::view::{Held, View, words};

/// Builds rows from events.
#[derive(Debug)]
pub struct Ladder {
    drawing: Drawing,
    both: bool,
    pending: VecDeque<Pending>,
    held: Held,
    /// Who has ended its direction of which connection: its close has no more to say.
    ended: HashSet<(Side, u16, u16)>,
    /// Ports of datagram sockets that are open, so that somebody may receive.
    open_ports: HashSet<u16>,
    connected: bool,
    /// The server calls itself, to wake its accept: no client is coming.
    knocks: bool,
    /// The port that it calls from.
    own_call: Option<u16>,
}

/// A row, and what it still waits for.
#[derive(Debug)]
struct Pending {
    row: Row,
    cause: Event,
    returned: bool,
    /// The other side's call that belongs here has not returned yet.
    awaits: bool,
}

impl Ladder {
    /// With `both`, the events of client and server come into this one log.
    pub fn new(drawing: Drawing, both: bool) -> Ladder {
        Ladder {
            drawing,
            both,
            pending: VecDeque::new(),
            held: Held::default(),
            ended: HashSet::new(),
            open_ports: HashSet::new(),
            connected: false,
            knocks: false,
            own_call: None,
        }
    }

    fn begin(&mut self, event: &Event, page: &mut String) {
        match event.call {
            Some(Call::Accept | Call::Recvfrom) if self.both => {
                if !self.connected {
                    self.put(plain(event, words::announcement(event)), event);
                }
            }
            Some(
                Call::Send | Call::Sendto | Call::Connect | Call::Shutdown | Call::Close,
            ) if self.both && !is_ladderless(event) => {
                let awaits = self.reaches_the_other_side(event);
                let label = match event.call {
                    Some(Call::Connect) => String::new(),
                    Some(Call::Send | Call::Sendto) => words::bytes(event),
                    _ => "end of stream".to_owned(),
                };
                let mut row = plain(event, String::new());
                // Whether a close ends the stream or resets it shows at the other side.
                if event.call != Some(Call::Close)
                    && (awaits || event.call != Some(Call::Shutdown))
                {
                    row.arrow = Some(Arrow { from: Side::of(event), label });
                }
                let cause = event.clone();
                self.pending.push_back(Pending { row, cause, returned: false, awaits });
            }
            _ if self.both => {}
            Some(Call::Connect) if event.thread == "stopper" => self.knocks = true,
            _ => self.held.keep(event, Instant::now()),
        }
        self.draw_complete(page);
    }

    fn end(&mut self, event: &Event, page: &mut String) {
        let news = self.keep_books(event);
        if !self.both {
            let ours = self.is_our_own_call(event);
            let row = if ours || !news { silent(event) } else { alone(event) };
            self.pending.push_back(complete(row, event));
        } else if !self.returns(event) && !self.is_received(event) {
            self.put(plain(event, words::brief(event)), event);
        }
        self.draw_complete(page);
    }

    /// The wake-up call of a server that stops, at either end of it.
    fn is_our_own_call(&mut self, event: &Event) -> bool {
        if event.call == Some(Call::Accept) && self.knocks {
            self.knocks = false;
            self.own_call = event.made.and_then(|made| made.peer).map(|peer| peer.port());
            return true;
        }
        let connects = event.call == Some(Call::Connect) && event.thread == "stopper";
        let peer = event.socket.and_then(|socket| socket.peer).map(|peer| peer.port());
        connects || (peer.is_some() && peer == self.own_call)
    }

    /// The call that began a row has returned.
    fn returns(&mut self, event: &Event) -> bool {
        let own = |pending: &&mut Pending| {
            !pending.returned && same_speaker(&pending.cause, event)
        };
        let Some(pending) = self.pending.iter_mut().find(own) else { return false };
        if event.call != pending.cause.call {
            // `socket`, told when `connect` has returned, came before it.
            let at = self
                .pending
                .iter()
                .position(|p| !p.returned && same_speaker(&p.cause, event));
            let row = complete(plain(event, words::brief(event)), event);
            self.pending.insert(at.unwrap_or(0), row);
            return true;
        }
        pending.returned = true;
        let shown = event.error.is_none() && event.bytes == pending.cause.bytes;
        let arrow = pending.row.arrow.as_ref().filter(|_| shown);
        pending.row.cell_mut(Side::of(event)).detail = beside_arrow(arrow, event);
        if event.error.is_some() {
            pending.row.arrow = None; // Nothing went over.
        }
        pending.cause = event.clone();
        if event.error.is_some() || event.bytes != pending.row_bytes(event) {
            pending.awaits = false;
        }
        true
    }

    /// What the other side has caused has arrived here.
    fn is_received(&mut self, event: &Event) -> bool {
        let side = Side::of(event);
        let cell = Cell::new(event, beside_arrow(Some(()), event));
        let matching = |pending: &Pending| {
            pending.awaits
                && Side::of(&pending.cause) != side
                && matches(&pending.cause, event)
        };
        if let Some(at) = self.pending.iter().position(matching) {
            self.pending[at].awaits = false;
            if self.is_last_of(side, at) {
                let from = Side::of(&self.pending[at].cause);
                let end = || Arrow { from, label: "end of stream".to_owned() };
                self.pending[at].row.arrow.get_or_insert_with(end);
                *self.pending[at].row.cell_mut(side) = cell;
                return true;
            }
        }
        // Bytes of several sends came in one piece, or those of one in several: none of
        // the sends has its own receive. The rows say so by standing apart.
        for pending in &mut self.pending {
            if Side::of(&pending.cause) != side && overlaps(&pending.cause, event) {
                pending.awaits = false;
            }
        }
        false
    }

    /// Each column keeps its own order: nothing is added on `side` above what is there.
    fn is_last_of(&self, side: Side, at: usize) -> bool {
        !self.pending.iter().skip(at + 1).any(|pending| pending.row.has(side))
    }

    fn put(&mut self, row: Row, event: &Event) {
        self.pending.push_back(complete(row, event));
    }

    /// Draws from the front whatever waits for nothing more.
    fn draw_complete(&mut self, page: &mut String) {
        while self.pending.front().is_some_and(|first| first.returned && !first.awaits) {
            if let Some(first) = self.pending.pop_front() {
                self.drawing.draw(&first.row, page);
            }
        }
    }

    /// Remembers what later rows depend on. False if this ends what had been ended before.
    fn keep_books(&mut self, event: &Event) -> bool {
        let ends_again = event.call == Some(Call::Shutdown)
            && ends(event).is_some_and(|end| self.ended.contains(&end));
        let udp_port = event.socket.filter(|socket| socket.protocol == Protocol::Udp);
        let udp_port = udp_port.and_then(|socket| socket.local).map(|local| local.port());
        match (event.call, udp_port) {
            _ if event.error.is_some() => {}
            (Some(Call::Accept | Call::Connect), None) => {
                self.connected = true;
                // The ports may have belonged to an earlier connection.
                if let Some((here, there)) = ports(event) {
                    self.ended.retain(|(_, one, other)| {
                        (*one, *other) != (here, there) && (*one, *other) != (there, here)
                    });
                }
            }
            (Some(Call::Bind), Some(port)) => {
                self.open_ports.insert(port);
            }
            (Some(Call::Close), Some(port)) => {
                self.open_ports.remove(&port);
            }
            (Some(Call::Shutdown), _) => self.ended.extend(ends(event)),
            _ => {}
        }
        !ends_again
    }

    /// Will a call of the other side return because of this one?
    fn reaches_the_other_side(&self, event: &Event) -> bool {
        let to = event.addr.or(event.socket.and_then(|socket| socket.peer));
        match event.call {
            Some(Call::Sendto | Call::Send) if event.is_udp() => {
                to.is_some_and(|to| self.open_ports.contains(&to.port()))
            }
            Some(Call::Close | Call::Shutdown) => {
                ends(event).is_some_and(|(side, here, there)| {
                    !self.ended.contains(&(side, here, there))
                })
            }
            _ => true,
        }
    }
}

impl Pending {
    /// A send that took fewer bytes than it was offered has another receive than
    /// expected.
    fn row_bytes(&self, event: &Event) -> Option<u64> {
        if event.call.is_some_and(Call::sends) { self.cause.bytes } else { event.bytes }
    }
}

impl View for Ladder {
    fn show(&mut self, event: &Event, page: &mut String) {
        self.held.drop_for(event);
        match event.phase {
            Phase::Begin => self.begin(event, page),
            Phase::End => self.end(event, page),
            Phase::Note if event.turn.is_some() => {} // See `--view events`.
            Phase::Note if event.who == "tour" => {
                self.drawing.heading(event.text.as_deref().unwrap_or_default(), page);
                self.connected = false;
            }
            Phase::Note => {
                let words = event.text.clone().unwrap_or_default();
                self.put(Row::note(&words, event), event);
                self.draw_complete(page);
            }
        }
    }

    fn due(&self) -> Option<Instant> {
        self.held.due()
    }

    fn tick(&mut self, now: Instant, page: &mut String) {
        for event in self.held.take(now) {
            self.drawing.draw(&plain(&event, words::announcement(&event)), page);
        }
    }

    fn finish(&mut self, page: &mut String) {
        for pending in self.pending.drain(..) {
            self.drawing.draw(&pending.row, page);
        }
        self.drawing.finish(page);
    }
}

/// A row of one side only, and nothing went to the other.
fn silent(event: &Event) -> Row {
    plain(event, words::brief(event) + &long_wait(event))
}

fn plain(event: &Event, detail: String) -> Row {
    let mut row = Row::default();
    row.unordered = event.unordered;
    *row.cell_mut(Side::of(event)) = Cell::new(event, detail);
    row
}

/// A row of one side only: the arrow shows what came or went, the other column nothing.
fn alone(event: &Event) -> Row {
    let side = Side::of(event);
    let mut row = silent(event);
    let from = match event.call {
        _ if event.error.is_some() || event.run.is_some() => None,
        _ if ports(event).is_some_and(|(here, there)| here == there) => None, // To ourselves.
        Some(Call::Accept) => Some((side.other(), String::new())),
        Some(Call::Connect) if !event.is_udp() => Some((side, String::new())),
        Some(Call::Recv) if event.bytes == Some(0) && !event.is_udp() => {
            Some((side.other(), "end of stream".to_owned()))
        }
        Some(Call::Recv | Call::Recvfrom) => Some((side.other(), words::bytes(event))),
        Some(Call::Send | Call::Sendto) => Some((side, words::bytes(event))),
        Some(Call::Shutdown) if ends(event).is_some() => {
            Some((side, "end of stream".to_owned()))
        }
        _ => None,
    };
    if let Some((from, label)) = from {
        row.cell_mut(side).detail = beside_arrow(Some(()), event) + &long_wait(event);
        row.arrow = Some(Arrow { from, label });
    }
    row
}

/// A picture has little room: only a wait that can be felt is told.
fn long_wait(event: &Event) -> String {
    match event.waited_us {
        Some(100_000..) => words::wait(event),
        _ => String::new(),
    }
}

/// The arrow shows the text; beside it the number of bytes is enough.
fn beside_arrow<T>(arrow: Option<T>, event: &Event) -> String {
    let words = words::brief(event);
    match (arrow, &event.preview) {
        (Some(_), Some(preview)) => words.replacen(&format!(" {preview}"), "", 1),
        _ => words,
    }
}

fn complete(row: Row, event: &Event) -> Pending {
    Pending { row, cause: event.clone(), returned: true, awaits: false }
}

/// Does this call of one side return because of that call of the other?
fn matches(cause: &Event, effect: &Event) -> bool {
    let same = same_connection(cause, effect);
    match (cause.call, effect.call) {
        (Some(Call::Connect), Some(Call::Accept)) => {
            let at = effect.made.and_then(|made| made.local);
            cause.addr.zip(at).is_some_and(|(to, at)| to.port() == at.port())
        }
        (Some(Call::Send | Call::Sendto), Some(Call::Recv | Call::Recvfrom)) => {
            same && cause.offset == effect.offset && cause.bytes == effect.bytes
        }
        (Some(Call::Shutdown | Call::Close), Some(Call::Recv)) => {
            same && effect.bytes == Some(0) && !effect.is_udp()
        }
        _ => false,
    }
}

/// Are some of the bytes the same?
fn overlaps(send: &Event, receive: &Event) -> bool {
    let range =
        |event: &Event| Some((event.offset?, event.offset?.saturating_add(event.bytes?)));
    let moves =
        send.call.is_some_and(Call::sends) && receive.call.is_some_and(Call::receives);
    let (Some(sent), Some(received)) = (range(send), range(receive)) else {
        return false;
    };
    moves && same_connection(send, receive) && sent.0 < received.1 && received.0 < sent.1
}

/// The two ends of one connection know each other's ports, crosswise.
fn same_connection(one: &Event, other: &Event) -> bool {
    match (ports(one), ports(other)) {
        (Some((here, there)), Some((their_here, their_there))) => {
            here == their_there && there == their_here
        }
        _ => false,
    }
}

/// This end's port and the other's.
fn ports(event: &Event) -> Option<(u16, u16)> {
    let Socket { local, peer, .. } = event.socket?;
    Some((local?.port(), peer.or(event.addr)?.port()))
}

/// The direction of a connection that this event ends, if it ends one.
fn ends(event: &Event) -> Option<(Side, u16, u16)> {
    let writing = event.text.as_deref() != Some("reading");
    let (here, there) = ports(event).filter(|_| writing && !event.is_udp())?;
    Some((Side::of(event), here, there))
}

/// A close of a listener or a datagram socket, a connect that only notes a peer, a server
/// that calls itself: nothing goes to the other side.
fn is_ladderless(event: &Event) -> bool {
    let closes = matches!(event.call, Some(Call::Close | Call::Shutdown));
    let connects = event.call == Some(Call::Connect);
    (closes && ends(event).is_none())
        || (connects && (event.is_udp() || event.thread == "stopper"))
}
