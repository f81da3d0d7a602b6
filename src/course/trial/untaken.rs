//! What lies on a connection: sent by the check, and not taken by the program.

use std::net::SocketAddr;

use crate::course::kernel;
use crate::course::trial::witness::same;
use crate::proto::socket_table::Entry;

/// What was sent on a connection and has not been taken by the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Untaken {
    /// It lies ready for the program.
    pub(super) unread: u32,
    /// It has not arrived there, or the other kernel has not said so yet.
    pub(super) unsent: u32,
}

/// How much of what was sent from `ours` to `theirs` has not been taken. Nobody knows where
/// the kernel does not show it.
pub(super) fn untaken(ours: SocketAddr, theirs: SocketAddr) -> Option<Untaken> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let (own, other) = both_ends(ours, theirs);
    Some(Untaken {
        unread: other.map_or(0, |entry| entry.unread()),
        unsent: own.map_or(0, |entry| entry.unsent()),
    })
}

/// The same, if both ends were seen: while the kernel writes its table down, one that is
/// there can be missing from it.
pub(super) fn untaken_for_certain(
    ours: SocketAddr,
    theirs: SocketAddr,
) -> Option<Untaken> {
    let (own, other) = both_ends(ours, theirs);
    Some(Untaken { unread: other?.unread(), unsent: own?.unsent() })
}

/// This end of a connection, and the other one. One address does not tell which connection
/// is meant: the kernel lends a port to several, if they lead to different places.
fn both_ends(ours: SocketAddr, theirs: SocketAddr) -> (Option<Entry>, Option<Entry>) {
    let own = |it: &Entry| same(it.local, ours) && same(it.peer, theirs);
    let other = |it: &Entry| same(it.local, theirs) && same(it.peer, ours);
    let both = |seen: &[Entry]| seen.iter().any(own) && seen.iter().any(other);
    let look = || {
        let sockets = kernel::sockets_of_port(ours.port(), both);
        (sockets.iter().find(|it| own(it)).cloned(), sockets.into_iter().find(other))
    };
    match look() {
        (Some(own), Some(other)) => (Some(own), Some(other)),
        _ => look(), // It may have been missed.
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::io::Write;
    use std::net::{Ipv4Addr, TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{
        AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, setsockopt, socket,
        sockopt,
    };

    use super::*;

    /// A connection to `there` from a port that may lead elsewhere, too.
    fn connection(from: u16, there: &TcpListener) -> (TcpStream, TcpStream) {
        let stream =
            socket(AddressFamily::Inet, SockType::Stream, SockFlag::empty(), None);
        let stream = stream.unwrap();
        setsockopt(&stream, sockopt::ReuseAddr, &true).unwrap();
        let from = SockaddrIn::new(127, 0, 0, 1, from);
        bind(stream.as_raw_fd(), &from).unwrap();
        let to = SockaddrIn::new(127, 0, 0, 1, there.local_addr().unwrap().port());
        connect(stream.as_raw_fd(), &to).unwrap();
        (stream.into(), there.accept().unwrap().0)
    }

    #[test]
    fn connections_from_one_port_are_told_apart() {
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let there = [listen(), listen(), listen()];
        let first = connection(0, &there[0]);
        let from = first.0.local_addr().unwrap();
        let second = connection(from.port(), &there[1]);
        let third = connection(from.port(), &there[2]);
        for (n, (ours, _)) in [first, second, third].iter_mut().enumerate() {
            ours.write_all(&vec![b'x'; n + 1]).unwrap();
            let theirs = there[n].local_addr().unwrap();
            let unread = u32::try_from(n + 1).unwrap();
            assert_eq!(untaken(from, theirs), Some(Untaken { unread, unsent: 0 }));
        }
    }
}
