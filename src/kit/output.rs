//! Standard output: what a program is for goes here, never what it says about itself.

use std::io::{self, Write};
use std::net::SocketAddr;

use crate::kit::error::{Error, Result};

/// Writes `bytes` to standard output, at once.
pub fn payload(bytes: &[u8]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(Error::output_closed)
}

/// A server's first line, whatever the flags. Scripts and tests read the port there.
pub fn listening_on(addr: SocketAddr) -> Result<()> {
    payload(format!("listening on {addr}\n").as_bytes())
}
