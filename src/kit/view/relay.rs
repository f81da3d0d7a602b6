//! The ladder of a forwarder: client, forwarder and server in three columns.
//!
//! Only the forwarder speaks here, of its two sockets for each caller: what it received on
//! the front one came from the client, what it sent on the back one went to the server.
//! What those two did with it is not claimed.

use std::collections::HashSet;
use std::time::Instant;

use crate::kit::event::{Call, Event, Phase};
use crate::kit::text::{WIDTH, split_at_width, still_safe, width, wrap};
use crate::kit::view::{Held, Ink, View, words};

/// What fits between two of the three lines, which stand at columns 2, 40 and 77.
const LEFT_GAP: usize = 37;
const RIGHT_GAP: usize = 36;

/// What stands before a note.
const NOTE: usize = 6;

/// Draws what a forwarder says.
#[derive(Debug)]
pub struct Relay {
    ink: Ink,
    sentences: bool,
    begun: bool,
    held: Held,
    /// Sockets whose close will be a reset.
    linger: HashSet<Socket>,
    /// Sockets that the other side has reset.
    reset: HashSet<Socket>,
    /// Sockets whose end of stream we have sent.
    ended: HashSet<Socket>,
    /// Sockets whose reading we have shut down ourselves: a 0 is no end of theirs.
    woken: HashSet<Socket>,
    /// The server calls itself, to wake its accept: no client is coming.
    knocks: bool,
    /// The port that it calls from.
    own_call: Option<u16>,
}

/// Which of our sockets: the side, and its descriptor.
type Socket = (Side, u64);

/// The forwarder's front is its side to the client, its back the one to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Side {
    Front,
    Back,
}

/// Which way an arrow points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    Us,
    Them,
}

/// A transfer on one side.
struct Arrow<'a> {
    side: Side,
    to: To,
    label: &'a str,
}

/// Is this something that a forwarder says?
pub fn is_a_relay(event: &Event) -> bool {
    ["front", "back"].contains(&&*event.who)
}

impl Relay {
    /// A picture, or the same in words.
    pub fn new(ink: Ink, sentences: bool) -> Relay {
        Relay {
            ink,
            sentences,
            begun: false,
            held: Held::default(),
            linger: HashSet::new(),
            reset: HashSet::new(),
            ended: HashSet::new(),
            woken: HashSet::new(),
            knocks: false,
            own_call: None,
        }
    }

    /// The wake-up call of a server that stops, and its last look at an empty queue.
    fn is_our_own_call(&mut self, event: &Event) -> bool {
        if event.call == Some(Call::Accept) && self.knocks {
            let peer = event.made.and_then(|made| made.peer);
            let first = self.own_call.is_none();
            self.own_call = self.own_call.or(peer.map(|peer| peer.port()));
            return first || event.error.is_some();
        }
        let peer = event.socket.and_then(|socket| socket.peer).map(|peer| peer.port());
        let knock = event.thread == "stopper" && event.connection.is_none();
        knock || (peer.is_some() && peer == self.own_call)
    }

    fn end(&mut self, event: &Event, page: &mut String) {
        let side = Side::of(event);
        let socket = event.socket.map(|socket| (side, socket.fd));
        match (event.call, &event.error) {
            _ if self.is_our_own_call(event) || is_to_ourselves(event) => {} // The notes tell it.
            (Some(Call::Recv | Call::Send), Some(error))
                if error.kind == "ConnectionReset" =>
            {
                self.reset.extend(socket);
                self.arrow(event, &Arrow { side, to: To::Us, label: "reset" }, page);
            }
            (Some(Call::Connect), Some(error)) => {
                let words = format!("connect ✗ {}", error.text);
                self.beside(event, side, &words, page);
            }
            (Some(Call::Shutdown), Some(_)) => {} // There is no direction left to end.
            (Some(call), Some(error)) => {
                let words = format!("{} failed: {}", call.name(), error.text);
                self.beside(event, side, &words, page);
            }
            (Some(Call::Setsockopt), None) => {
                let lingers = event.text.as_deref() == Some("SO_LINGER 0");
                self.linger.extend(socket.filter(|_| lingers));
            }
            (Some(Call::Close), None) => self.close(event, side, page),
            (Some(_), None) => self.moved(event, side, page),
            (None, _) => {}
        }
    }

    /// Something came or went.
    fn moved(&mut self, event: &Event, side: Side, page: &mut String) {
        let from = |addr: Option<std::net::SocketAddr>| {
            addr.map_or("connection".to_owned(), |addr| format!("from {addr}"))
        };
        let here = event.socket.and_then(|socket| socket.local);
        let socket = event.socket.map(|socket| (side, socket.fd));
        let (to, label) = match event.call {
            Some(Call::Accept) => (To::Us, from(event.addr)),
            Some(Call::Connect) if !event.is_udp() => (To::Them, from(here)),
            Some(Call::Recv) if event.bytes == Some(0) && !event.is_udp() => {
                match socket.is_some_and(|socket| self.woken.contains(&socket)) {
                    true => return self.beside(event, side, "recv woken: 0 B", page),
                    false => (To::Us, "end of stream".to_owned()),
                }
            }
            Some(Call::Recv)
                if event.bytes == Some(0)
                    && socket.is_some_and(|socket| self.woken.contains(&socket)) =>
            {
                return; // Our own datagram, which ended the wait.
            }
            Some(Call::Recv) => (To::Us, words::bytes(event)),
            Some(Call::Recvfrom) => {
                let port =
                    event.addr.map_or(String::new(), |a| format!(" from :{}", a.port()));
                (To::Us, words::bytes(event) + &port)
            }
            Some(Call::Send) => (To::Them, words::bytes(event)),
            Some(Call::Sendto) => {
                let port =
                    event.addr.map_or(String::new(), |a| format!(" to :{}", a.port()));
                (To::Them, words::bytes(event) + &port)
            }
            Some(Call::Shutdown) if event.text.as_deref() != Some("reading") => {
                let first = socket.is_some_and(|socket| self.ended.insert(socket));
                if !first {
                    return; // An end is sent once.
                }
                (To::Them, "end of stream".to_owned())
            }
            Some(Call::Bind) => {
                let at = here.map_or(String::new(), |addr| addr.to_string());
                return self.beside(event, side, &format!("bind {at}"), page);
            }
            _ => return,
        };
        self.arrow(event, &Arrow { side, to, label: &label }, page);
    }

    fn close(&mut self, event: &Event, side: Side, page: &mut String) {
        let Some(socket) = event.socket.map(|socket| (side, socket.fd)) else { return };
        let (resets, was_reset) =
            (self.linger.remove(&socket), self.reset.remove(&socket));
        self.ended.remove(&socket);
        self.woken.remove(&socket);
        match resets && !was_reset {
            true => {
                self.arrow(event, &Arrow { side, to: To::Them, label: "reset" }, page);
            }
            false => self.beside(event, side, "close", page),
        }
    }

    fn arrow(&mut self, event: &Event, arrow: &Arrow, page: &mut String) {
        let Arrow { side, to, label } = *arrow;
        let label = format!("{}{}", number(event), still_safe(label));
        if self.sentences {
            let they = side.they();
            let (from, to) = match to {
                To::Us => (they, "forwarder"),
                To::Them => ("forwarder", they),
            };
            return self.line(&format!("{from} to {to}: {label}"), page);
        }
        let room = side.gap() - 4;
        let label = match width(&label) + 8 > room {
            true => format!("{}…", split_at_width(&label, room - 9).0),
            false => label,
        };
        let dashes = room - 3 - width(&label);
        let (before, after) = ("─".repeat(dashes / 2), "─".repeat(dashes - dashes / 2));
        let points_right = (side == Side::Front) == (to == To::Us);
        let shaft = match points_right {
            true => format!("  {before} {label} {after}►  "),
            false => format!("  ◄{before} {label} {after}  "),
        };
        self.rungs(side, &shaft, page);
    }

    /// A call of the forwarder's own, written on the side that it is about.
    fn beside(&mut self, event: &Event, side: Side, words: &str, page: &mut String) {
        let words = format!("{}{}", number(event), still_safe(words));
        if self.sentences {
            return self.line(&format!("forwarder, {}: {words}", side.name()), page);
        }
        for words in wrap(&words, side.gap() - 2) {
            let gap = side.gap();
            let text = match side {
                Side::Front => format!("{words:>width$} ", width = gap - 1),
                Side::Back => format!(" {words}"),
            };
            self.rungs(side, &text, page);
        }
    }

    fn rungs(&mut self, side: Side, text: &str, page: &mut String) {
        if !self.begun {
            let middle = "forwarder";
            let heading = format!(" client{middle:>34}{:>38}", "server");
            page.push_str(&format!("{heading}\n"));
            self.begun = true;
        }
        let pad = |text: &str, gap: usize| {
            format!("{text}{}", " ".repeat(gap.saturating_sub(width(text))))
        };
        let (left, right) = match side {
            Side::Front => (pad(text, LEFT_GAP), pad("", RIGHT_GAP)),
            Side::Back => (pad("", LEFT_GAP), pad(text, RIGHT_GAP)),
        };
        page.push_str(&format!("  │{left}│{right}│\n"));
    }

    fn line(&self, words: &str, page: &mut String) {
        for (i, line) in wrap(words, WIDTH - 2).iter().enumerate() {
            page.push_str(&format!("{}{line}\n", if i == 0 { "" } else { "  " }));
        }
    }

    fn note(&mut self, event: &Event, page: &mut String) {
        let words = still_safe(event.text.as_deref().unwrap_or_default());
        let words = format!("{}: {}{words}", Side::of(event).name(), number(event));
        if self.sentences {
            return self.line(&words, page);
        }
        for (i, line) in wrap(&words, WIDTH - NOTE).iter().enumerate() {
            let mark = if i == 0 { '*' } else { ' ' };
            page.push_str(&self.ink.dim(&format!("    {mark} {line}")));
            page.push('\n');
        }
    }
}

impl View for Relay {
    fn show(&mut self, event: &Event, page: &mut String) {
        self.held.drop_for(event);
        match event.phase {
            Phase::Begin if event.call == Some(Call::Shutdown) => {
                let wakes = event.text.as_deref() != Some("writing");
                let socket = event.socket.filter(|_| wakes);
                self.woken.extend(socket.map(|socket| (Side::of(event), socket.fd)));
            }
            Phase::Begin if is_to_ourselves(event) => {
                self.woken
                    .extend(event.socket.map(|socket| (Side::of(event), socket.fd)));
            }
            Phase::Begin
                if event.call == Some(Call::Accept) && event.thread == "main" => {}
            Phase::Begin if event.thread == "stopper" => {
                self.knocks |= event.call == Some(Call::Connect);
            }
            Phase::Begin => self.held.keep(event, Instant::now()),
            Phase::End => self.end(event, page),
            Phase::Note => self.note(event, page),
        }
    }

    fn due(&self) -> Option<Instant> {
        self.held.due()
    }

    fn tick(&mut self, now: Instant, page: &mut String) {
        for event in self.held.take(now) {
            let words = words::announcement(&event);
            self.beside(&event, Side::of(&event), &words, page);
        }
    }
}

impl Side {
    fn of(event: &Event) -> Side {
        if event.who == "back" { Side::Back } else { Side::Front }
    }

    fn name(self) -> &'static str {
        match self {
            Side::Front => "front",
            Side::Back => "back",
        }
    }

    fn they(self) -> &'static str {
        match self {
            Side::Front => "client",
            Side::Back => "server",
        }
    }

    fn gap(self) -> usize {
        match self {
            Side::Front => LEFT_GAP,
            Side::Back => RIGHT_GAP,
        }
    }
}

/// A datagram that wakes our own receive.
fn is_to_ourselves(event: &Event) -> bool {
    let own = event.socket.and_then(|socket| socket.local).map(|local| local.port());
    event.is_udp() && own.is_some() && event.addr.map(|addr| addr.port()) == own
}

/// Which caller it is about, if there are several.
fn number(event: &Event) -> String {
    event.connection.filter(|n| *n > 1).map_or(String::new(), |n| format!("#{n} "))
}
