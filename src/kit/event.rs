//! One event: what was observed about one call.
//!
//! Every view, the JSON lines and the recordings are made of these and of nothing else.
//! `docs/events.md` explains each field to a reader of the JSON.

use std::borrow::Cow;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};

use serde::{Deserialize, Serialize};

/// What one thread saw of one call, or a remark of the program about itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Place in the log, from 1.
    pub seq: u64,
    /// Microseconds since this program began to narrate. No other program shares this
    /// clock.
    pub time_us: u64,
    /// Who acts: `server`, `client`.
    pub who: Cow<'static, str>,
    /// The thread's job: `main`, `connection`, `connect`, `sender`, `receiver`,
    /// `stopper`.
    pub thread: Cow<'static, str>,
    /// Which client a server's event is about, counted from 1 as they were accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<u32>,
    /// Before the call, after the call, or a note.
    pub phase: Phase,
    /// The system call, under the name a C programmer knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
    /// The line of std that made the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub std: Option<Cow<'static, str>>,
    /// The socket the call worked on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<Socket>,
    /// The socket the call made: by `accept`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<Socket>,
    /// The address the call was given (`bind`, `connect`, `sendto`) or gave (`recvfrom`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addr: Option<SocketAddr>,
    /// Bytes offered (before a send) or moved (after).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How many bytes went the same way on this connection before these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// The first bytes, made safe to print.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// Present when this event stands for several calls in a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// How long the call took, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited_us: Option<u64>,
    /// Why the call failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// A note's words, or the detail of a call: which option, which half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A note that is the turn of an event loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    /// Whether this came after the event before it is not known: two recordings were
    /// merged.
    #[serde(skip)]
    pub unordered: bool,
}

impl Event {
    /// Is this about a datagram socket?
    pub fn is_udp(&self) -> bool {
        self.socket.is_some_and(|socket| socket.protocol == Protocol::Udp)
    }
}

/// Where an event stands to its call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The call is about to be made; it may block.
    Begin,
    /// The call has returned.
    End,
    /// Not a call: the program says something about itself.
    #[default]
    Note,
}

/// The calls that are narrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "each one is the system call of that name")]
pub enum Call {
    Socket,
    Setsockopt,
    Bind,
    Listen,
    Accept,
    Connect,
    Send,
    Recv,
    Sendto,
    Recvfrom,
    Peek,
    Shutdown,
    Close,
}

impl Call {
    /// The call's name.
    pub fn name(self) -> &'static str {
        match self {
            Call::Socket => "socket",
            Call::Setsockopt => "setsockopt",
            Call::Bind => "bind",
            Call::Listen => "listen",
            Call::Accept => "accept",
            Call::Connect => "connect",
            Call::Send => "send",
            Call::Recv => "recv",
            Call::Sendto => "sendto",
            Call::Recvfrom => "recvfrom",
            Call::Peek => "peek",
            Call::Shutdown => "shutdown",
            Call::Close => "close",
        }
    }

    /// Does the call hand bytes to the kernel?
    pub fn sends(self) -> bool {
        matches!(self, Call::Send | Call::Sendto)
    }

    /// Does the call take bytes from the kernel, for good?
    pub fn receives(self) -> bool {
        matches!(self, Call::Recv | Call::Recvfrom)
    }
}

/// Several calls told as one, because they followed one another without a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// How many calls.
    pub calls: u64,
    /// The fewest bytes that one of them moved.
    pub smallest: u64,
    /// The most.
    pub largest: u64,
}

/// One turn of an event loop: an event was taken off the queue, and its handler was called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// What kind of event.
    pub event: Cow<'static, str>,
    /// How many others were waiting behind it.
    pub queue: u64,
    /// Which function was called.
    pub handler: Cow<'static, str>,
    /// How many observers it told.
    pub observers: u64,
}

/// What the system keeps for a socket, as far as it can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Socket {
    /// The descriptor: the number under which this process knows the socket.
    pub fd: u64,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// This end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddr>,
    /// The other end, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<SocketAddr>,
}

/// The two kinds of socket in this course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Protocol {
    Tcp,
    Udp,
}

/// An error of the system, kept in a form that can be recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Rust's name for it: `ConnectionRefused`.
    pub kind: String,
    /// The system's number for it, if the system said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// The system's words.
    pub text: String,
}

impl From<&io::Error> for Failure {
    fn from(error: &io::Error) -> Failure {
        Failure {
            kind: format!("{:?}", error.kind()),
            code: error.raw_os_error(),
            text: error.to_string(),
        }
    }
}

/// Whatever can be asked what it is: std's three sockets.
pub trait Facts {
    /// Asks the system for descriptor and addresses. An address it does not have is
    /// `None`.
    fn facts(&self) -> Socket;
}

impl Facts for TcpListener {
    fn facts(&self) -> Socket {
        Socket {
            fd: descriptor(self),
            protocol: Protocol::Tcp,
            local: self.local_addr().ok(),
            peer: None,
        }
    }
}

impl Facts for TcpStream {
    fn facts(&self) -> Socket {
        Socket {
            fd: descriptor(self),
            protocol: Protocol::Tcp,
            local: self.local_addr().ok(),
            peer: self.peer_addr().ok(),
        }
    }
}

impl Facts for UdpSocket {
    fn facts(&self) -> Socket {
        Socket {
            fd: descriptor(self),
            protocol: Protocol::Udp,
            local: self.local_addr().ok(),
            peer: self.peer_addr().ok(),
        }
    }
}

#[cfg(unix)]
fn descriptor(socket: &impl std::os::fd::AsRawFd) -> u64 {
    u64::try_from(socket.as_raw_fd()).unwrap_or(u64::MAX) // Never negative while open.
}

#[cfg(windows)]
fn descriptor(socket: &impl std::os::windows::io::AsRawSocket) -> u64 {
    socket.as_raw_socket()
}
