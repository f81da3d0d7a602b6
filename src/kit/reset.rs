//! A close that is a reset: the one thing about a connection that std cannot ask for.

use std::io;
use std::net::TcpStream;

/// From here on, closing this socket gives the connection up instead of ending it: with a
/// time to linger of zero, the kernel throws away what it has not sent and sends a reset.
#[cfg(unix)]
pub fn reset_on_close(stream: &TcpStream) -> io::Result<()> {
    use nix::sys::socket::{setsockopt, sockopt};
    let at_once = nix::libc::linger { l_onoff: 1, l_linger: 0 };
    Ok(setsockopt(stream, sockopt::Linger, &at_once)?)
}

/// Where nobody has shown us how: the close stays a close.
#[cfg(not(unix))]
pub fn reset_on_close(_stream: &TcpStream) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
