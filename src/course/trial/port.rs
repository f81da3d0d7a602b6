//! Finds a port that nobody uses, so that a program can be told to listen there.
//!
//! The system's own choice is not enough: std's listeners share a port with connections
//! that are over and only remembered, and with sockets on other addresses. A program that
//! knows nothing of that would not get it. And while the program is starting, the system
//! may give the same port to anybody who asks for any, and who then is taken for the
//! program. So we choose, where systems do not unless they are told to. And the port is
//! claimed: each number exists twice, for streams and for datagrams, and whoever has the
//! one is the only check that asks for the other.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs, UdpSocket};

use crate::proto::random::{Random, any_seed};

/// How many are tried before we give up.
const TRIES: usize = 100;

/// Systems give away ports from 32768 on, or from 49152 on.
const OURS: (usize, usize) = (16_384, 32_767);

/// The other socket of a number, for as long as the program runs.
#[derive(Debug)]
pub(super) enum Claim {
    ToStreams { _socket: UdpSocket },
    ToDatagrams { _socket: TcpListener },
}

/// An address of `host` with a port that nobody uses, on whatever address. Somebody who
/// knows no claims may snatch it away before the program has it.
pub(super) fn unused(host: &str) -> io::Result<(SocketAddr, Claim)> {
    let ip = format!("{host}:0").to_socket_addrs()?.next();
    let ip = ip.map_or(IpAddr::from([127, 0, 0, 1]), |addr| addr.ip());
    for port in candidates() {
        let claimed = UdpSocket::bind((Ipv4Addr::LOCALHOST, port));
        if let Some(socket) = unless_used(claimed)?
            && reserve(port).is_ok()
        {
            let claim = Claim::ToStreams { _socket: socket };
            return Ok((SocketAddr::new(ip, port), claim));
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

/// An address of this machine whose port has no socket for datagrams.
pub(super) fn without_datagrams() -> io::Result<(SocketAddr, Claim)> {
    for port in candidates() {
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if let Some(socket) = unless_used(TcpListener::bind(addr))?
            && UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
        {
            return Ok((addr, Claim::ToDatagrams { _socket: socket }));
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

/// Ports in any order, and not in the same order for two checks.
fn candidates() -> impl Iterator<Item = u16> {
    let mut random = Random::of(any_seed(), "port");
    let (first, last) = OURS;
    let port = move |_| u16::try_from(random.between(first, last)).ok();
    (0..TRIES).filter_map(port)
}

/// Somebody else may have it: then there is another one.
fn unless_used<S>(bound: io::Result<S>) -> io::Result<Option<S>> {
    match bound {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(None),
        bound => bound.map(Some),
    }
}

/// An address that is taken, and where nobody listens. A port that nobody has could become
/// the caller's own, and then it would talk to itself.
#[cfg(unix)]
pub(super) fn without_listener() -> io::Result<(SocketAddr, impl Sized)> {
    for _ in 0..TRIES {
        let claim = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addr = claim.local_addr()?;
        if let Ok(taken) = take(addr.port()) {
            return Ok((addr, (claim, taken)));
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

/// A client has a port, and nobody listens there.
#[cfg(not(unix))]
pub(super) fn without_listener() -> io::Result<(SocketAddr, impl Sized)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let client = std::net::TcpStream::connect(listener.local_addr()?)?;
    Ok((client.local_addr()?, (listener, client)))
}

/// Does anybody use this port?
pub(super) fn is_used(port: u16) -> bool {
    reserve(port).is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

/// Has the port for a moment.
fn reserve(port: u16) -> io::Result<()> {
    take(port).map(drop)
}

/// A socket that has a port, and does nothing with it.
#[cfg(unix)]
pub(super) type Taken = std::os::fd::OwnedFd;

/// Has the port on all addresses of both families, and shares it with nobody.
#[cfg(unix)]
fn take(port: u16) -> io::Result<Taken> {
    use std::net::{Ipv6Addr, SocketAddrV4, SocketAddrV6};
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{
        AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrIn6, bind, socket,
    };

    let stream = |family| socket(family, SockType::Stream, SockFlag::empty(), None);
    match stream(AddressFamily::Inet6) {
        Ok(socket) => {
            let all = SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, port, 0, 0);
            bind(socket.as_raw_fd(), &SockaddrIn6::from(all))?;
            Ok(socket)
        }
        Err(_) => {
            let socket = stream(AddressFamily::Inet)?;
            let all = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port);
            bind(socket.as_raw_fd(), &SockaddrIn::from(all))?;
            Ok(socket)
        }
    }
}

#[cfg(not(unix))]
pub(super) type Taken = TcpListener;

#[cfg(not(unix))]
fn take(port: u16) -> io::Result<Taken> {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_port_that_is_only_remembered_is_used() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let client = TcpStream::connect(addr).unwrap();
        let (server, _) = listener.accept().unwrap();
        drop(server); // Closes first, and so remembers.
        drop(client);
        drop(listener);

        assert!(is_used(addr.port()));
        assert!(TcpListener::bind(addr).is_ok(), "std shares it");
    }

    #[test]
    fn where_nobody_listens_nobody_can_begin_to() {
        let (addr, _taken) = without_listener().unwrap();
        let refused = TcpStream::connect(addr).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        assert!(TcpListener::bind(addr).is_err());
    }

    #[test]
    fn checks_that_run_side_by_side_get_different_ports() {
        let claimed: Vec<_> = (0..500).map(|_| unused("127.0.0.1").unwrap()).collect();
        let ports: std::collections::BTreeSet<_> =
            claimed.iter().map(|(addr, _)| addr.port()).collect();
        assert_eq!(ports.len(), claimed.len());
        assert!(ports.iter().all(|port| (16_384..32_768).contains(port)), "given away");
        assert!(claimed.iter().all(|(addr, _)| TcpListener::bind(addr).is_ok()));
    }

    #[test]
    fn a_port_that_is_used_on_another_address_is_used() {
        let elsewhere = TcpListener::bind("127.0.0.9:0").unwrap();
        assert!(is_used(elsewhere.local_addr().unwrap().port()));
        assert!(!is_used(unused("127.0.0.1").unwrap().0.port()));
    }
}
