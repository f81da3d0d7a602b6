//! Finds a port that nobody uses, so that a program can be told to listen there.
//!
//! The system's own choice is not enough: std's listeners share a port with connections
//! that are over and only remembered, and with sockets on other addresses. A program that
//! knows nothing of that would not get it.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

/// An address of `host` with a port that nobody uses, on whatever address. Somebody may
/// snatch it away before the program has it.
pub(super) fn unused(host: &str) -> io::Result<SocketAddr> {
    let ip = format!("{host}:0").to_socket_addrs()?.next();
    let ip = ip.map_or(IpAddr::from([127, 0, 0, 1]), |addr| addr.ip());
    Ok(SocketAddr::new(ip, reserve(0)?))
}

/// Does anybody use this port?
pub(super) fn is_used(port: u16) -> bool {
    reserve(port).is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

/// Has the port for a moment, on all addresses of both families, and shares it with nobody.
/// Port 0 is one of the system's choice.
#[cfg(unix)]
fn reserve(port: u16) -> io::Result<u16> {
    use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{
        AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrIn6, bind, getsockname,
        socket,
    };

    let stream = |family| socket(family, SockType::Stream, SockFlag::empty(), None);
    match stream(AddressFamily::Inet6) {
        Ok(socket) => {
            let all = SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, port, 0, 0);
            bind(socket.as_raw_fd(), &SockaddrIn6::from(all))?;
            Ok(getsockname::<SockaddrIn6>(socket.as_raw_fd())?.port())
        }
        Err(_) => {
            let socket = stream(AddressFamily::Inet)?;
            let all = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port);
            bind(socket.as_raw_fd(), &SockaddrIn::from(all))?;
            Ok(getsockname::<SockaddrIn>(socket.as_raw_fd())?.port())
        }
    }
}

#[cfg(not(unix))]
fn reserve(port: u16) -> io::Result<u16> {
    let listener = std::net::TcpListener::bind(("0.0.0.0", port))?;
    Ok(listener.local_addr()?.port())
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
    fn a_port_that_is_used_on_another_address_is_used() {
        let elsewhere = TcpListener::bind("127.0.0.9:0").unwrap();
        assert!(is_used(elsewhere.local_addr().unwrap().port()));
        assert!(!is_used(unused("127.0.0.1").unwrap().port()));
    }
}
