//! The voice of a demo: two lines around each call.
//!
//! Before a call stands `say.…ing(…)`, after it `say.…ed(&result)`. Both look, neither
//! touches: without these lines the demo is the same program in plain std.
//!
//! Each thread has a `Say` of its own, because a thread makes one call at a time.

mod turns;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::kit::ear::Ear;
use crate::kit::event::{Call, Event, Facts, Failure, Phase, Protocol, Socket};
use crate::kit::std_calls::{self, Listens, blamed, transfer};
use crate::kit::text;

/// How many bytes are kept for a preview: a character has up to four.
const KEPT: usize = 4 * text::PREVIEW;

/// Tells the log what one thread does.
#[derive(Debug)]
pub struct Say {
    ear: Option<Ear>,
    who: &'static str,
    thread: &'static str,
    connection: Option<u32>,
    socket: Option<Socket>,
    begun: Cell<Option<Begun>>,
    offered: RefCell<Vec<u8>>,
    /// The turn of an event loop that is not over.
    turn: RefCell<Option<(Instant, Event)>>,
    bytes_out: Cell<u64>,
    bytes_in: Cell<u64>,
}

/// A call that has begun and has not returned.
#[derive(Clone, Copy, Debug)]
struct Begun {
    call: Call,
    std: Option<&'static str>,
    at: Instant,
    addr: Option<SocketAddr>,
}

impl Say {
    /// The voice of `who`'s main thread. Without an ear it is silent and costs nothing.
    pub fn new(who: &'static str, ear: Option<Ear>) -> Say {
        Say {
            ear,
            who,
            thread: "main",
            connection: None,
            socket: None,
            begun: Cell::new(None),
            offered: RefCell::default(),
            turn: RefCell::default(),
            bytes_out: Cell::new(0),
            bytes_in: Cell::new(0),
        }
    }

    /// A voice for another thread.
    pub fn on_thread(&self, thread: &'static str) -> Say {
        Say {
            thread,
            connection: self.connection,
            socket: self.socket,
            ..Say::new(self.who, self.ear.clone())
        }
    }

    /// The voice of the thread that serves client number `connection`.
    pub fn on_connection(&self, connection: u32) -> Say {
        Say { connection: Some(connection), ..self.on_thread("connection") }
    }

    /// The voice of the same thread, about client number `connection`.
    pub fn numbered(&self, connection: u32) -> Say {
        Say { connection: Some(connection), ..self.on_thread(self.thread) }
    }

    /// The voice of another part that the same thread plays.
    pub fn named(&self, who: &'static str) -> Say {
        Say { who, ..self.on_thread(self.thread) }
    }

    /// From here on, speak of this socket.
    pub fn about(&self, socket: &impl Facts) -> Say {
        let socket = self.ear.as_ref().map(|_| socket.facts());
        Say { connection: self.connection, socket, ..self.on_thread(self.thread) }
    }
}

/// Before a call.
impl Say {
    /// About to make a socket that has `addr`, with this line of std.
    pub fn binding(&self, addr: SocketAddr, std: &'static str) {
        self.begin_with(Call::Bind, |event| {
            (event.addr, event.std, event.socket) = (Some(addr), Some(std.into()), None);
        });
    }

    /// About to wait for a client.
    pub fn accepting(&self) {
        self.begin(Call::Accept, None);
    }

    /// About to connect to `addr`.
    pub fn connecting(&self, addr: SocketAddr) {
        self.begin_with(Call::Connect, |event| {
            event.addr = Some(addr);
            event.socket = self.socket.filter(|socket| socket.protocol == Protocol::Udp);
        });
    }

    /// About to connect to `addr`, for so long at most.
    pub fn connecting_within(&self, addr: SocketAddr, limit: Option<Duration>) {
        self.connecting(addr);
        if let (Some(_), Some(begun)) = (limit, self.begun.get()) {
            self.begun
                .set(Some(Begun { std: Some("TcpStream::connect_timeout"), ..begun }));
        }
    }

    /// About to hand `bytes` to the kernel, for the socket's peer.
    pub fn sending(&self, bytes: &[u8]) {
        self.offer(Call::Send, bytes, None);
    }

    /// About to hand one datagram to the kernel, for `addr`.
    pub fn sending_to(&self, bytes: &[u8], addr: SocketAddr) {
        self.offer(Call::Sendto, bytes, Some(addr));
    }

    /// About to wait for bytes of the peer.
    pub fn receiving(&self) {
        self.begin(Call::Recv, None);
    }

    /// About to wait for a datagram of anybody.
    pub fn receiving_from(&self) {
        self.begin(Call::Recvfrom, None);
    }

    /// About to look at the next datagram without taking it.
    pub fn peeking(&self) {
        self.begin(Call::Peek, None);
    }

    /// About to end one direction, or both.
    pub fn shutting_down(&self, how: Shutdown) {
        self.begin_with(Call::Shutdown, |event| event.text = Some(half(how).to_owned()));
    }

    /// About to give the descriptor back.
    pub fn closing(&self) {
        self.begin(Call::Close, None);
    }

    fn begin(&self, call: Call, addr: Option<SocketAddr>) {
        self.begin_with(call, |event| event.addr = addr);
    }

    fn offer(&self, call: Call, bytes: &[u8], addr: Option<SocketAddr>) {
        self.begin_with(call, |event| {
            let first = &bytes[..bytes.len().min(KEPT)];
            self.offered.replace(first.to_vec());
            event.addr = addr;
            event.bytes = Some(count(bytes.len()));
            event.offset = self.offset(&self.bytes_out);
            event.preview = Some(text::preview(first, bytes.len()));
        });
    }

    fn begin_with(&self, call: Call, detail: impl FnOnce(&mut Event)) {
        let Some(ear) = &self.ear else { return };
        let mut event = self.event(Phase::Begin, call);
        detail(&mut event);
        let addr = event.addr;
        ear.hear_before(event);
        self.begun.set(Some(Begun { call, std: None, at: Instant::now(), addr }));
    }
}

/// After a call.
impl Say {
    /// What became of `TcpListener::bind` or `UdpSocket::bind`: all the calls inside.
    pub fn bound<S: Facts + Listens>(&self, result: &io::Result<S>) {
        let Some(ear) = &self.ear else { return };
        let mut bind = self.ended(Call::Bind, S::BIND);
        match result {
            Ok(socket) => {
                let facts = socket.facts();
                for (call, words) in S::CALLS {
                    let mut event = self.event(Phase::End, *call);
                    (event.std, event.socket) = (bind.std.clone(), Some(facts));
                    event.text = words.map(str::to_owned);
                    if *call == Call::Bind {
                        (event.addr, event.waited_us) = (bind.addr, bind.waited_us);
                    }
                    ear.hear(event);
                }
            }
            Err(error) => {
                bind.call = Some(blamed(error, Call::Bind));
                bind.error = Some(error.into());
                ear.hear(bind);
            }
        }
    }

    /// What became of `accept`.
    pub fn accepted(&self, result: &io::Result<(TcpStream, SocketAddr)>) {
        let Some(ear) = &self.ear else { return };
        let mut event = self.ended(Call::Accept, "TcpListener::accept");
        match result {
            // Asked again, a client that has reset the connection meanwhile has no peer.
            Ok((stream, peer)) => {
                event.made = Some(Socket { peer: Some(*peer), ..stream.facts() });
                event.addr = Some(*peer);
            }
            Err(error) => event.error = Some(error.into()),
        }
        ear.hear(event);
    }

    /// What became of `TcpStream::connect`: a socket was made, then connected.
    pub fn connected(&self, result: &io::Result<TcpStream>) {
        let Some(ear) = &self.ear else { return };
        let mut event = self.ended(Call::Connect, "TcpStream::connect");
        match result {
            Ok(stream) => {
                let facts = stream.facts();
                let mut made = self.event(Phase::End, Call::Socket);
                (made.std, made.socket) = (event.std.clone(), Some(facts));
                ear.hear(made);
                event.socket = Some(facts);
            }
            Err(error) => {
                event.call = Some(blamed(error, Call::Connect));
                (event.socket, event.error) = (None, Some(error.into()));
            }
        }
        ear.hear(event);
    }

    /// What became of `UdpSocket::connect`: nothing was sent, only the peer is now known.
    pub fn pointed_at(&self, socket: &impl Facts, result: &io::Result<()>) {
        let Some(ear) = &self.ear else { return };
        let mut event = self.ended(Call::Connect, "UdpSocket::connect");
        event.socket = Some(socket.facts());
        event.error = result.as_ref().err().map(Failure::from);
        ear.hear(event);
    }

    /// What became of a write, a `send` or a `send_to`: how many bytes the kernel took.
    pub fn sent(&self, result: &io::Result<usize>) {
        let Some(ear) = &self.ear else { return };
        let call = self.begun.get().map_or(Call::Send, |begun| begun.call);
        let mut event = self.ended(call, transfer(call, self.is_udp()));
        match result {
            Ok(n) => {
                event.bytes = Some(count(*n));
                event.offset = self.advance(&self.bytes_out, *n);
                let offered = self.offered.borrow();
                event.preview =
                    Some(text::preview(&offered[..offered.len().min(*n)], *n));
            }
            Err(error) => event.error = Some(error.into()),
        }
        ear.hear(event);
    }

    /// What became of a read or a `recv`: how many bytes were put into `buffer`.
    pub fn received(&self, result: &io::Result<usize>, buffer: &[u8]) {
        let result = result.as_ref().map(|n| (*n, None));
        self.took(Call::Recv, result, buffer);
    }

    /// What became of `recv_from`: how many bytes, and from whom.
    pub fn received_from(&self, result: &io::Result<(usize, SocketAddr)>, buffer: &[u8]) {
        let result = result.as_ref().map(|(n, from)| (*n, Some(*from)));
        self.took(Call::Recvfrom, result, buffer);
    }

    /// What became of `peek`: the bytes are still in the queue.
    pub fn peeked(&self, result: &io::Result<usize>, buffer: &[u8]) {
        let result = result.as_ref().map(|n| (*n, None));
        self.took(Call::Peek, result, buffer);
    }

    fn took(
        &self,
        call: Call,
        result: Result<(usize, Option<SocketAddr>), &io::Error>,
        buffer: &[u8],
    ) {
        let Some(ear) = &self.ear else { return };
        let mut event = self.ended(call, transfer(call, self.is_udp()));
        match result {
            Ok((n, from)) => {
                let bytes = &buffer[..n.min(buffer.len())];
                event.addr = from;
                event.bytes = Some(count(n));
                if call != Call::Peek {
                    event.offset = self.advance(&self.bytes_in, n);
                }
                event.preview = Some(text::preview(&bytes[..bytes.len().min(KEPT)], n));
            }
            Err(error) => event.error = Some(error.into()),
        }
        ear.hear(event);
    }

    /// What became of `shutdown`.
    pub fn shut_down(&self, how: Shutdown, result: &io::Result<()>) {
        let Some(ear) = &self.ear else { return };
        let mut event = self.ended(Call::Shutdown, "TcpStream::shutdown");
        event.text = Some(half(how).to_owned());
        event.error = result.as_ref().err().map(Failure::from);
        ear.hear(event);
    }

    /// The value was dropped: std has closed the descriptor.
    pub fn closed(&self) {
        let Some(ear) = &self.ear else { return };
        ear.hear(self.ended(Call::Close, "drop"));
    }

    /// An option of the socket was set.
    pub fn set(&self, option: &str, result: &io::Result<()>) {
        let Some(ear) = &self.ear else { return };
        let mut event = self.event(Phase::End, Call::Setsockopt);
        event.std = std_calls::option(option).map(Cow::Borrowed);
        event.text = Some(option.to_owned());
        event.error = result.as_ref().err().map(Failure::from);
        ear.hear(event);
    }

    /// About to print what was received: the narration goes first.
    pub fn catching_up(&self) {
        if let Some(ear) = &self.ear {
            ear.catch_up();
        }
    }

    /// The program says something about itself: what it decided, and why.
    pub fn note(&self, words: impl fmt::Display) {
        let Some(ear) = &self.ear else { return };
        let mut event = self.event(Phase::Note, Call::Close);
        (event.call, event.text) = (None, Some(words.to_string()));
        ear.hear(event);
    }

    /// Several things. If nobody listens, nobody looks for them.
    pub fn notes(&self, all: impl Iterator<Item = impl fmt::Display>) {
        if self.ear.is_some() {
            all.for_each(|words| self.note(words));
        }
    }

    fn event(&self, phase: Phase, call: Call) -> Event {
        Event {
            phase,
            call: Some(call),
            who: Cow::Borrowed(self.who),
            thread: Cow::Borrowed(self.thread),
            connection: self.connection,
            socket: self.socket,
            ..Event::default()
        }
    }

    fn ended(&self, call: Call, std: &'static str) -> Event {
        let mut event = self.event(Phase::End, call);
        event.std = Some(Cow::Borrowed(std));
        if let Some(begun) = self.begun.take() {
            event.waited_us = Some(micros(begun.at.elapsed()));
            event.addr = begun.addr;
            event.std = Some(Cow::Borrowed(begun.std.unwrap_or(std)));
        }
        event
    }

    fn is_udp(&self) -> bool {
        self.socket.is_some_and(|socket| socket.protocol == Protocol::Udp)
    }

    /// Datagrams have no place in a stream.
    fn offset(&self, bytes: &Cell<u64>) -> Option<u64> {
        self.socket.filter(|socket| socket.protocol == Protocol::Tcp).map(|_| bytes.get())
    }

    fn advance(&self, bytes: &Cell<u64>, n: usize) -> Option<u64> {
        let offset = self.offset(bytes);
        bytes.set(bytes.get() + count(n));
        offset
    }
}

fn half(how: Shutdown) -> &'static str {
    match how {
        Shutdown::Write => "writing",
        Shutdown::Read => "reading",
        Shutdown::Both => "both directions",
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
