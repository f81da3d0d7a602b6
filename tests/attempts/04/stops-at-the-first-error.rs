//! fails refused: the first error leaves main by ?
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

fn main() -> std::io::Result<()> {
    for target in std::env::args().skip(1) {
        let addr = target.to_socket_addrs()?.next().unwrap();
        TcpStream::connect_timeout(&addr, Duration::from_secs(1))?;
        println!("{target} open");
    }
    Ok(())
}
