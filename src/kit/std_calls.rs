//! Which line of std makes which system calls. A test traces the demos and compares.

use std::io;
use std::net::{TcpListener, UdpSocket};

use crate::kit::event::Call;
use crate::kit::limits;

/// A socket that `bind` makes, and the system calls it takes on Linux.
pub trait Listens {
    /// The line of std.
    const BIND: &'static str;
    /// The calls inside, in order, each with what it is told.
    const CALLS: &'static [(Call, Option<&'static str>)];
}

impl Listens for TcpListener {
    const BIND: &'static str = "TcpListener::bind";
    const CALLS: &'static [(Call, Option<&'static str>)] = &[
        (Call::Socket, None),
        (Call::Setsockopt, Some("SO_REUSEADDR on")),
        (Call::Bind, None),
        (Call::Listen, Some("queue of 128")),
    ];
}

impl Listens for UdpSocket {
    const BIND: &'static str = "UdpSocket::bind";
    const CALLS: &'static [(Call, Option<&'static str>)] =
        &[(Call::Socket, None), (Call::Bind, None)];
}

/// Which of the calls inside one line of std has failed? std does not say. Want of
/// descriptors is `socket`'s; the rest goes to the name of the whole.
pub(crate) fn blamed(error: &io::Error, whole: Call) -> Call {
    if limits::is_out_of_descriptors(error) { Call::Socket } else { whole }
}

/// The line of std that moves bytes.
pub(crate) fn transfer(call: Call, udp: bool) -> &'static str {
    match call {
        Call::Send if udp => "UdpSocket::send",
        Call::Send => "TcpStream::write",
        Call::Recv if udp => "UdpSocket::recv",
        Call::Recv => "TcpStream::read",
        Call::Sendto => "UdpSocket::send_to",
        Call::Peek => "UdpSocket::peek",
        _ => "UdpSocket::recv_from",
    }
}

/// The line of std that sets an option, if std has one.
pub(crate) fn option(name: &str) -> Option<&'static str> {
    let lines = [
        ("SO_RCVTIMEO", "set_read_timeout"),
        ("SO_SNDTIMEO", "set_write_timeout"),
        ("TCP_NODELAY", "set_nodelay"),
    ];
    lines.iter().find(|(option, _)| name.starts_with(option)).map(|(_, line)| *line)
}
